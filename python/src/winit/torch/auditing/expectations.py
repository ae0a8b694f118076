"""What the tensors of a model should be: laws and standard deviations, by patterns of names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import BadInput
from ...globs import matches
from ...quoting import quoted
from ...recipes import Literal
from ...specs import Spec
from .moments import Moments, moments


@dataclass(frozen=True)
class Expectation:
    """What tensors should be.

    Attributes:
        pattern: A pattern of names, in which `*` stands for any characters; or one name.
        is_name: Whether it is one name.
        source: Where it is said, for people.
        moments: The moments; None if the law has none that are known.
        law: The name of the law, or "" if only the standard deviation is given.
        tied_to: The name of the tensor that a law `same_as` ties it to, or None.
        literal: The elements that a law `literal` gives it, or None.
        library: The library that promises it of tensors that its own code draws; "" if the user says it.
    """

    pattern: str
    is_name: bool
    source: str
    moments: Moments | None
    law: str = ""
    tied_to: str | None = None
    literal: Literal | None = None
    library: str = ""

    def fits(self, name: str) -> bool:
        """Tells whether it is about a tensor."""
        return name == self.pattern if self.is_name else matches(self.pattern, name)


def expectations(scheme: Any) -> Sequence[Expectation]:
    """Reads the option `scheme`.

    Args:
        scheme: A mapping from patterns of names to standard deviations or laws, a `winit.Spec`, a `winit.Recipe`; None.

    Raises:
        BadInput: If it is none of these.
    """
    if scheme is None:
        return ()
    if isinstance(scheme, Spec):
        return [_of_law(entry.name, True, entry.law, "the spec", entry.literals) for entry in scheme.tensors]
    if not isinstance(scheme, Mapping):
        raise BadInput("scheme must be a mapping from names to standard deviations or laws, a Spec or a Recipe")
    found = list[Expectation]()
    for pattern, value in scheme.items():
        law = getattr(value, "law", value)
        if isinstance(law, Mapping):
            given = law is value
            source = "the scheme" if given else "the recipe"
            found.append(_of_law(pattern, not given, law, source, getattr(value, "literals", ())))
        elif isinstance(value, int | float) and math.isfinite(value) and value >= 0:
            found.append(Expectation(pattern, False, "the scheme", Moments(0.0, float(value))))
        else:
            raise BadInput(f"scheme: {quoted(pattern)} needs a standard deviation ≥ 0 or a law (docs/manifest.md)")
    return found


def _of_law(
    pattern: str, is_name: bool, law: Mapping[str, Any], source: str, literals: Sequence[Literal]
) -> Expectation:
    try:
        name = str(law["law"])
        tied_to = str(law["name"]) if name == "same_as" else None
        literal = literals[0] if name == "literal" and len(literals) == 1 else None
        return Expectation(pattern, is_name, source, moments(law), name, tied_to, literal)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"scheme: the law of {quoted(pattern)} is not one of docs/manifest.md: {error!r}") from None
