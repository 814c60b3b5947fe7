"""Follows the contract's links, and ids without them, from what a caller creates to everything below it."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from schemathesis import Case

from contract_first.check.target import Target
from contract_first.contract import Contract, Operation
from contract_first.contract.document import pointers
from contract_first.recognition.collection import shape_of

from .check import json_of, object_of
from .samples import SAFE, NoResponse, RequestSamples
from .stored.collections import collections

BODY: Final = "$response.body#"
PATH: Final = "$request.path."
NAME: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Step:
    """A request that a link describes.

    Attributes:
        body: what its body gets; empty if nothing.
        ids: the values that come from responses.
    """

    operation: Operation
    path: Mapping[str, Any]
    body: Mapping[str, Any]
    ids: frozenset[str]

    def case(self, samples: RequestSamples, changed: Mapping[str, str] | None = None) -> Case[Any]:
        """Return the request, with some of its ids replaced."""
        path = {name: _changed(value, changed or {}) for name, value in self.path.items()}
        case = samples.draw(self.operation, **path)
        if self.body:
            drawn = case.body if isinstance(case.body, dict) else {}
            case.body = {**drawn, **_changed(self.body, changed or {})}
        return case


def steps(target: Target, samples: RequestSamples) -> list[Step]:
    """Return a step for each operation that the links reach, with ids from the responses before it.

    Makes the requests that are needed for it, as the target's caller: creates what can be created.
    """
    contract, fallback = target.contract, target.fallback
    if not any(_links(contract, fallback, operation.operation_id) for operation in contract.operations):
        return []  # drawing requests of thousands of operations takes minutes
    operations = samples.drawable(contract.operations)
    by_id = {operation.operation_id: operation for operation in operations}
    roots = sorted(operations, key=lambda operation: operation.method in SAFE)
    waiting = deque(Step(root, {}, {}, frozenset()) for root in roots if "{" not in root.path)
    reached: dict[str, Step] = {}
    while waiting:
        step = waiting.popleft()
        for linked in _linked(target, samples, step, by_id):
            if linked.operation.operation_id not in reached:
                reached[linked.operation.operation_id] = linked
                waiting.append(linked)
    reached |= {step.operation.operation_id: step for step in _created(target, samples, operations, reached)}
    for operation in operations:
        if operation.operation_id not in reached and (below := _below(list(reached.values()), operation)):
            reached[operation.operation_id] = below
    return list(reached.values())


def _below(reached: list[Step], operation: Operation) -> Step | None:
    """Return a step to an operation whose path is another's, or goes on from it, and has no more ids."""
    names, path = NAME.findall(operation.path), NAME.sub("{}", operation.path)
    for step in reached:
        values = [step.path[name] for name in NAME.findall(step.operation.path)]
        goes_on = f"{path}/".startswith(NAME.sub("{}", step.operation.path) + "/")
        if values and goes_on and len(values) == len(names):
            return Step(operation, dict(zip(names, values, strict=True)), {}, frozenset(map(str, values)))
    return None


def _created(
    target: Target, samples: RequestSamples, operations: list[Operation], reached: Mapping[str, Step]
) -> Iterator[Step]:
    """Create a thing in each collection that no link leads out of, and yield a step to it."""
    for collection in () if target.read_only else collections(target.recognition, operations):
        is_linked = any(operation.operation_id in reached for operation in collection.item.values())
        if is_linked or collection.depth:
            continue
        with suppress(NoResponse):  # which each check finds that calls it
            response = samples.send(samples.draw(collection.create), target.headers)
            key = collection.key_of(object_of(response.content) or {})
            if response.is_success and key is not None:
                read = collection.item["get"]
                yield Step(read, {shape_of(read.path).names[-1]: key}, {}, frozenset({key}))


def _linked(
    target: Target, samples: RequestSamples, step: Step, by_id: Mapping[str, Operation]
) -> Iterator[Step]:
    """Call an operation if its response has links, and yield their steps."""
    operation = step.operation
    links = _links(target.contract, target.fallback, operation.operation_id)
    if not links or (target.read_only and operation.method not in SAFE):
        return
    try:
        response = samples.send(step.case(samples), target.headers)
    except NoResponse:
        return  # which each check finds that calls it
    body = json_of(response.content)
    if not response.is_success or body is None:
        return
    if target.before_links is not None:
        target.before_links(target, body)
    for link in links.get(str(response.status_code), ()):
        if link.get("operationId") in by_id:
            yield from _follow(link, by_id[link["operationId"]], step, body)


@lru_cache(maxsize=256)
def _links(
    contract: Contract, fallback: Contract | None, operation_id: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Return the links of an operation by status; the fallback's for one that has none itself."""
    for source in filter(None, (contract, fallback)):
        operation = source.operation(operation_id)
        responses = {} if operation is None else operation.responses
        links = {
            status: [source.resolve(node) for node in response["links"].values()]
            for status, response in responses.items()
            if "links" in response
        }
        if links:
            return links
    return {}


def _follow(link: Mapping[str, Any], operation: Operation, step: Step, response: Any) -> Iterator[Step]:
    ids: set[str] = set()
    try:
        path = _evaluated(link.get("parameters", {}), step, response, ids)
        body = _evaluated(link.get("requestBody", {}), step, response, ids)
    except KeyError:
        return  # the response has nothing there, such as the first of an empty list
    expected = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "path"}
    if ids and expected <= path.keys() and isinstance(body, dict):
        yield Step(operation, path, body, frozenset(ids))


def _evaluated(node: Any, step: Step, response: Any, ids: set[str]) -> Any:
    """Return a value with the runtime expressions in it evaluated, and add what they gave to the ids."""
    if isinstance(node, dict):
        return {name: _evaluated(value, step, response, ids) for name, value in node.items()}
    if isinstance(node, list):
        return [_evaluated(value, step, response, ids) for value in node]
    if not isinstance(node, str) or not node.startswith(("$response", "$request")):
        return node
    if node.startswith(BODY):
        value = pointers.lookup(response, node.removeprefix(BODY))
        if not isinstance(value, str | int):
            raise KeyError(node)
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
