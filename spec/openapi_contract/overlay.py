"""OpenAPI Overlay 1.0: changes to a document, each aimed by a JSONPath (RFC 9535)."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from jsonpath_rfc9535 import JSONPathError, find

from . import pointers
from .errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonpath_rfc9535 import JSONPathNode


def apply_overlay(document: dict[str, Any], overlay: Mapping[str, Any], source: str) -> None:
    """Change the document in place as an Overlay document says, action by action.

    Objects are merged member by member, arrays in them concatenated, anything else replaced. A target that
    selects nothing changes nothing, as the specification wants.

    Args:
        document: the OpenAPI document.
        overlay: the Overlay document.
        source: its file, for messages.

    Raises:
        ContractError: the overlay is not one, or an action cannot be applied; points at the action.
    """
    if not str(overlay.get("overlay")).startswith("1.0."):
        raise ContractError(
            source, "/overlay", "is not an OpenAPI Overlay 1.0 document; expected overlay: 1.0.x."
        )
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        raise ContractError(source, "/actions", "is missing or empty; expected a list of actions.")
    for index, action in enumerate(actions):
        try:
            _apply_action(document, action)
        except (ValueError, JSONPathError) as error:
            raise ContractError(source, pointers.join("/actions", index), f"{error}.") from None


def _apply_action(document: dict[str, Any], action: Any) -> None:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise ValueError("target is missing; expected a JSONPath")  # noqa: TRY004 -- the document is wrong, not the call
    nodes = {node.location: node for node in find(action["target"], document)}
    if action.get("remove", False) is True:
        _remove(list(nodes.values()))
    elif "update" in action:
        for node in nodes.values():
            _update(node, action["update"])
    else:
        raise ValueError("has neither update nor remove: true")


def _remove(nodes: list[JSONPathNode]) -> None:
    """Remove nodes from what holds them, the last items of an array first, so that no index moves."""
    for node in sorted(nodes, key=_index, reverse=True):
        if node.parent is None:
            raise ValueError("remove would leave no document")
        del node.parent.value[node.location[-1]]  # type: ignore[attr-defined]  # a parent holds its nodes


def _index(node: JSONPathNode) -> int:
    last = node.location[-1] if node.location else 0
    return last if isinstance(last, int) else 0


def _update(node: JSONPathNode, update: Any) -> None:
    target = node.value
    if isinstance(target, list):
        target.append(deepcopy(update))
    elif not isinstance(target, dict):
        raise ValueError(f"the target {node.path()} is neither an object nor an array")  # noqa: TRY004 -- the same
    elif not isinstance(update, dict):
        raise ValueError(f"update is not an object, as the target {node.path()} is")  # noqa: TRY004 -- the same
    else:
        _merge(target, update)


def _merge(target: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, value in update.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            present.extend(deepcopy(value))
        else:
            target[key] = deepcopy(value)
