"""Every class of the parts that people call is in a table of wrong arguments, or is named here.

The tables: test_arguments.py and test_boundaries.py of each part. A new class fails until it is in
one of them.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("nn", "dni", "rules", "analysis", "data")
TABLES = [
    *ROOT.glob("tests/**/test_boundaries.py"),
    *ROOT.glob("tests/**/test_arguments.py"),
    ROOT / "tests/data/test_dataset.py",
]

# Without a table of their own, and why.
LEFT_OUT = {
    "given what a class in a table has checked": """
        Carried Chain Composite CriticUnit DecoupledLossUnit FixedFeedback FullBPTT Idle Joined
        LastStepAlone Summed
        CarriedWithStep LabeledErrorIntoCore Layer LinearGuess LossUnit
        FastAdam FastSGD InBlocks OnAllCores Optimizer Pool2D Rule
        SigmoidBitGuess Windows CarriedSums
    """,
    "given neither arrays nor numbers": "AtRunStep Coins Cores RunClock WaitingUpdates",
    "tuples that are given out": "Layers Chunk Episode Guess Text View",
    "whose keys may be anything": "WaitingGuesses Values",
    "made by their names, in the table of rules": """
        Backprop NoBackprop BPLambda LambdaTargets LambdaUnlock LambdaSparse LateTargets CriticChain
        CompleteUnlock TrueTargets Kickback LocalLosses
        DirectFeedbackAlignment FeedbackAlignment SharedTrace UpdatePerSequence
    """,
}
NAMED = {name for names in LEFT_OUT.values() for name in names.split()}


def public_classes():
    for part in PARTS:
        for path in sorted((ROOT / "dni_np" / part).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield node.name


def used_names():
    for table in TABLES:
        yield from (
            node.id for node in ast.walk(ast.parse(table.read_text())) if isinstance(node, ast.Name)
        )


CLASSES, USED = sorted(set(public_classes())), set(used_names())


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_a_table(name):
    assert name in NAMED or name in USED, (
        "put it into a table of wrong arguments, or say here why not"
    )


def test_what_is_left_out_exists():
    assert NAMED - set(CLASSES) == set()
