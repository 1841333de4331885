"""DNI: how each layer learns from a guess, and each guess from the next one (figure 9)."""

from dni_np.pictures.scene import Scene, Step
from dni_np.pictures.scenes.layers import layers

FEEDFORWARD = Scene(
    "Each layer learns from a guess, and guess 1 from guess 2, through layer 2",
    r"$\hat g_i\ \approx\ \partial L/\partial h_i\qquad d_1 = \hat g_2\ \partial h_2/\partial h_1$",
    (13.2, 5.9),
    *layers(1.2),
    (
        Step("Layer 1 goes forward", "$h_1 = f_1(x)$", {"layer 1": "forward"}, ("x", "h1")),
        Step(
            "A model guesses the gradient that the loss will send",
            r"$\hat g_1 = M_1(h_1)\ \approx\ \partial L/\partial h_1$",
            {"guess 1": "guess"},
            ("read1", "g1"),
        ),
        Step(
            "Layer 1 is updated with the guess, at once",
            r"$\theta_1 \leftarrow \theta_1 - \alpha\ \hat g_1\ \partial h_1/\partial\theta_1$",
            {"layer 1": "update"},
            ("g1",),
        ),
        Step(
            "Layer 2 goes forward, and its gradient is guessed, too",
            r"$h_2 = f_2(h_1)\qquad \hat g_2 = M_2(h_2)$",
            {"layer 2": "forward", "guess 2": "guess"},
            ("h1", "h2", "read2", "g2"),
        ),
        Step(
            "Layer 2 is updated, and guess 2 goes back through layer 2",
            r"$d_1 = \hat g_2\ \partial h_2/\partial h_1$",
            {"layer 2": "update"},
            ("g2", "through2"),
        ),
        Step(
            "What comes out is the target: guess 1 is corrected by guess 2",
            r"$\phi_1 \leftarrow \phi_1 - \beta\ \frac{\partial}{\partial\phi_1}"
            r"\frac{1}{2}\|\hat g_1 - d_1\|^2$",
            {"guess 1": "correct"},
            ("g2", "through2", "d1"),
        ),
        Step(
            "Only the last layer receives the true gradient of the loss",
            r"$p = f_3(h_2)\qquad "
            r"\theta_3 \leftarrow \theta_3 - \alpha\ \partial L/\partial\theta_3$",
            {"layer 3": "update", "loss": "forward"},
            ("h2", "p", "true"),
        ),
        Step(
            "The true gradient, through layer 3, is the target of guess 2",
            r"$d_2 = \partial L/\partial p\ \ \partial p/\partial h_2$",
            {"guess 2": "correct"},
            ("true", "through3", "d2"),
        ),
    ),
)
