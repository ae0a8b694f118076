"""`python -m winit audit`: build a model and report what its initialization left out."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import BadInput
from .building import add_target, grouped_pairs, imported_torch, running
from .targets import pair, target

_DESCRIPTION = """\
Build a PyTorch model and report every element of its parameters and buffers that its initialization never wrote, and
what else is wrong with the initial values: broken ties, layers that are equal, padding rows that were drawn, weights
that were loaded and drawn again, a standard deviation that is not that of the scheme. Nothing is written.

TARGET is a function without arguments that returns the initialized model, or a module class whose constructor needs no
arguments: `pkg.module:build`, imported from the current directory, or `path/train.py:build`.
"""

_EPILOG = """\
exit status:
  0    no findings
  1    findings
  64   usage error
  65   TARGET is not a build, or the build failed
  66   there is no such module, file or name

examples:
  python -m winit audit train:build_model
  python -m winit audit models/gpt.py:build --scheme '*.c_proj.weight=0.0058'
  python -m winit audit train:build_model --accept 'equal_tensors=decoder.class_embed.*' --json
"""


def add(subcommands: Any) -> None:
    """Adds the subcommand."""
    parser = subcommands.add_parser(
        "audit",
        help="Report what the initialization of a PyTorch model left out or did wrongly.",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON; what the build prints goes to standard error")
    parser.add_argument(
        "--builds",
        type=int,
        choices=(1, 2),
        help="1: never build a second time; 2: always, and compare every element (default: if a question is open)",
    )
    parser.add_argument(
        "--scheme",
        metavar="NAMES=STD",
        action="append",
        default=[],
        help="the standard deviation that tensors should have; NAMES may have `*`; can be repeated",
    )
    parser.add_argument(
        "--accept",
        metavar="KIND=NAMES",
        action="append",
        default=[],
        help="findings that are meant, such as padding_row='*.embed.weight'; can be repeated",
    )
    parser.add_argument("--no-scheme-checks", action="store_true", help="do not compare mean and standard deviation")
    parser.add_argument("--strict", action="store_true", help="exit with 1 also if something could not be checked")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the audit and prints it."""
    torch = imported_torch("the audit")
    from ..torch import audit

    scheme = {names: _number(word, std) for word in arguments.scheme for names, std in [pair(word, "--scheme")]}
    accept = grouped_pairs(arguments.accept, "--accept")
    with running(arguments.target, f"the build `{arguments.target}`", as_json=arguments.json):
        build = target(arguments.target)
        if isinstance(build, type) and not issubclass(build, torch.nn.Module):
            raise BadInput(f"`{arguments.target}` is the class {build.__name__}, which is not a torch.nn.Module")
        result = audit(
            build,
            scheme=scheme or None,
            accept=accept,
            scheme_checks=not arguments.no_scheme_checks,
            builds=arguments.builds,
        )
    print(result.to_json() if arguments.json else result)
    return 1 if result.findings or (arguments.strict and result.not_checked) else 0


def _number(word: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"--scheme needs a number after `=`, and got `{word}`") from None
