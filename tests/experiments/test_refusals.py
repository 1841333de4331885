"""An option that a run does not use, a contradiction, a useless repeat:

one sentence, status 2, no run.
"""

import pytest

from dni_np.experiments.cli import main

REFUSED = {
    # of another task or network
    "mnist --bits 3": "--bits is for addition",
    "mnist --examples 50": "--examples is for addition",
    "cifar --bits 3": "--bits is for addition",
    "addition --data cifar10": "--data is for images",
    "addition --data /no/such": "--data is for images",
    "addition --pooling max": "--pooling is for convolutional networks",
    "mnist --pooling max": "--pooling is for convolutional networks",
    "addition --layers 4": "--layers is for hidden layers of one width",
    "addition --width 9": "--width is for hidden layers of one width",
    "mnist --recipe mnist-cnn-liao --layers 4": "--layers is for hidden layers of one width",
    "copy --epochs 2": "--epochs is for characters",
    "copy --patience 2": "--patience is for characters",
    "repeat-copy --data shakespeare": "--data is for characters",
    "characters --samples 9": "--samples is for copy, repeat-copy",
    "two-clocks --data cifar10": "--data is cifar10: it must be digits",
    # of another kind of experiment
    "mnist --unroll 3": "mnist is an experiment on images: leave out --unroll",
    "copy --layers 3": "copy is an experiment on sequences: leave out --layers",
    "two-clocks --samples 9": "two-clocks is an experiment on two networks: leave out --samples",
    "mnist --scaled-target": "leave out --scaled-target",
    "copy --single-dni": "leave out --single-dni",
    "copy --decay-at 0.5": "leave out --decay-at",
    "characters --ticks 2 --factor 3": "leave out --factor, --ticks",
    # of another rule
    "mnist --rule backprop --hidden 64": "--hidden is for the rules dni, cdni",
    "mnist --rule backprop --sees label": "--sees is for the rules dni, cdni",
    "mnist --rule backprop --cut-after 1": "--cut-after is for the rules dni, cdni, none",
    "mnist --rule backprop --single-dni": "--single-dni is for the rules dni, cdni, none",
    "mnist --rule fa --single-dni": "--single-dni is for the rules dni, cdni, none",
    "mnist --rule none --sg-learning-rate 0.1": "--sg-learning-rate is for the rules dni",
    "mnist --rule none --targets true": "--targets is for the rules dni",
    "mnist --rule local --head synthetic": "--head is for the rules dni",
    "mnist --rule backprop --head-learning-rate 0.1": "--head-learning-rate is for the rules",
    "mnist --rule stale --hidden 8": "--hidden is for the rules dni",
    "mnist --rule critic --head synthetic": "--head is for the rules dni",
    "mnist --rule sparse --targets bootstrapped": "--targets is for the rules dni",
    "mnist --rule none --target-lambda 1": "--target-lambda is for the rules dni, cdni, sparse, un",
    "mnist --rule cdni --lambdas 0.5": "--lambdas is for the rule bp-lambda",
    "mnist --rule dni --update-probability 0.5": "--update-probability is for the rule sparse",
    "mnist --rule dni --stale-decay 0.5": "--stale-decay is for the rule stale",
    "mnist --rule cdni --target-period 3": "--target-period is for the rule target",
    "mnist --rule target --head synthetic": "--head is for the rules dni",
    "mnist --rule none --sg-optimizer rls": "--sg-optimizer is for the rules dni",
    "mnist --rule critic --sg-optimizer rls": "--sg-optimizer is for the rules dni",
    "mnist --ridge 0.1": "--ridge is for --sg-optimizer rls",
    "two-clocks --sg-beta 0.9": "--sg-beta is for --sg-optimizer rls",
    "copy --rule bptt --scale 1": "--scale is for the rules dni, dni-aux, cdni",
    "copy --rule bptt --error-into-core": "--error-into-core is for the rules dni",
    "copy --rule dni --look-ahead 3": "--look-ahead is for the rule cdni",
    "two-clocks --rule locked --factor 3": "--factor is for the rules decoupled, decoupled-label",
    "two-clocks --rule locked --hidden 3": "--hidden is for the rules decoupled",
    "compare --rules none backprop --hidden 3": "--hidden is for the rules dni",
    # contradictions
    "mnist --widths 9 9 --width 9": "--width is for hidden layers of one width",
    "mnist --widths 9 9 --layers 3": "--layers is for hidden layers of one width",
    "mnist --head synthetic --head-learning-rate 0.1": "--head-learning-rate is for a top layer",
    "mnist --cut-after 1 --single-dni": "--single-dni goes through all values of --cut-after",
    "mnist --sees output picture": "--sees is output picture: it must be one or more of",
    "mnist --recipe mnist-cnn --sees input": "--sees is input: it must be one or more of",
    "mnist --sg-optimizer rls --sg-learning-rate 0.1": "--sg-learning-rate is for guesses that",
    "mnist --sg-optimizer rls --hidden 9": "--hidden is 9: it must be 0 with --sg-optimizer rls",
    "two-clocks --sg-optimizer rls --hidden 9": "--hidden is 9: it must be 0 with",
    "mnist --guess dense": "--guess is for convolutional networks",
    "mnist --recipe mnist-cnn --guess linear": "--guess is linear: it must be conv or dense",
    "mnist --recipe mnist-cnn --guess dense --sees output picture": (
        "it must be one or more of output, normalized, label, input"
    ),
    "mnist --recipe mnist-cnn --rule critic --guess dense": "--guess is for the rules dni, cdni",
    "mnist --recipe mnist-cnn --sg-optimizer rls": "adam or sgd: rls fits no convolutions",
    "mnist --sg-optimizer rls --sg-beta 0": "--sg-beta is 0.0: it must be above 0 and at most 1",
    "mnist --sg-optimizer rls --ridge 0": "--ridge is 0.0: it must be positive",
    "mnist --hidden 0 64": "--hidden is 0 64: it must be sizes of at least 1",
    "mnist --cut-after 3": "--cut-after is 3: it must be layers from 1 to 2",
    "mnist --rule bp-lambda --lambdas 0.1 0.2 0.3": "--lambdas is 0.1 0.2 0.3: it must be",
    "mnist --target-lambda 1 0 1": "--target-lambda is 1.0 0.0 1.0: it must be numbers from 0",
    "mnist --target-lambda 1.1": "--target-lambda is 1.1: it must be numbers from 0",
    "mnist --targets true --target-lambda 1": "it must be left out with --targets true",
    "mnist --workers 2 --target-lambda 1": "--staleness is 0: it must be from 1 to 1000",
    "copy --scaled-target --no-scaled-target": "--scaled-target is given twice",
    "copy --samples 0": "--steps is 0: it must be at least 1 where --samples does not end the run",
    "compare --rules all dni": "all is every rule: leave out dni",
    "mnist --resume x --recipe mnist-fcn": "leave out --recipe",
    "mnist --resume x --rule dni": "leave out --rule",
    "mnist --resume x --out y": "leave out --out",
    "mnist --resume x --single-dni": "leave out --single-dni",
    "compare --resume x --rules dni none": "leave out --rules",
    "copy --resume x --no-scaled-target --seed 0": "leave out --scaled-target, --seed",
    # useless repeats
    "mnist --sees label label": "--sees is label label: it must be",
    "mnist --cut-after 2 2": "--cut-after is 2 2: it must be",
    "mnist --decay-at 0.5 0.5": "--decay-at is 0.5 0.5: it must be",
    "mnist --sees label --sees label": "asked for twice: cdni-label-3-seed0",
    "mnist --layers 3 3": "asked for twice: cdni-3-seed0",
    "mnist --seed 0 0": "asked for twice: cdni-3-seed0",
    "mnist --rule sparse --update-probability 0.5 0.5": "asked for twice: sparse-0.5-3-seed0",
    "compare --rules dni dni": "asked for twice: dni-3-seed0",
    "copy --unroll 2 2": "asked for twice: dni-T2-seed0",
    "mnist --width 8 --width 9": "--width is given twice",
    "mnist --layers 3 --layers 4": "--layers is given twice",
    "sample run --seed 1 --seed 2": "--seed is given twice",
    "mnist --rule dni --rule cdni": "--rule is given twice",
    "mnist --recipe mnist-fcn --recipe mnist-cnn": "--recipe is given twice",
    # what no command knows, and no value at all
    "mnist --lyers 3": "unrecognized arguments: --lyers 3",
    "mnist --lay 3": "unrecognized arguments: --lay 3",
    "mnist 3": "unrecognized arguments: 3",
    "mnist --layers": "expected at least one argument",
    "mnist --layers 3.5": "--layers is 3.5: it must be a whole number",
    "mnist --hidden many": "--hidden is many: it must be whole numbers",
    "mnist --learning-rate fast": "--learning-rate is fast: it must be a finite number",
    "mnist --learning-rate inf": "--learning-rate is inf: it must be a finite number",
    "mnist --steps 1000000000000000": "--steps is 1000000000000000: it must be",
    "mnist --rule best": "for mnist there is no rule best: choose among backprop",
    "nonsense": "invalid choice: 'nonsense'",
    "list --backend numpy": "unrecognized arguments: --backend numpy",
    "mnist --backend abacus": "unknown backend 'abacus'",
}


@pytest.mark.parametrize("command", REFUSED)
def test_refused(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 2
    out, err = capsys.readouterr()
    assert err.startswith("dni_np: ") and err.count("\n") == 1
    assert REFUSED[command] in err
    assert out == "" and list(tmp_path.iterdir()) == []


def test_empty_values_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("--data", "--out", "--resume", "--rule", "--recipe", "--optimizer", "--backend"):
        assert main(["mnist", name, ""]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"dni_np: {name} is empty") and err.count("\n") == 1
