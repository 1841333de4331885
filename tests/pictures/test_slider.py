"""A slider where ipywidgets is installed, one sentence where it is not."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from dni_np.pictures.slider import slider


def test_without_ipywidgets_it_says_so(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # importing it fails
    drawn = []
    assert slider(drawn.append, [1, 2], "beta") is None
    assert "no slider over beta" in capsys.readouterr().out and drawn == []


def test_it_can_be_switched_off_where_outputs_are_saved(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", ModuleType("ipywidgets"))
    monkeypatch.setenv("DNI_NP_SLIDERS", "0")
    assert slider(print, [1, 2], "beta") is None
    assert "no slider over beta" in capsys.readouterr().out


def test_it_asks_ipywidgets_for_a_slider_over_the_values(monkeypatch):
    fake = ModuleType("ipywidgets")
    fake.SelectionSlider = lambda **options: SimpleNamespace(**options)
    fake.interactive = lambda draw, value: SimpleNamespace(draw=draw, chosen=value)
    monkeypatch.setitem(sys.modules, "ipywidgets", fake)
    drawn = []
    widget = slider(drawn.append, (0.5, 1.0, "all"), "beta", start=1.0)
    assert widget.chosen.options == [("0.5", 0.5), ("1", 1.0), ("all", "all")]
    assert (widget.chosen.value, widget.chosen.description) == (1.0, "beta")
    assert slider(drawn.append, range(3), "T").chosen.value == 0
    widget.draw("all")
    assert drawn == ["all"]


def test_a_real_slider_draws_each_value_it_is_moved_to():
    pytest.importorskip(
        "ipywidgets", reason="ipywidgets is not installed: pip install -r tests/requirements.txt"
    )
    drawn = []
    widget = slider(drawn.append, (0.5, 1.0, 2.0), "beta")
    for value in (2.0, 1.0, 0.5):
        widget.children[0].value = value
    assert drawn[-3:] == [2.0, 1.0, 0.5]
