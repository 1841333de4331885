"""Run a plan: one run after another, each in its own folder, then a table and figures.

Resuming a plan is running it again: finished runs load, the interrupted one continues,
the others start.
"""

from dataclasses import replace

from dni_np.errors import Diverged
from dni_np.experiments.folder import save_plan
from dni_np.experiments.grown_guesses import grown_note
from dni_np.experiments.load import load_note
from dni_np.experiments.memory import check_memory
from dni_np.experiments.ranks import command
from dni_np.experiments.registry import kind_of
from dni_np.experiments.report import report, save_run_figures
from dni_np.experiments.workers import save_events
from dni_np.training.files import remove_left_behind
from dni_np.training.one_at_a_time import alone_with


def check_plan(plan, data):
    """Build every kind of run once: a mistake in the last one should not show after hours."""
    check_size(plan, data)
    for settings in dict.fromkeys(replace(settings, seed=0) for settings in plan):
        build(settings, data)


def check_size(plan, data):
    """Each run fits into memory. Asked before the first: its memory is not at once free again."""
    for settings in plan:
        check_memory(settings, kind_of(settings).build.memory(settings, data))


def build(settings, data, *arguments, **options):
    """The Loop of a run; an array too large for NumPy to count is too large for the memory."""
    try:
        return kind_of(settings).build.build_loop(settings, data, *arguments, **options)
    except ValueError as error:
        if "array is too big" in str(error) or "Maximum allowed dimension" in str(error):
            raise MemoryError from None
        raise


def run_plan(folder, title, plan, data, progress=None, more=""):
    """Run all settings in `plan`; return True if none was interrupted. Prints a table at the end.

    `more`: what --resume was given beside the folder, to be given again when it was interrupted.
    A run that diverges among others is left behind, and counted in the table.
    """
    with alone_with(folder / "plan.json") as alone:
        if alone:
            remove_left_behind(folder)
        check_size(plan, data)
        try:
            return _run_plan(folder, title, plan, data, progress, more)
        finally:
            _put_back(folder, title, plan)


def _run_plan(folder, title, plan, data, progress, more):
    for note in (data and data.note, load_note()):
        if note:
            print(f"NOTE: {note}", flush=True)
    kind, results = kind_of(plan[0]), []
    for settings in plan:
        name = kind.report.label(settings, seed=True)
        run_folder = folder / name
        loop = None  # the last one's memory may be wanted
        loop = build(settings, data, run_folder, title=name, progress=progress)
        try:
            if (run_folder / "checkpoint.npz").exists():
                loop.resume()
            finished = run_to_end(loop, run_folder, settings, name)
        except Diverged as error:
            if len(plan) == 1:
                raise
            print(f"{name}: {error}", flush=True)
            results.append((settings, None))
            continue
        save_run_figures(kind, loop, run_folder, settings)
        if not finished:
            again = command(plan, f"python -m dni_np {settings.task} --resume {folder}{more}")
            print(f"stopped at step {loop.step}; continue with: {again}")
            return False
        results.append((settings, loop.history))
    name = loop.task.name
    del loop  # its network's memory may be wanted for the report
    report(kind, folder, title, results, data, name)
    return True


def run_to_end(loop, folder, settings, name):
    """Train; where the rule has workers, keep what they noted, and leave none behind."""
    try:
        finished = loop.run()
        if note := grown_note(loop.history, name):
            print(f"NOTE: {note}", flush=True)
        if events := loop.rule.events():
            save_events(events, loop, folder, settings, name)
        return finished
    finally:
        loop.rule.close()


def _put_back(folder, title, plan):
    """If the folder was deleted during the run, the run wrote into a new one: make it complete."""
    if not (folder / "plan.json").exists():
        save_plan(folder, title, plan)
        print(
            f"NOTE: {folder} was deleted during the run, "
            "and is there again with what was not finished then",
            flush=True,
        )
