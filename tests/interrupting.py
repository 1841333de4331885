"""Stop a run as Ctrl-C would."""

import signal


def interrupt_after(loop, step, monkeypatch):
    """Run `loop` until it is interrupted in its step number `step`."""
    one_step = loop._one_step

    def step_then_interrupt():
        one_step()
        if loop.step == step:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(loop, "_one_step", step_then_interrupt)
    assert not loop.run()
    assert loop.step == step
