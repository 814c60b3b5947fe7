"""Follows the contract's links, from what a caller creates to all that belongs to it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from scanner_contract import pointers

from .samples import SAFE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx
    from schemathesis import Case

    from scanner_contract import Operation
    from scanner_mocks.conformance.target import Target

    from .samples import Samples

FORM: Final = ("upload_url", "upload_fields")
"""What an answer has that hands out a presigned upload."""
BODY: Final = "$response.body#"
PATH: Final = "$request.path."


@dataclass(frozen=True)
class Step:
    """A request that a link leads to.

    Attributes:
        operation: what it calls.
        path: the values for its path.
        body: what its body gets; empty if nothing.
        ids: all of the values that an answer gave.
    """

    operation: Operation
    path: Mapping[str, Any]
    body: Mapping[str, Any]
    ids: frozenset[str]

    def case(self, samples: Samples, changed: Mapping[str, str] | None = None) -> Case[Any]:
        """Return the request; ids that are changed are sent as what they are changed to."""
        path = {name: _changed(value, changed or {}) for name, value in self.path.items()}
        case = samples.draw(self.operation, **path)
        if self.body:
            drawn = case.body if isinstance(case.body, dict) else {}
            case.body = {**drawn, **_changed(self.body, changed or {})}
        return case


def steps(target: Target, samples: Samples) -> list[Step]:
    """Return a step for each operation that links lead to, made of what the caller has just been given.

    Makes the requests that are needed for it, as the target's caller: creates what can be created, and puts
    a photo into each presigned upload.
    """
    operations = target.contract.operations
    by_id = {operation.operation_id: operation for operation in operations}
    roots = sorted(operations, key=lambda operation: operation.method in SAFE)
    waiting = deque(Step(each, {}, {}, frozenset()) for each in roots if "{" not in each.path)
    reached: dict[str, Step] = {}
    while waiting:
        step = waiting.popleft()
        for linked in _linked(target, samples, step, by_id):
            if linked.operation.operation_id not in reached:
                reached[linked.operation.operation_id] = linked
                waiting.append(linked)
    return list(reached.values())


def photo() -> bytes:
    """Return a real photo, a small JPEG."""
    return files(__package__).joinpath("photo.jpg").read_bytes()


def post_form(
    client: httpx.Client, form: Mapping[str, Any], fields: Mapping[str, Any], content: bytes
) -> httpx.Response:
    """Post a presigned upload as a browser does: the fields first, the file last."""
    return client.post(form["upload_url"], data=fields, files={"file": ("photo.jpg", content)})


def _linked(target: Target, samples: Samples, step: Step, by_id: Mapping[str, Operation]) -> Iterator[Step]:
    """Call an operation if its answer has links, and yield where they lead."""
    operation = step.operation
    has_links = any("links" in response for response in operation.responses.values())
    if not has_links or (target.read_only and operation.method not in SAFE):
        return
    answer = samples.send(step.case(samples), target.headers)
    found = json_of(answer)
    if not answer.is_success or found is None:
        return
    if isinstance(found, dict) and set(FORM) <= found.keys() and not target.read_only:
        post_form(target.client, found, found["upload_fields"], photo())
    for node in operation.responses.get(str(answer.status_code), {}).get("links", {}).values():
        link = target.contract.resolve(node)
        if link.get("operationId") in by_id:
            yield from _follow(link, by_id[link["operationId"]], step, found)


def _follow(link: Mapping[str, Any], operation: Operation, step: Step, found: Any) -> Iterator[Step]:
    ids: set[str] = set()
    try:
        path = _evaluated(link.get("parameters", {}), step, found, ids)
        body = _evaluated(link.get("requestBody", {}), step, found, ids)
    except KeyError:
        return  # the answer has nothing there, such as the first of an empty list
    wanted = {each["name"] for each in operation.parameters if each["in"] == "path"}
    if ids and wanted <= path.keys() and isinstance(body, dict):
        yield Step(operation, path, body, frozenset(ids))


def _evaluated(node: Any, step: Step, found: Any, ids: set[str]) -> Any:
    """Return a value with the runtime expressions in it evaluated, and add what they gave to the ids."""
    if isinstance(node, dict):
        return {name: _evaluated(value, step, found, ids) for name, value in node.items()}
    if isinstance(node, list):
        return [_evaluated(value, step, found, ids) for value in node]
    if not isinstance(node, str) or not node.startswith(("$response", "$request")):
        return node
    if node.startswith(BODY):
        value = pointers.lookup(found, node.removeprefix(BODY))
    elif node.startswith(PATH):
        value = step.path[node.removeprefix(PATH)]
    else:
        raise KeyError(node)
    ids.add(str(value))
    return value


def _changed(node: Any, changed: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _changed(value, changed) for name, value in node.items()}
    if isinstance(node, list):
        return [_changed(value, changed) for value in node]
    return changed.get(str(node), node)


def json_of(answer: httpx.Response) -> Any:
    """Return the JSON value of an answer; None if it has none."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
