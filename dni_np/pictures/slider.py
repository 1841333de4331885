"""A slider over results that are already there: moving it draws, and trains nothing.

Sliders need ipywidgets, which comes with `pip install jupyter`. Without it, and on a page that only
shows a notebook's saved outputs, the figure beside the slider says the same. `make notebooks` sets
DNI_NP_SLIDERS=0, so that what is saved is that sentence and no widget that nothing can move.
"""

import os


def slider(draw, values, name, start=None):
    """A slider that calls draw(value) for one of `values`, beginning with `start`.

    `draw` shows a figure (plt.show()) or returns one. Returns the widget, which a notebook shows as
    the last value of a cell; without ipywidgets it says so, and returns None.
    """
    values = list(values)
    try:
        if os.environ.get("DNI_NP_SLIDERS") == "0":
            raise ImportError("sliders are switched off")
        from ipywidgets import SelectionSlider, interactive
    except ImportError:
        print(f"No ipywidgets here, so no slider over {name}: the figure above has to do.")
        return None
    options = [(value if isinstance(value, str) else f"{value:g}", value) for value in values]
    chosen = SelectionSlider(
        options=options, value=values[0] if start is None else start, description=name
    )
    widget = interactive(lambda value: draw(value), value=chosen)
    widget.auto_display = True  # shows a figure that `draw` returns
    return widget
