"""`python -m winit diagnose`: run a model once and say whether its initial weights let it train."""

from __future__ import annotations

import argparse
from typing import Any

from .building import add_target, grouped_pairs, imported_torch, running
from .targets import target

_DESCRIPTION = """\
Run a PyTorch model forward and backward once, and say whether its initial weights let it train: signals and gradients
that vanish or explode, dead and saturated units, equal neurons and layers, zeros, NaN, and scales that do not fit.
Nothing is trained and nothing is changed.

TARGET is a function without arguments that returns the initialized model, or a module class whose constructor needs no
arguments: `pkg.module:build`, imported from the current directory, or `path/train.py:build`. BATCH is a batch, or a
function without arguments that returns one: a tensor, a tuple of arguments, or a mapping of keyword arguments.
"""

_EPILOG = """\
exit status:
  0    the model was run
  1    there are findings of the severity of --fail-on, or worse ones
  64   usage error
  65   TARGET, BATCH or LOSS is not what it should be, or failed
  66   there is no such module, file or name

examples:
  python -m winit diagnose train:build --batch train:batch
  python -m winit diagnose train:build --batch train:batch --loss train:loss --fail-on warning
  python -m winit diagnose train:build --batch train:batch --save diagnosis.json
"""


def add(subcommands: Any) -> None:
    """Adds the subcommand."""
    parser = subcommands.add_parser(
        "diagnose",
        help="Run a PyTorch model once and say whether its initial weights let it train.",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_target(parser)
    parser.add_argument("--batch", metavar="BATCH", required=True, help="the batch, or a function that returns it")
    parser.add_argument(
        "--loss", metavar="LOSS", help="a function of output and batch (default: the loss of the output)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed of the pass (default: 0)")
    parser.add_argument(
        "--batch-axis", type=int, default=0, metavar="AXIS", help="the axis of the samples (default: 0)"
    )
    parser.add_argument(
        "--allow",
        metavar="CODE=NAMES",
        action="append",
        default=[],
        help="findings that are meant, such as identical-tensors='layers.*'; can be repeated",
    )
    parser.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        choices=("error", "warning", "information"),
        help="exit with 1 if there are findings of this severity or worse: error, warning, information",
    )
    parser.add_argument("--save", metavar="FILE", help="write the document, which `winit-registry report` draws")
    parser.add_argument("--json", action="store_true", help="print the document; what the build prints goes to stderr")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the diagnosis and prints it."""
    torch = imported_torch("a diagnosis")
    from ..torch import diagnose

    allow = grouped_pairs(arguments.allow, "--allow")
    with running(arguments.target, f"`{arguments.target}`", as_json=arguments.json):
        build = target(arguments.target)
        batch = target(arguments.batch)
        result = diagnose(
            build,
            batch() if callable(batch) and not isinstance(batch, torch.Tensor) else batch,
            None if arguments.loss is None else target(arguments.loss),
            seed=arguments.seed,
            batch_axis=arguments.batch_axis,
            allow=allow,
        )
    if arguments.save is not None:
        result.save(arguments.save, force=True)
    print(result.json() if arguments.json else result)
    return 1 if arguments.fail_on is not None and result.counted(arguments.fail_on) else 0
