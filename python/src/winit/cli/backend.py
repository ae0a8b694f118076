"""`python -m winit backend`: which engine makes elements."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..errors import Unavailable


def add(subcommands: Any) -> None:
    """Adds the subcommand."""
    parser = subcommands.add_parser(
        "backend",
        help="Print which engine makes elements: native or numpy.",
        description="Print which engine makes elements: native (the C kernels) or numpy. $WINIT_BACKEND forces one. "
        "With --cuda, also print what fills tensors of PyTorch on the GPU: triton, torch or cpu, and why it is not "
        "triton. $WINIT_CUDA_BACKEND forces one.",
    )
    parser.add_argument("--cuda", action="store_true", help="also print what fills CUDA tensors; needs PyTorch")
    parser.add_argument("--json", action="store_true", help="print JSON: backend, version; cuda_backend, cuda_reason")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the name of the engine."""
    import winit

    found = {"backend": winit.backend(), "version": winit.__version__}
    lines = [found["backend"]]
    if arguments.cuda:
        cuda, reason = _cuda()
        found |= {"cuda_backend": cuda} if reason is None else {"cuda_backend": cuda, "cuda_reason": reason}
        lines.append(f"CUDA: {cuda}" + (f" ({reason})" if reason else ""))
    print(json.dumps(found) if arguments.json else "\n".join(lines))
    return 0


def _cuda() -> tuple[str, str | None]:
    try:
        from ..torch.gpu import backend_and_reason
    except ImportError as error:
        raise Unavailable(f"--cuda needs PyTorch: {error}") from error
    return backend_and_reason()
