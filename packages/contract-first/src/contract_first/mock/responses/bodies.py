"""What a body may be: the examples that a contract gives, then generated values."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from typing import Any, NamedTuple, Unpack

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.generation import Generator
from contract_first.generation.examples import readable_of
from contract_first.generation.generator import Place
from contract_first.generation.rendering import body_of, is_opaque
from contract_first.service.request.sequences import EVENTS, body_of_items, is_sequence

from .streams import LEAST_EVENTS, ending_of

MOST_EXAMPLES = 12
"""That are validated: where so many violate the contract, they all do."""
MOST_REPAIRED, MOST_REPAIRS = 3, 4
"""Examples that are repaired where all violate the contract, and attempts at each."""
WRAPPER, MOST_WRAPPERS = frozenset({"summary", "description", "value"}), 8
"""Members of an Example Object that stands where its value should, and how many stand in each other."""
UNNAMED = "default"
"""Name by which the `example` of a media type is asked for."""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One pixel: what an image looks like that has no example."""


class CandidateValue(NamedTuple):
    """A value, and its source: ``example``, ``example-repaired`` or ``generated``.

    Attributes:
        violates_formats: whether an author's example in a generated value may violate a format.
    """

    value: Any
    source: str
    violates_formats: bool = False


class ResponseBody(NamedTuple):
    """A body, its source, and the value that it spells; the rest is as of a `CandidateValue`."""

    content: bytes = b""
    media_type: str | None = None
    source: str = "generated"
    value: Any = None
    violates_formats: bool = False


def named_examples(contract: Contract, holder: Mapping[str, Any]) -> dict[str, Any]:
    """Return the examples of a media type, parameter or header with a value, the one without a name last."""
    schema = contract.schemas.for_responses.in_media_type(holder)
    resolved = {name: contract.resolve(node) for name, node in holder.get("examples", {}).items()}
    values = {name: _value_of(example, schema) for name, example in resolved.items()}
    named = {name: value for name, value in values.items() if value is not MISSING}
    named |= {UNNAMED: holder["example"]} if "example" in holder and UNNAMED not in named else {}
    return {name: _meant(value, schema, contract) for name, value in named.items()}


def _value_of(example: Mapping[str, Any], schema: Schema) -> Any:
    """Return the value of an Example Object (OpenAPI 3.2, section 4.19); MISSING where it has none."""
    value = example.get("dataValue", example.get("value", MISSING))
    serialized = example.get("serializedValue")
    if value is MISSING and isinstance(serialized, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(serialized)
        return value if value is not MISSING and schema.conforms(value) else serialized
    return value


def _meant(value: Any, schema: Schema, contract: Contract) -> Any:
    """Return the value of an Example Object, or of a reference to one, that stands where a value should."""
    for _ in range(MOST_WRAPPERS):
        value = contract.example_named_by(value) or value
        if not isinstance(value, dict) or "value" not in value or "value" in schema.members:
            break
        if not value.keys() <= WRAPPER:
            break
        value = value["value"]
    return value


def example_names(contract: Contract, response: Mapping[str, Any]) -> list[str]:
    """Return the names of the examples of a Response Object."""
    holders = response.get("content", {}).values()
    return list(dict.fromkeys(name for holder in holders for name in named_examples(contract, holder)))


def examples_of(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the examples that a schema object gives."""
    yield from [schema["example"]] if "example" in schema else []
    examples = schema.get("examples")
    yield from examples if isinstance(examples, list) else ()


class Candidates:
    """The values that a contract allows in a place, the best first."""

    def __init__(self, operation: Operation, contract: Contract, generator: Generator) -> None:
        self._operation = operation
        self._contract = contract
        self._generator = generator
        self._schemas = contract.schemas.for_responses

    def bodies(
        self, media_type: str, holder: Mapping[str, Any], name: str, only: str | None, **place: Unpack[Place]
    ) -> Iterator[ResponseBody]:
        """Yield bodies of a media type; the arguments are those of :meth:`values`."""
        for value, source, violates_formats in self.values(holder, name, only, **place):
            if source == "generated" and is_opaque(media_type):
                content = PNG if media_type == "image/png" else b"mock"
            elif is_sequence(media_type) and (source == "generated" or not isinstance(value, str)):
                content = self._stream(value, media_type, holder)
            else:
                content = body_of(value, media_type, self._schemas.in_media_type(holder))
            yield ResponseBody(content, media_type, source, value, violates_formats)

    def _stream(self, value: Any, media_type: str, holder: Mapping[str, Any]) -> bytes:
        """Return a stream of items; of the only event there are several."""
        if essence(media_type) != EVENTS:
            return body_of_items(value, media_type)
        items = [value] * LEAST_EVENTS if isinstance(value, dict) else value
        content = body_of_items(items, media_type, are_events="itemSchema" in holder)
        return content + ending_of(self._operation, self._contract, named_examples(self._contract, holder))

    def values(
        self, holder: Mapping[str, Any], name: str, only: str | None = None, **place: Unpack[Place]
    ) -> Iterator[CandidateValue]:
        """Yield the examples of a Media Type Object or a header, those repaired, then generated values.

        Args:
            only: name of the only example to use.
            place: as of `Generator.values`.
        """
        described = self._schemas.in_media_type(holder)
        named = named_examples(self._contract, holder)
        if only is not None:
            yield from _spelled(readable_of(named[only], described))
            return
        schema = described.node
        if place.get("examples", True):
            values = (readable_of(value, described) for value in (*named.values(), *self._of_schema(schema)))
            examples = list(islice(chain.from_iterable(map(_spelled, values)), MOST_EXAMPLES))
            yield from examples
            containers = [
                candidate.value for candidate in examples if isinstance(candidate.value, dict | list)
            ]
            for container in containers[:MOST_REPAIRED]:
                yield from self._repaired(container, schema, name)
        candidates = self._generator.candidates(schema, name, **place)
        yield from (CandidateValue(value, "generated", violates) for value, violates in candidates)

    def _repaired(self, example: Any, schema: Any, name: str) -> Iterator[CandidateValue]:
        """Yield an example with the members that violate its schema replaced by generated values."""
        candidates = self._generator.candidates(schema, name, example=example)
        for value, violates_formats in islice(candidates, MOST_REPAIRS):
            if value != example and isinstance(value, type(example)):
                yield CandidateValue(value, "example-repaired", violates_formats)

    def _of_schema(self, schema: Any) -> Iterator[Any]:
        """Yield the examples of a schema, or of what it refers to."""
        node = next(iter(self._schemas.targets_of(schema)), schema)
        examples = examples_of(node) if isinstance(node, dict) else ()
        yield from (_meant(example, self._schemas.of(schema), self._contract) for example in examples)


def _spelled(value: Any) -> Iterator[CandidateValue]:
    """Yield an example, and its value if it is the text of a JSON value."""
    yield CandidateValue(value, "example")
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            yield CandidateValue(json.loads(value), "example")
        except ValueError:
            return
