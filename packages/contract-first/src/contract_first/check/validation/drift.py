"""Proposes to a contract what it lacks and traffic has: operations, statuses, members and values of enums."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.reports.report import times
from contract_first.contract import Contract
from contract_first.contract.document import pointers
from contract_first.contract.document.media_types import declared_as, is_json
from contract_first.contract.document.parsing import as_yaml
from contract_first.contract.schemas.expansion import STRUCTURE
from contract_first.masking import MASK, Masking

from .content_codings import NotDecoded, decoded
from .validator import ValidatedExchange, target

MOST_PROPOSED = 1_000
MOST_ITEMS = 100
"""Of an array, that are looked at."""
MOST_VALUES = 20
"""Of an enumeration, that are proposed; what has more is none."""
DEEPEST = 20
LONGEST = 200
"""Characters of an example, and of the path of an operation."""
ID = re.compile(r"[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9A-Za-z_-]*[0-9][0-9A-Za-z_-]{15,}")
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
Place = tuple[str, str]


class Proposal(msgspec.Struct):
    """An addition to a contract.

    Attributes:
        update: what is merged into the target.
        seen: how often it occurred.
        first: the exchange in which it occurred first.
    """

    pointer: str
    update: Any
    first: str
    seen: int = 0


class Drift:
    """Collects proposals for a contract, in a bounded number.

    Args:
        base_url: where the API is deployed, if the contract's servers do not say.
    """

    def __init__(self, contract: Contract, base_url: str | None = None) -> None:
        self._contract = contract
        self._deployment = contract.deployed_at(base_url)
        self._masking = Masking(contract)
        self._operations = {operation.operation_id: operation for operation in contract.operations}
        self._proposals: dict[Place, Proposal] = {}
        self.more = 0

    def record(self, exchange: RecordedExchange, validated: ValidatedExchange, example: str) -> None:
        """Collect what an exchange has; `example` names it, secrets masked."""
        operation = self._operations.get(validated.operation_id)
        if operation is None:
            self._undocumented(exchange, example)
            return
        if not exchange.status:
            return
        if operation.request_body:
            self._message(exchange.request, operation.request_body, operation.pointers.request_body, example)
        code = operation.response_key(exchange.status)
        if code is None:
            at = pointers.join(operation.pointer, "responses")
            media_type = exchange.response.media_type
            content: dict[str, Any] = (
                {"content": {media_type: {}}} if exchange.response.body_bytes and media_type else {}
            )
            status = {str(exchange.status): {"description": "Seen in traffic.", **content}}
            self._propose(at, str(exchange.status), status, example)
            return
        at = operation.pointers.responses[code]
        self._message(exchange.response, operation.responses[code], at, example)

    def overlay(self) -> str:
        """Return the proposals as an Overlay document of YAML, the most frequent first."""
        listed = sorted(self._proposals.values(), key=lambda proposal: -proposal.seen)
        actions = [
            {
                "target": pointers.json_path(self._contract.document, proposal.pointer),
                "description": f"Seen {times(proposal.seen)}, first in {proposal.first}",
                "update": proposal.update,
            }
            for proposal in listed
        ]
        title = f"What traffic has and {self._contract.document['info']['title']} lacks"
        nothing = {"target": "$", "description": "Traffic has nothing that the contract lacks.", "update": {}}
        info = {"title": title, "version": self._contract.version}
        return as_yaml({"overlay": "1.0.0", "info": info, "actions": actions or [nothing]})

    def _propose(self, pointer: str, name: str, update: Any, example: str) -> None:
        key = pointer, name
        if key not in self._proposals:
            if len(self._proposals) >= MOST_PROPOSED:
                self.more += 1
                return
            self._proposals[key] = Proposal(pointer, update, example)
        self._proposals[key].seen += 1

    def _undocumented(self, exchange: RecordedExchange, example: str) -> None:
        path, query = target(self._masking.url(exchange.url))
        method = exchange.method.lower()
        if method == "options" or not exchange.status or not method.isalpha() or len(path) > LONGEST:
            return
        route = self._deployment.route(exchange.method.upper(), path, query)
        others = (self._deployment.route(other, path, query).operation for other in route.methods)
        other = next((operation for operation in others if operation is not None), None)
        segments = self._deployment.below(path).split("/")
        names = (f"id{number}" if number > 1 else "id" for number in range(1, len(segments) + 1))
        is_key = (ID.fullmatch(segment) or MASK in segment for segment in segments)
        pairs = zip(segments, is_key, strict=True)
        template = "/".join(f"{{{next(names)}}}" if key else segment for segment, key in pairs)
        template = other.path if other is not None else template
        item = self._contract.document.get("paths", {}).get(template, {})
        shared = {
            parameter.get("name") for parameter in item.get("parameters", ()) if isinstance(parameter, dict)
        }
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{([^{}]+)\}", template)
            if name not in shared
        ]
        definition = {
            **({"parameters": parameters} if parameters else {}),
            "responses": {str(exchange.status): {"description": "Seen in traffic."}},
        }
        key = "/paths", f"{method} {template}"
        self._propose(*key, {template: {method: definition}}, example)
        if proposal := self._proposals.get(key):
            proposal.update[template][method]["responses"] |= definition["responses"]

    def _message(self, message: Message, holder: Mapping[str, Any], pointer: str, example: str) -> None:
        """Compare a body of JSON with the schema of its media type in a request body or response."""
        content = holder.get("content", {})
        media_type = declared_as(message.header("content-type") or "", content)
        if media_type is None or not is_json(message.media_type) or not message.whole or not message.body:
            return
        schema = content[media_type].get("schema")
        try:
            value = msgspec.json.decode(self._masking.body(decoded(message)))
        except (NotDecoded, ValueError, RecursionError):
            return
        if isinstance(schema, dict):
            self._walk(value, schema, pointers.join(pointer, "content", media_type, "schema"), example)

    def _walk(self, value: Any, schema: Any, pointer: str, example: str, depth: int = 0) -> None:
        if depth > DEEPEST:
            return
        branches = list(self._branches(schema, pointer))
        if isinstance(value, dict):
            self._members(value, branches, example, depth)
        elif isinstance(value, list):
            for node, at in branches:
                for item in value[:MOST_ITEMS] if isinstance(node.get("items"), dict) else ():
                    self._walk(item, node["items"], pointers.join(at, "items"), example, depth + 1)
        else:
            self._value(value, branches, example)

    def _members(
        self, value: Mapping[str, Any], branches: list[tuple[dict[str, Any], str]], example: str, depth: int
    ) -> None:
        holders = [(node, at) for node, at in branches if isinstance(node.get("properties"), dict)]
        is_open = any(
            "patternProperties" in node or isinstance(node.get("additionalProperties"), dict)
            for node, _ in branches
        )
        for name, member in islice(value.items(), MOST_PROPOSED):
            declaring = [(node, at) for node, at in holders if name in node["properties"]]
            for node, at in declaring:
                inner = pointers.join(at, "properties", name)
                self._walk(member, node["properties"][name], inner, example, depth + 1)
            if holders and not declaring and not is_open:
                at = pointers.join(holders[0][1], "properties")
                self._propose(at, name, {name: self._described(member)}, example)

    def _value(self, value: Any, branches: list[tuple[dict[str, Any], str]], example: str) -> None:
        enumerated = [(node, at) for node, at in branches if isinstance(node.get("enum"), list)]
        if not enumerated or any(value in node["enum"] for node, _ in enumerated):
            return
        if self._masking.is_masked(value):
            return
        at = enumerated[0][1]
        if sum(place[0] == at for place in self._proposals) < MOST_VALUES and isinstance(value, str | int):
            self._propose(
                at, repr(value), {"enum": [value[:LONGEST] if isinstance(value, str) else value]}, example
            )

    def _described(self, value: Any) -> dict[str, Any]:
        """Return the schema of a member, with an example where that is short."""
        kind = TYPES.get(type(value))
        schema: dict[str, Any] = {} if kind is None else {"type": kind}
        if isinstance(value, str | int | float) and len(str(value)) <= LONGEST:
            schema |= {"example": value} if self._contract.schemas.is_30 else {"examples": [value]}
        return schema

    def _branches(self, schema: Any, pointer: str, depth: int = 0) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield a schema and its alternatives, each with its pointer, references followed."""
        node, at = self._follow(schema, pointer)
        if not isinstance(node, dict) or depth > DEEPEST:
            return
        yield node, at
        for keyword in sorted(STRUCTURE & node.keys()):
            alternatives = node[keyword]
            for index, inner in enumerate(alternatives if isinstance(alternatives, list) else ()):
                yield from self._branches(inner, pointers.join(at, keyword, index), depth + 1)

    def _follow(self, node: Any, pointer: str) -> tuple[Any, str]:
        try:
            return self._contract.follow(node, pointer)
        except (LookupError, ValueError):
            return None, pointer
