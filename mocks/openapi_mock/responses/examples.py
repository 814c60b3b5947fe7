"""The examples that a contract gives for a body, and the values made where it gives none."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_contract import Contract

    from .generation import Generator

MOST_EXAMPLES = 12
"""That are looked at: where so many break the contract, they all do."""


class Candidate(NamedTuple):
    """A value that may be answered, and where it comes from."""

    value: Any
    source: str


def named_examples(contract: Contract, holder: Mapping[str, Any]) -> dict[str, Any]:
    """Return the named examples of a media type, parameter or header that have a value."""
    resolved = {name: contract.resolve(each) for name, each in holder.get("examples", {}).items()}
    return {name: each["value"] for name, each in resolved.items() if "value" in each}


def candidates(
    contract: Contract,
    holder: Mapping[str, Any],
    generator: Generator,
    name: str,
    *,
    example: str | None = None,
    dynamic: bool = False,
) -> Iterator[Candidate]:
    """Yield what may be answered, the best first: examples, then generated values.

    Args:
        contract: where references lead.
        generator: of the contract's values.
        holder: a Media Type Object, or a header.
        name: tells generated values apart.
        example: the only example that is wanted.
        dynamic: no examples.
    """
    named = named_examples(contract, holder)
    if example is not None:
        yield from _spelled(named[example])
        return
    schema = holder.get("schema", True)
    if not dynamic:
        own = [holder["example"]] if "example" in holder else []
        given = (*named.values(), *own, *_of_schema(contract, schema))
        yield from islice((each for value in given for each in _spelled(value)), MOST_EXAMPLES)
    for value in generator.values(schema, name, examples=not dynamic):
        yield Candidate(value, "generated")


def _of_schema(contract: Contract, schema: Any) -> Iterator[Any]:
    """Yield the examples of a schema, or of the component that it is."""
    node = schema
    if isinstance(schema, dict) and str(schema.get("$ref", "")).startswith("#/components/schemas/"):
        node = contract.document["components"]["schemas"].get(schema["$ref"].rpartition("/")[2])
    if not isinstance(node, dict):
        return
    if "example" in node:
        yield node["example"]
    examples = node.get("examples")
    yield from examples if isinstance(examples, list) else ()


def _spelled(value: Any) -> Iterator[Candidate]:
    """Yield an example, and what it means if it is written as the text of a JSON value."""
    yield Candidate(value, "example")
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            yield Candidate(json.loads(value), "example")
        except ValueError:
            return
