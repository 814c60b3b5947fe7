"""Serve one list of 20 items for each keyword, format and version: where does a response cost twice as much?

    python bench/cliffs.py              the table, and what is below half of the plain list of OpenAPI 3.1
    python bench/cliffs.py --smoke      two requests each: does the script run at all?

An application is called in this process, without a network: what is measured is the processor's time for a
request, of which validating the response is the largest part.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from contract_first import Contract, create_app, load_contract
from contract_first.service import Exposure

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

ITEMS = 20
ROUNDS = 3
VERSIONS = ("2.0", "3.0.3", "3.1.0", "3.2.0")
OPENAPI, NEWER = VERSIONS[1:], VERSIONS[2:]
CLIFF = 0.5
PLAIN = "plain"


class Sample(NamedTuple):
    """A member of each item: its schema, a value that conforms, and the versions that have the keyword."""

    schema: Any
    value: Any
    versions: tuple[str, ...] = VERSIONS


CAT = {"$ref": "#/components/schemas/Cat"}
DOG = {"$ref": "#/components/schemas/Dog"}
NODE = "#/components/schemas/Node"
PET = {"kind": "Cat", "size": 3}
SCHEMAS = {
    kind: {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string", "enum": [kind]}, "size": {"type": "integer"}},
    }
    for kind in ("Cat", "Dog")
}
SCHEMAS["Node"] = {"type": "object", "properties": {"next": {"$ref": NODE}}}
KEYWORDS = {
    PLAIN: Sample({"type": "string"}, "a"),
    "no type": Sample({}, "a"),
    "nullable": Sample({"type": "string", "nullable": True}, None, OPENAPI[:1]),
    "null in type": Sample({"type": ["string", "null"]}, None, NEWER),
    "enum": Sample({"type": "string", "enum": ["a", "b"]}, "a"),
    "const": Sample({"const": "a"}, "a", NEWER),
    "pattern": Sample({"type": "string", "pattern": "^[a-z]+$"}, "a"),
    "maxLength": Sample({"type": "string", "maxLength": 9}, "a"),
    "minimum": Sample({"type": "integer", "minimum": 0}, 1),
    "exclusiveMinimum, true": Sample(
        {"type": "number", "minimum": 0, "exclusiveMinimum": True}, 1.5, VERSIONS[:2]
    ),
    "exclusiveMinimum": Sample({"type": "number", "exclusiveMinimum": 0}, 1.5, NEWER),
    "multipleOf": Sample({"type": "number", "multipleOf": 0.01}, 0.07),
    "items": Sample({"type": "array", "items": {"type": "string"}}, ["a", "b"]),
    "uniqueItems": Sample({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["a", "b"]),
    "prefixItems": Sample({"prefixItems": [{"type": "string"}]}, ["a"], NEWER),
    "contains": Sample({"contains": {"type": "string"}}, ["a"], NEWER),
    "additionalProperties": Sample(
        {"type": "object", "additionalProperties": {"type": "string"}}, {"a": "b"}
    ),
    "patternProperties": Sample({"patternProperties": {"^x-": {"type": "string"}}}, {"x-a": "b"}, NEWER),
    "propertyNames": Sample({"propertyNames": {"maxLength": 9}}, {"a": "b"}, NEWER),
    "unevaluatedProperties": Sample(
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False}, {"a": "b"}, NEWER
    ),
    "dependentRequired": Sample({"dependentRequired": {"a": ["b"]}}, {"b": 1}, NEWER),
    "if": Sample({"if": {"type": "string"}, "then": {"maxLength": 9}}, "a", NEWER),
    "not": Sample({"not": {"type": "integer"}}, "a", OPENAPI),
    "$ref": Sample(CAT, PET),
    "$ref with siblings": Sample({**CAT, "description": "A cat."}, PET),
    "allOf": Sample({"allOf": [CAT]}, PET),
    "anyOf": Sample({"anyOf": [CAT, DOG]}, PET, OPENAPI),
    "oneOf": Sample({"oneOf": [CAT, DOG]}, PET, OPENAPI),
    "discriminator": Sample({"oneOf": [CAT, DOG], "discriminator": {"propertyName": "kind"}}, PET, OPENAPI),
    "discriminator, mapping": Sample(
        {
            "oneOf": [CAT, DOG],
            "discriminator": {"propertyName": "kind", "mapping": {"Cat": CAT["$ref"], "Dog": DOG["$ref"]}},
        },
        PET,
        OPENAPI,
    ),
    "oneOf, alike": Sample(
        {"oneOf": [{"allOf": [CAT, {"required": ["size"]}]}, {"allOf": [{"$ref": NODE}, {"not": CAT}]}]},
        PET,
        OPENAPI,
    ),
    "recursive": Sample({"$ref": NODE}, {"next": {}}),
    "readOnly": Sample({"type": "string", "readOnly": True}, "a"),
    "writeOnly beside it": Sample({"properties": {"secret": {"writeOnly": True}}}, {"a": 1}),
    "$schema": Sample(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"}, "a", NEWER
    ),
}
FORMATS = {
    **dict.fromkeys(("int32", "int64"), 7),
    **dict.fromkeys(("float", "double"), 1.5),
    "date": "2026-04-09",
    "date-time": "2026-04-09T10:00:00Z",
    "time": "10:00:00",
    "duration": "P1D",
    "uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "email": "a@b.example",
    "hostname": "a.example",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uri": "https://a.example/b",
    "byte": "aGk=",
    "password": "secret",
    "regex": "^a$",
    "custom": "a",
}


class Measured(NamedTuple):
    """What a list costs, and how fast it is beside the plain one of 3.1."""

    name: str
    version: str
    microseconds: float
    speed: float


def main() -> None:
    """Measure all samples in all versions, print the table and what is a cliff."""
    parser = argparse.ArgumentParser(
        description="Find keywords, formats and versions that cost twice as much."
    )
    parser.add_argument("--requests", type=int, default=100, help="of each list in a round (default 100)")
    parser.add_argument("--smoke", action="store_true", help="two requests of each list")
    options = parser.parse_args()
    measured = measure(2 if options.smoke else options.requests)
    console = Console(width=100, highlight=False)
    console.print(table(measured))
    for cliff in (row for row in measured if row.speed < CLIFF):
        console.print(f"cliff: {cliff.name} in {cliff.version}: {cliff.speed:.2f} of the plain list")


def samples() -> dict[str, Sample]:
    """Return all samples by name."""
    types = {int: "integer", float: "number", str: "string"}
    formats = {
        f"format {name}": Sample({"type": types[type(value)], "format": name}, value)
        for name, value in FORMATS.items()
    }
    return KEYWORDS | formats


def measure(requests: int) -> list[Measured]:
    """Return what each list costs in each version."""
    floor = cost(application(KEYWORDS[PLAIN], "3.1.0"), requests)
    costs = {
        (name, version): cost(application(sample, version), requests)
        for name, sample in samples().items()
        for version in sample.versions
    }
    return [Measured(*key, seconds * 1e6, floor / seconds) for key, seconds in costs.items()]


def application(sample: Sample, version: str) -> ASGIApp:
    """Return an application that serves a list of items with this member."""
    item = {
        "type": "object",
        "required": ["id", "name", "sample"],
        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "sample": sample.schema},
    }
    schema = {"type": "array", "items": item}
    items = [{"id": number, "name": "an item", "sample": sample.value} for number in range(ITEMS)]

    async def handler() -> list[dict[str, Any]]:
        return items

    return create_app(contract(schema, version), {"items": handler}, exposure=Exposure(checks=None))


def contract(schema: Any, version: str) -> Contract:
    """Return a contract whose one operation responds with JSON of this schema."""
    is_swagger = version == VERSIONS[0]
    body = {"schema": schema} if is_swagger else {"content": {"application/json": {"schema": schema}}}
    responses = {"200": {"description": "All of them.", **body}}
    document: dict[str, Any] = {
        "info": {"title": "Lists", "version": "1"},
        "paths": {"/items": {"get": {"operationId": "items", "responses": responses}}},
    }
    if not is_swagger:
        return Contract({"openapi": version, **document, "components": {"schemas": SCHEMAS}}, "lists.yaml")
    document |= {"swagger": version, "produces": ["application/json"], "definitions": SCHEMAS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lists.json")
        path.write_text(json.dumps(document).replace("#/components/schemas/", "#/definitions/"))
        return load_contract(path, lenient=True)


def cost(app: ASGIApp, requests: int) -> float:
    """Return the processor's seconds for a request, the least of some rounds."""

    async def rounds() -> float:
        await respond(app)
        return min([await load(app, requests) for _ in range(ROUNDS)])

    return asyncio.run(rounds())


async def load(app: ASGIApp, requests: int) -> float:
    """Return the processor's seconds for one of many requests."""
    begin = time.process_time()
    for _ in range(requests):
        await respond(app)
    return (time.process_time() - begin) / requests


async def respond(app: ASGIApp) -> None:
    """Ask for the list once; RuntimeError if it does not conform."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message.get("status", 200) != 200:  # noqa: PLR2004 -- a success
            raise RuntimeError(f"the list got {message['status']}")

    scope = {"type": "http", "method": "GET", "path": "/items", "query_string": b"", "headers": []}
    await app(scope, receive, send)


def table(measured: list[Measured]) -> Table:
    """Lay the costs out, a row for each keyword and format, a column for each version."""
    rows: dict[str, dict[str, str]] = {}
    for row in measured:
        text = f"{row.microseconds:,.0f} ({row.speed:.2f})"
        rows.setdefault(row.name, {})[row.version] = text
    shown = Table("CPU us (x plain)", *VERSIONS, box=box.MARKDOWN)
    for name, cells in rows.items():
        shown.add_row(name, *(cells.get(version, "") for version in VERSIONS))
    return shown


if __name__ == "__main__":
    main()
