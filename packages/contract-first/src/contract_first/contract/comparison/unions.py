"""Unions of the sets of all nodes that can be reached in a graph."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from .effort import Effort

Node = TypeVar("Node")
BITS = 1000
"""Bits of a set that are joined in one step."""


class Unions(Generic[Node]):
    """The union, for each node of a graph, of its set and those of all nodes below it.

    A set is the bits of an integer.

    Args:
        set_of: returns the set of a node itself.
        below: returns the nodes right below one; edges may form circles.
    """

    def __init__(
        self, set_of: Callable[[Node], int], below: Callable[[Node], Iterable[Node]], effort: Effort
    ) -> None:
        self._set_of, self._below = set_of, below
        self._effort = effort
        self._unions: dict[Node, int] = {}

    def of(self, node: Node) -> int:
        """Return the union of a node; it is worked out once."""
        if node not in self._unions:
            self._search(node)
        return self._unions[node]

    def _search(self, first: Node) -> None:
        """Find the strongly connected nodes, which share a union, those below them first.

        By R. Tarjan, Depth-first search and linear graph algorithms, 1972: each edge is followed once.
        """
        opened, lowest = [first], {first: 0}
        path = [(first, 0, iter(self._below(first)))]
        while path:
            node, index, edges = path[-1]
            inner = next((edge for edge in edges if edge not in self._unions), None)
            if inner is not None and inner not in lowest:
                lowest[inner] = len(opened)
                path.append((inner, len(opened), iter(self._below(inner))))
                opened.append(inner)
            elif inner is not None:
                lowest[node] = min(lowest[node], lowest[inner])
            else:
                path.pop()
                if lowest[node] == index:
                    self._close(opened[index:])
                    del opened[index:]
                else:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])

    def _close(self, members: list[Node]) -> None:
        union = 0
        for member in members:
            union |= self._set_of(member)
            for inner in self._below(member):
                union |= self._unions.get(inner, 0)
                self._effort.spend(1 + union.bit_length() // BITS)
        self._unions.update(dict.fromkeys(members, union))
