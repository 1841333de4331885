"""The command line's grammar: which commands there are, and the options of each."""

import argparse

from dni_np.errors import UserError
from dni_np.experiments.feedforward import planning
from dni_np.experiments.kinds import CLOCKS, IMAGES, SEQUENCES
from dni_np.experiments.plans import flag
from dni_np.experiments.sequences import planning as sequence_planning
from dni_np.experiments.two_networks import planning as clock_planning

OVERVIEW = """Decoupled Neural Interfaces: networks whose layers do not wait for their gradients.

commands
  demo          two minutes: binary addition and MNIST, with and without backpropagation
  addition      binary addition, after trask's tutorial
  mnist         train a fully connected or convolutional network on MNIST (or any set in MNIST's format)
  cifar         the same on CIFAR-10 (or any set in its binary format)
  copy          train an LSTM to write down from memory what it read, longer and longer
  repeat-copy   the same, several times over
  characters    train an LSTM to predict a text's next character
  sample        write text with such a network
  two-clocks    two networks: one counts odd digits, the other, rarely asked, the threes
  compare       several rules, depths or lengths of chunks side by side: one table, one figure
  list          the rules and the named recipes

examples
  python -m dni_np demo
  python -m dni_np mnist --rule cdni --layers 6
  python -m dni_np compare --rules none backprop cdni --layers 3 4 5 6 --seed 0 1 2
  python -m dni_np mnist --rule bp-lambda --lambdas 0.5
  python -m dni_np compare --recipe mnist-fcn-quick --rules all
  python -m dni_np mnist --recipe mnist-cnn-quick
  python -m dni_np cifar --rule backprop --recipe cifar-fcn-quick
  python -m dni_np copy --rule dni --unroll 3 --recipe copy-quick
  python -m dni_np compare --recipe copy --rules bptt dni --unroll 2 3 4 5 --seed 0 1
  python -m dni_np characters --data shakespeare --unroll 5
  python -m dni_np sample runs/characters-characters --temperature 0.8
  python -m dni_np compare --recipe two-clocks-quick --unroll 2 3 4
  python -m dni_np mnist --help
"""

COMMANDS = (  # name, what it does, an example, its usual recipe, the kinds of experiments it takes
    ("addition", "binary addition, after trask's tutorial", "--rule cdni --bits 8", "addition", (IMAGES,)),
    ("mnist", "train an FCN or a CNN on MNIST", "--rule dni --cut-after 2 --layers 6", "mnist-fcn", (IMAGES,)),
    ("cifar", "train an FCN or a CNN on CIFAR-10", "--recipe cifar-cnn-quick --rule cdni", "cifar-fcn", (IMAGES,)),
    ("copy", "train an LSTM on Copy", "--rule dni --unroll 3", "copy", (SEQUENCES,)),
    ("repeat-copy", "train an LSTM on Repeat Copy", "--rule bptt --unroll 5", "repeat-copy", (SEQUENCES,)),
    ("characters", "train an LSTM on a text", "--data shakespeare --unroll 5", "characters", (SEQUENCES,)),
    (
        "two-clocks",
        "train two networks that run at different speeds",
        "--rule decoupled --unroll 3",
        "two-clocks",
        (CLOCKS,),
    ),
    (
        "compare",
        "several rules side by side",
        "--recipe copy --rules bptt dni --unroll 2 3",
        "mnist-fcn",
        (IMAGES, SEQUENCES, CLOCKS),
    ),
)
DEFAULT_RULES = {"images": "cdni", "sequences": "dni", "two clocks": "decoupled"}
BACKEND = {"choices": ("numpy", "cupy"), "help": "default: DNI_NP_BACKEND, else numpy"}


class Parser(argparse.ArgumentParser):
    """A mistake is one sentence here, too, without a page of usage before it."""

    def error(self, message):
        raise UserError(f"{message}; see {self.prog} --help")


def parser():
    top = Parser(
        prog="python -m dni_np", description=OVERVIEW, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.set_defaults(backend=None)
    commands = top.add_subparsers(dest="command", metavar="command")
    for name, about, example, recipe, kinds in COMMANDS:
        epilog = f"example: python -m dni_np {name} {example}"
        command = commands.add_parser(name, help=about, description=about, epilog=epilog)
        _add_experiment(command, recipe, kinds, several=name == "compare")
    _add_sample(commands)
    commands.add_parser("list", help="rules and recipes").set_defaults(backend=None)
    demo = commands.add_parser("demo", help="two minutes of everything")
    demo.add_argument("--backend", **BACKEND)
    return top


def _add_experiment(command, recipe, kinds, several):
    rules = list(dict.fromkeys(rule for kind in kinds for rule in kind.rules))
    if several:
        usual = f"default: {' '.join(IMAGES.usual_rules)}, or all of a task on sequences; all: every rule; see list"
        command.add_argument("--rules", nargs="+", choices=[*rules, "all"], metavar="RULE", help=usual)
    else:
        command.add_argument(
            "--rule", choices=rules, metavar="RULE", help=f"{', '.join(rules)}; default: {DEFAULT_RULES[kinds[0].name]}"
        )
    command.set_defaults(usual_recipe=recipe)
    command.add_argument("--recipe", metavar="NAME", help=f"named settings (default: {recipe}); see list")
    command.add_argument("--seed", type=int, nargs="+", metavar="N", help="one run for each (default: 0)")
    there = set()
    for kind, add in ((IMAGES, _add_images), (SEQUENCES, _add_sequences), (CLOCKS, _add_clocks)):
        if kind in kinds:
            add(command, there)
            there |= set(kind.options)
    command.add_argument("--backend", **BACKEND)
    command.add_argument("--out", metavar="FOLDER", help="where to write (default: a new folder in runs/)")
    command.add_argument("--resume", metavar="FOLDER", help="continue an interrupted run")
    command.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_images(command, there):
    runs = planning.RUNS
    command.add_argument("--layers", type=int, nargs="+", metavar="N", help=runs["layers"])
    command.add_argument("--single-dni", action="store_true", default=None, help=runs["single_dni"])
    _add_settings(command, planning.OVERRIDES, planning.LISTS, there)
    command.add_argument("--sees", nargs="+", action="append", metavar="SOURCE", help=runs["sees"])
    command.add_argument("--lambdas", type=float, nargs="+", action="append", metavar="LAMBDA", help=runs["lambdas"])
    for name in ("update_probability", "stale_decay"):
        command.add_argument(flag(name), type=float, nargs="+", metavar="P", help=runs[name])


def _add_sequences(command, there):
    command.add_argument("--unroll", type=int, nargs="+", metavar="T", help=sequence_planning.RUNS["unroll"])
    _add_settings(command, sequence_planning.OVERRIDES, sequence_planning.LISTS, there)
    for name, about in sequence_planning.SWITCHES.items():
        command.add_argument(flag(name), action=argparse.BooleanOptionalAction, help=about)


def _add_clocks(command, there):
    if "unroll" not in there:
        command.add_argument("--unroll", type=int, nargs="+", metavar="T", help=clock_planning.RUNS["unroll"])
    _add_settings(command, clock_planning.OVERRIDES, clock_planning.LISTS, there)


def _add_settings(command, overrides, lists, there):
    """`there`: the options that another kind has added already, of the same meaning."""
    for several, options in ((None, overrides), ("+", lists)):
        for name, (kind, about) in options.items():
            if name not in there:
                command.add_argument(flag(name), type=kind, nargs=several, help=about)


def _add_sample(commands):
    example = 'example: python -m dni_np sample runs/characters-characters --characters 500 --start "def "'
    about = "text from the best network of a characters run"
    command = commands.add_parser("sample", help=about, description=about, epilog=example)
    command.add_argument("folder", metavar="RUN_FOLDER", help="of a characters run, finished or not")
    command.add_argument("--characters", type=int, default=500, metavar="N", help="how many (default: 500)")
    command.add_argument("--temperature", type=float, default=1.0, help="below 1 safer, above 1 wilder (default: 1)")
    command.add_argument("--start", default="", metavar="TEXT", help="the text's beginning, in the network's alphabet")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of the drawing (default: 0)")
    command.add_argument("--backend", **BACKEND)
