"""make gpu-check: run the tests on a GPU, compare its training with NumPy's, and time both.

    python tests/gpu_check.py [arguments for pytest]

Exit status: 0 all is well, 1 something failed, 2 there is no GPU to check.

NumPy and CuPy start from the same weights and see the same minibatches, but they add up in
another order, so they differ in the last digit of float32 (1e-7), and training amplifies
that. TOLERANCE is ten times, or more, what two runs with NumPy come to differ by when their
first weights differ in the last digit (1e-5 in the losses, 1e-3 in the weights).

DNI is compared under SGD. Adam divides each gradient by its own size, and some of DNI's
are zero but for rounding (the target that comes back through a batchnorm sums to zero over
the batch, and that sum is the gradient of a bias): Adam takes full steps along that noise.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dni_np import backend  # noqa: E402
from dni_np.data.dataset import Dataset  # noqa: E402
from dni_np.errors import UserError  # noqa: E402
from dni_np.experiments.feedforward.build import build_loop  # noqa: E402
from dni_np.experiments.feedforward.recipes import Settings  # noqa: E402

RULES = {
    "backprop": {"rule": "backprop"},
    "dni": {"rule": "dni", "hidden": (256,)},
    "cdni": {"rule": "cdni", "sees": ("output", "label")},
}
SGD = {"optimizer": "sgd", "learning_rate": 0.1, "sg_learning_rate": 0.01}
COMPARED = {
    "backprop, Adam": RULES["backprop"],
    **{f"{name}, SGD": {**rule, **SGD} for name, rule in RULES.items()},
}
STEPS = 20
TOLERANCE = {"losses": 1e-3, "weights": 1e-2}  # relative, float32, after STEPS steps


def main(pytest_arguments):
    try:
        backend.use("cupy")
    except UserError as error:
        print(f"gpu-check: nothing was checked: {error}", file=sys.stderr)
        return 2
    print(describe(backend.current()), flush=True)
    tests_pass = run_tests(pytest_arguments)
    agree = print_differences("numpy", "cupy")
    print_times("numpy", "cupy")
    print("\ngpu-check: " + ("all is well" if tests_pass and agree else "FAILED, see above"))
    return 0 if tests_pass and agree else 1


def describe(cupy):
    """The GPU's name and the versions."""
    name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
    cuda = cupy.cuda.runtime.runtimeGetVersion()
    cuda = f"CUDA {cuda // 1000}.{cuda % 1000 // 10}"
    return f"{name}, CuPy {cupy.__version__}, {cuda}, NumPy {np.__version__}"


def run_tests(arguments):
    """The whole test suite with CuPy in a process of its own; True if it passes."""
    print("\nThe tests, on the GPU\n", flush=True)
    environment = {**os.environ, "DNI_NP_BACKEND": "cupy"}
    return (
        subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment
        ).returncode
        == 0
    )


def print_differences(one, other):
    """A table of the largest differences in each case; True if all are within TOLERANCE."""
    print(f"\n{one} and {other} from one seed: largest relative difference in {STEPS} steps\n")
    print(f"{'':16}{'losses':>10}{'weights':>10}")
    agree = True
    for case, settings in COMPARED.items():
        found = differences(settings, one, other)
        good = all(found[kind] <= TOLERANCE[kind] for kind in TOLERANCE)
        agree = agree and good
        print(
            f"{case:16}{found['losses']:10.1e}{found['weights']:10.1e}"
            + ("" if good else "   TOO LARGE"),
            flush=True,
        )
    print(f"{'tolerance':16}{TOLERANCE['losses']:10.0e}{TOLERANCE['weights']:10.0e}")
    return agree


def differences(settings, one, other):
    """Train on both backends; the largest relative difference of losses and of weight arrays."""
    (losses, weights), (other_losses, other_weights) = train(settings, one), train(settings, other)
    return {"losses": largest(losses, other_losses), "weights": largest(weights, other_weights)}


def train(settings, module):
    """STEPS steps from seed 0; {name of loss:

    (STEPS,)}, {name of weights, or optimizer state: array}.
    """
    with backend.using(module):
        loop = make_loop(settings, evaluate_every=1)
        loop.run()
        losses = {
            name: np.array(loop.history.column(name)[1])
            for name in loop.history.names()
            if "loss" in name
        }
        return losses, loop.rule.state()


def largest(arrays, others):
    """max over the arrays of ||a - b|| / ||a||; nan if any is."""
    return float(
        np.max(
            [
                np.linalg.norm(a - others[name]) / (np.linalg.norm(a) + 1e-30)
                for name, a in arrays.items()
            ]
        )
    )


def print_times(one, other):
    """A table of step times for each rule."""
    print("\nMilliseconds a step: batch 256, 784-256-256-10, medians\n")
    print(f"{'':16}{one:>10}{other:>10}{'ratio':>10}")
    for name, settings in RULES.items():
        a, b = step_time(settings, one), step_time(settings, other)
        print(f"{name:16}{a:10.3f}{b:10.3f}{a / b:10.1f}", flush=True)


def step_time(settings, module, rounds=15, steps=20):
    """Milliseconds a training step:

    the median over rounds; in each, the device is waited for once, at the end.
    """
    with backend.using(module):
        loop = make_loop(settings)
        times = []
        for _ in range(rounds + 1):
            start = time.perf_counter()
            for _ in range(steps):
                loop._one_step()
            backend.synchronize()
            times.append(1000 * (time.perf_counter() - start) / steps)
        return float(np.median(times[1:]))  # the first round compiles kernels and warms the caches


def make_loop(settings, **changes):
    """Ten noisy patterns of MNIST's size; the network of three layers, 256 units each."""
    rng = np.random.default_rng(0)
    patterns, labels = rng.integers(0, 256, (10, 784)), rng.integers(0, 10, 2048)
    images = np.clip(patterns[labels] + rng.normal(0, 100, (2048, 784)), 0, 255).astype(np.uint8)
    dataset = Dataset("noisy patterns", images, labels, images[:256], labels[:256], 10)
    return build_loop(
        Settings(layers=3, width=256, steps=STEPS, **settings, **changes), dataset, progress=False
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
