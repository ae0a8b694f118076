"""Rules for tensors that are initialized alike, so that a person can review a spec of many layers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..globs import matches
from .yaml_text import flow

_NUMBER = re.compile(r"(?<![^./])[0-9]+(?![^./])")
_SPECIAL = re.compile(r"[*?{}]")


@dataclass(frozen=True)
class Rule:
    """A rule: the init, and the `layout` or `fans`, of the tensors whose names match.

    Attributes:
        pattern: The pattern of names.
        members: The members of the rule without `match`.
        first: The name of the first tensor of the rule.
    """

    pattern: str
    members: Mapping[str, Any]
    first: str


def grouped(members: Mapping[str, Mapping[str, Any]]) -> tuple[list[Rule], dict[str, Mapping[str, Any]]]:
    """Groups tensors whose names differ in numbers only, as those of layers do.

    Args:
        members: For each tensor `init` and, where it has them, `layout` and `fans`.

    Returns:
        The rules, in order, of which the first that matches applies; and the members of the tensors that no rule gives
        what they need.

    Example:
        >>> rules, alone = grouped({"h.0.b": {"init": "zeros"}, "h.1.b": {"init": "zeros"}, "w": {"init": "ones"}})
        >>> [rule.pattern for rule in rules], list(alone)
        (['h.*.b'], ['w'])
    """
    groups = dict[tuple[str, str], list[str]]()
    for name, each in members.items():
        if not _SPECIAL.search(name):
            pattern = _NUMBER.sub("*", name)
            if pattern != name and len(pattern) <= 1000:
                groups.setdefault((pattern, flow(dict(each))), []).append(name)
    best = dict[str, list[str]]()
    for (pattern, _), names in groups.items():
        if len(names) > len(best.get(pattern, ())):
            best[pattern] = names
    rules = [Rule(pattern, members[names[0]], names[0]) for pattern, names in best.items() if len(names) > 1]
    alone = dict[str, Mapping[str, Any]]()
    for name, each in members.items():
        rule = first_match(rules, name)
        if rule is None or flow(dict(rule.members)) != flow(dict(each)):
            alone[name] = _apart(each, rule)
    return rules, alone


def first_match(rules: Sequence[Rule], name: str) -> Rule | None:
    """Returns the rule that applies to a name, or None."""
    return next((rule for rule in rules if matches(rule.pattern, name)), None)


def _apart(members: Mapping[str, Any], rule: Rule | None) -> Mapping[str, Any]:
    """Returns the members of a tensor with an init of its own, which takes nothing else from a rule that matches."""
    if rule is None or not {"layout", "fans"} & rule.members.keys() or {"layout", "fans"} & members.keys():
        return members
    return {**members, "layout": "torch"}
