"""Applies OpenAPI Overlay 1.0 to 1.2 documents, whose targets are JSONPaths (RFC 9535)."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar

from iregexp_check import check

from contract_first.contract.document import pointers
from contract_first.contract.document.errors import ContractError
from contract_first.contract.document.parsing import containers_of
from contract_first.imports import deferred

with deferred("regex"):  # half of the time that the import takes, for what `_Expression` replaces
    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathNode
    from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
    from jsonpath_rfc9535.parse import Parser
    from jsonpath_rfc9535.query import JSONPathQuery
    from jsonpath_rfc9535.selectors import JSONPathSelector

from jsonpath_rfc9535.segments import JSONPathSegment
from jsonpath_rfc9535.tokens import TokenStream

VERSION = re.compile(r"1\.[012]\..*")
REUSABLE = "#/components/actions/"
MOST_CHANGES = 500_000
"""Objects, arrays and primitive values that the actions of an overlay insert."""

MOST_STEPS = 2_000_000
"""Values that the JSONPaths of an overlay look at; six times all of GitHub's document."""
LONGEST_STEP = 100
"""Characters that an expression reads in the time a value takes."""
DOT = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(\.)", re.DOTALL)
"""A dot, outside of escapes and character classes."""


class _Steps(JSONPathSelector):
    """Selects nothing, and counts the values that the selectors beside it look at."""

    def __init__(self, search: "_Search", segment: JSONPathSegment) -> None:
        super().__init__(env=search, token=segment.token)
        self._search = search
        self._times = len(segment.selectors)

    def __str__(self) -> str:
        return ""

    def resolve(self, node: JSONPathNode) -> Iterable[JSONPathNode]:
        """Count a node and its children; ValueError if that is too much."""
        children = len(node.value) if isinstance(node.value, dict | list) else 0
        self._search.count(self._times * (1 + children))
        return ()


class _Expression(FilterFunction):
    """The functions ``match`` and ``search``, by an engine that does not backtrack.

    Args:
        search: counts what they look at.
        whole: how an expression is written that has to match all of a text, or a part of it.
    """

    arg_types: ClassVar[list[ExpressionType]] = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, search: "_Search", whole: str) -> None:
        self._search = search
        self._whole = whole

    def __call__(self, text: Any, expression: Any) -> bool:
        """Tell whether an expression of RFC 9485 matches part of a text; an invalid one matches nothing."""
        if not isinstance(text, str) or not isinstance(expression, str):
            return False
        self._search.count((len(text) + len(expression)) // LONGEST_STEP)
        return check(expression) and _matcher(self._whole.format(DOT.sub(_spelled, expression)))(text)


def _spelled(match: re.Match[str]) -> str:
    """Return a dot as RFC 9485 defines it: any character but the ends of lines."""
    return r"[^\n\r]" if match[1] else match[0]


@lru_cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    from contract_first.contract.document.patterns import ecma_matcher  # noqa: PLC0415 -- slow to import, and help needs none

    try:
        return ecma_matcher(pattern)
    except ValueError:
        return lambda _: False


class _Parser(Parser):
    """Has each segment counted that may select more than one node, in filters too."""

    env: "_Search"

    def parse_query(self, stream: TokenStream, *, in_filter: bool = False) -> Iterator[JSONPathSegment]:
        for segment in super().parse_query(stream, in_filter=in_filter):
            if not JSONPathQuery(env=self.env, segments=(segment,)).singular_query():
                segment.selectors = (_Steps(self.env, segment), *segment.selectors)
            yield segment


class _Search(JSONPathEnvironment):
    """Finds nodes by JSONPaths, in a bounded number of steps altogether."""

    parser_class = _Parser

    def __init__(self) -> None:
        super().__init__()
        self.left = MOST_STEPS

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Expression(self, "^(?:{})$")
        self.function_extensions["search"] = _Expression(self, "{}")

    def count(self, steps: int) -> None:
        """Count values that are looked at; ValueError if they are too many."""
        self.left -= steps
        if self.left < 0:
            raise ValueError(f"the JSONPaths of the actions look at more than {MOST_STEPS} values")


def apply_overlay(document: dict[str, Any], overlay: Mapping[str, Any], source: str) -> list[str]:
    """Change the document in place as an Overlay document says, action by action.

    Objects are merged member by member, arrays in them concatenated, anything else replaced. A target that
    selects nothing changes nothing, as the specification wants. From 1.1 on, an action may copy a part of the
    document, replace primitive values and concatenate arrays, and what is merged must be of one kind. From
    1.2 on, it may refer to one of the overlay's reusable actions.

    Returns:
        A sentence for each action whose target selects nothing.

    Raises:
        ContractError: the overlay is not one, or an action cannot be applied; points at the action.
    """
    version = str(overlay.get("overlay"))
    if not VERSION.match(version):
        raise ContractError(
            source, "/overlay", "is not an OpenAPI Overlay document; expected overlay: 1.0.x, 1.1.x or 1.2.x."
        )
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        raise ContractError(source, "/actions", "is missing or empty; expected a list of actions.")
    left, search, unmatched = MOST_CHANGES, _Search(), []
    for index, action in enumerate(actions):
        try:
            changes = _apply_action(
                document, _resolved(action, overlay), search, left, is_10=version.startswith("1.0.")
            )
        except (ValueError, JSONPathError) as error:
            raise ContractError(source, pointers.join("/actions", index), f"{error}.") from None
        left -= changes
        if not changes:
            unmatched.append(f"{source}#{pointers.join('/actions', index)}: the target matches nothing.")
    return unmatched


def _resolved(action: Any, overlay: Mapping[str, Any]) -> Any:
    """Return an action with the fields of the reusable one it refers to; its own come first (Overlay 1.2)."""
    if not isinstance(action, dict) or "$ref" not in action:
        return action
    reference = action["$ref"]
    if not isinstance(reference, str) or not reference.startswith(REUSABLE):
        raise ValueError(f"$ref is {reference!r}; expected {REUSABLE}NAME")
    try:
        reusable = pointers.lookup(overlay, pointers.from_fragment(reference.removeprefix("#")))
        fields = pointers.descend(reusable, ["fields"])
    except KeyError as missing:
        raise ValueError(f"$ref {reference} leads to no reusable action: there is no {missing}") from None
    return {**fields, **action} if isinstance(fields, dict) else action


def _apply_action(document: dict[str, Any], action: Any, search: _Search, left: int, *, is_10: bool) -> int:
    """Apply an action, and return how many changes it makes; ValueError if more than are left."""
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise ValueError("target is missing; expected a JSONPath")  # noqa: TRY004 -- the document is wrong, not the call
    targets = list(islice(search.finditer(action["target"], document), left + 1))
    value = action.get("update")
    if "update" not in action and "copy" in action and not is_10:
        value = _copied(document, action["copy"], search)
    changes = len(targets) * (1 + containers_of(value))
    if changes > left:
        raise ValueError(f"the actions make more than {MOST_CHANGES} changes")
    nodes = {node.location: node for node in targets}
    if action.get("remove", False) is True:
        _remove(list(nodes.values()))
    elif "update" in action or ("copy" in action and not is_10):
        _update_all(nodes.values(), value, is_10=is_10)
    else:
        raise ValueError(f"has neither update {'' if is_10 else 'nor copy '}nor remove: true")
    return changes


def _copied(document: dict[str, Any], source: str, search: _Search) -> Any:
    """Return a copy of the one node that a JSONPath selects."""
    sources = search.find(source, document)
    if len(sources) != 1:
        raise ValueError(f"copy selects {len(sources)} nodes; expected one")
    return deepcopy(sources[0].value)


def _update_all(nodes: Collection[JSONPathNode], value: Any, *, is_10: bool) -> None:
    if not is_10 and len({_kind(node.value) for node in nodes}) > 1:
        raise ValueError(
            "target selects nodes of several kinds; expected objects, arrays or primitive values"
        )
    for node in nodes:
        _update(node, value, is_10=is_10)


def _kind(value: Any) -> str:
    return "an object" if isinstance(value, dict) else "an array" if isinstance(value, list) else "primitive"


def _remove(nodes: list[JSONPathNode]) -> None:
    """Remove nodes from their parents, the last items of an array first, so that no index changes."""
    for node in sorted(nodes, key=_index, reverse=True):
        if node.parent is None:
            raise ValueError("remove would leave no document")
        del node.parent.value[node.location[-1]]  # type: ignore[attr-defined]  # a parent holds its nodes


def _index(node: JSONPathNode) -> int:
    last = node.location[-1] if node.location else 0
    return last if isinstance(last, int) else 0


def _update(node: JSONPathNode, update: Any, *, is_10: bool) -> None:
    target = node.value
    if isinstance(target, list):
        target += deepcopy(update if isinstance(update, list) and not is_10 else [update])
    elif isinstance(target, dict):
        if not isinstance(update, dict):
            raise ValueError(f"update is not an object, as the target {node.path()} is")  # noqa: TRY004 -- the same
        _merge(target, update, is_10=is_10)
    elif is_10:
        raise ValueError(f"the target {node.path()} is neither an object nor an array")
    elif _kind(update) != "primitive" or node.parent is None:
        raise ValueError(f"update is {_kind(update)}, and the target {node.path()} is primitive")
    else:
        node.parent.value[node.location[-1]] = update  # type: ignore[index]  # a parent holds its nodes


def _merge(target: dict[str, Any], update: Mapping[str, Any], *, is_10: bool) -> None:
    for key, value in update.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value, is_10=is_10)
        elif isinstance(present, list) and isinstance(value, list):
            present.extend(deepcopy(value))
        elif key in target and _kind(present) != _kind(value) and not is_10:
            raise ValueError(f"{key!r} is {_kind(present)}, and {_kind(value)} in the update")
        else:
            target[key] = deepcopy(value)
