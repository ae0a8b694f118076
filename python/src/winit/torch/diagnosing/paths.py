"""The main path of a model: the layers that every path from the input to the output leads through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .calls import Call


class Graph:
    """The graph of autograd behind an output."""

    def __init__(self, root: Any) -> None:
        """Reads the graph from the node of an output."""
        self.order = _topological(root)
        self._places = {node: place for place, node in enumerate(self.order)}
        self._next = [[self._places[each] for each in _next(node)] for node in self.order]

    def place(self, node: Any) -> int | None:
        """Returns the place of a node in topological order, from the output, or None if it is not in the graph."""
        return None if node is None else self._places.get(node)

    def passed_by_all(self, target: int) -> set[int]:
        """Returns the places that every path from the output to a place leads through.

        They are those that no edge of such a path spans, in topological order.
        """
        reaches = [False] * len(self.order)
        reaches[target] = True
        for place in range(target - 1, -1, -1):
            reaches[place] = any(reaches[each] for each in self._next[place] if each <= target)
        arriving = [0] * len(self.order)
        for place in range(target + 1):
            if reaches[place]:
                for each in self._next[place]:
                    arriving[each] += reaches[each]
        open_edges, found = 0, set[int]()
        for place in range(target + 1):
            if not reaches[place]:
                continue
            open_edges -= arriving[place]
            if open_edges == 0:
                found.add(place)
            open_edges += sum(reaches[each] for each in self._next[place]) if place != target else 0
        return found

    def sources(self, nodes: Sequence[Any]) -> set[Any]:
        """Returns those of some nodes from which no other of them is reached: their gradients need all the others."""
        wanted = {self._places[node] for node in nodes if node in self._places}
        behind = [False] * len(self.order)  # whether one of the nodes is reached behind the place
        for place in range(len(self.order) - 1, -1, -1):
            behind[place] = any(behind[each] or each in wanted for each in self._next[place])
        return {self.order[place] for place in wanted if not behind[place]}


def main_path(graph: Graph, calls: Sequence[Call], input_node: Any) -> set[Call]:
    """Returns the calls that every path from the input to the output leads through.

    Tokens have no node: then the paths start at the first layer that depends on the input. Where no path is seen, all
    calls are on it.
    """
    starts = [input_node, *(edge.node for call in calls if call.forward.signal > 0 for edge in call.edges)]
    target = next((place for node in starts if (place := graph.place(node)) is not None), None)
    if target is None:
        return set(calls)
    passed = graph.passed_by_all(target)
    return {call for call in calls if any(graph.place(edge.node) in passed for edge in call.edges)}


def _topological(root: Any) -> list[Any]:
    """Returns the nodes behind a node, each before those that it leads to."""
    done, finished = set[Any](), list[Any]()
    stack: list[tuple[Any, Any]] = [(root, iter(_next(root)))]
    done.add(root)
    while stack:
        node, following = stack[-1]
        for each in following:
            if each not in done:
                done.add(each)
                stack.append((each, iter(_next(each))))
                break
        else:
            finished.append(node)
            stack.pop()
    return finished[::-1]


def _next(node: Any) -> list[Any]:
    return [each for each, _ in node.next_functions if each is not None]
