"""The text of handlers that are yet to be written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from keyword import iskeyword
from textwrap import fill, shorten
from typing import Any, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence
from contract_first.contract.models import Kind, Models
from contract_first.contract.models.python_names import python_name
from contract_first.generation.requests import contents, first_content, schema_of
from contract_first.service.names import PRIVATE, argument_names, handler_name, handler_named
from contract_first.service.request.bodies import is_raw

from .annotations import Annotations

WIDTH = 110
SUMMARY_WIDTH = 90
IMPORT_WIDTH = 88
"""Ruff's own, which sorts imports by it: one that is longer has a line for each name, whatever the width."""
TYPOGRAPHY = str.maketrans("\u2013\u2014\u2018\u2019\u201c\u201d\u00d7", "--''''x")
UNWRITTEN = "NotImplementedYet"
"""What handlers raise."""
MODULE = '''"""{title}"""

# ruff: noqa: ARG001, N802, PLR0913, PLR0917, RUF100 -- the contract names handlers and their arguments
{imports}'''
"""RUF100 where the contract requires no more than the other rules allow, or where they are not selected."""
STRUCTURED = re.compile(r"\b(jsonl?|ndjson|xml)\b|\*/\*")
PARSED = re.compile(rf"{STRUCTURED.pattern}|\bform-|event-stream")
"""Request bodies that reach handlers as values; others do as they were sent."""
UNPARSED = {"text/": "str"}
NAME = re.compile(r"\b[A-Za-z_]\w*\b")
PLAIN = frozenset({"list", "dict", "str", "int", "float", "bool", "None"})
PROBLEM = "application/problem+json"
NINJA = "_endpoints_"
"""Behind this, an operationId that Django Ninja made has the name of the function."""


class Stub(NamedTuple):
    """An operation and its handler."""

    name: str
    operation: Operation


class Stubs:
    """Writes the handlers of a contract's operations, which raise what says that they are not implemented.

    Args:
        models: of which kind the types of bodies are, in the module ``models`` beside the handlers' package;
            without them bodies are JSON values.
    """

    def __init__(self, contract: Contract, models: Kind | None = None) -> None:
        self._types = Annotations(contract)
        self._schemas = contract.schemas
        self._models = None if models is None else Models(contract, models)
        # of objects that are no component there are no models
        self._models_of_components = frozenset[str]() if self._models is None else self._models.names
        self._taken = {stub_name(operation) for operation in contract.operations}.union(
            *(argument_names(operation.parameters) for operation in contract.operations)
        )

    def module(self, title: str, stubs: Sequence[Stub], package: str = "") -> str:
        """Return a module of handlers.

        Args:
            package: that has the module ``models``.
        """
        handlers = [self._handler(stub) for stub in stubs]
        operations = [stub.operation for stub in stubs]
        imports = self._imports(operations, package)
        header = MODULE.format(title=sentence(title), imports="".join(imports))
        return "\n\n".join([header, *handlers])

    def _imports(self, operations: Sequence[Operation], package: str) -> Iterator[str]:
        """Yield the imports that handlers need, a paragraph for each module."""
        kinds = [kind for operation in operations for _, kind, _ in self._arguments(operation)]
        kinds += [self._returned(operation)[0] for operation in operations]
        annotations = {name for kind in kinds for name in NAME.findall(kind)}
        yield from _paragraph("typing", {name: self._library(name) for name in annotations & {"Any"}})
        yield from _paragraph("contract_first.service", {UNWRITTEN: self._library(UNWRITTEN)})
        models = annotations & self._models_of_components
        yield from _paragraph(f"{package}.models", {name: self._annotated(name) for name in models})

    def _library(self, name: str) -> str:
        """Return how a name of a library is spelled: another one where the contract has taken it."""
        return f"_{name}" if name in self._taken or name in self._models_of_components else name

    def _annotated(self, annotation: str) -> str:
        """Return an annotation in which types are spelled as they are imported."""
        aliased = self._taken & (self._models_of_components | {"Any"})
        return NAME.sub(lambda name: f"_{name[0]}" if name[0] in aliased else name[0], annotation)

    def _handler(self, stub: Stub) -> str:
        arguments = list(self._arguments(stub.operation))
        result = self._annotated(self._returned(stub.operation)[0])
        typed = [f"{name}: {self._annotated(kind)}" for name, kind, _ in arguments]
        return "\n".join(
            [
                _definition(stub.name, typed, result),
                *self._docstring(stub.operation, arguments),
                f"    raise {self._library(UNWRITTEN)}",
                "",
            ]
        )

    def _arguments(self, operation: Operation) -> Iterator[tuple[str, str, str]]:
        """Yield the name, type and description of each argument of the handler."""
        for name, parameter in zip(argument_names(operation.parameters), operation.parameters, strict=True):
            schema = schema_of(parameter, self._schemas).node
            has_default = isinstance(schema, dict) and "default" in schema
            is_optional = not parameter.get("required", False) and not has_default
            text = f"{parameter['in']} parameter {parameter['name']}, {self._types.described(schema)}."
            kind = self._types.python_type(schema, is_optional=is_optional)
            yield name, kind, f"{text} {parameter.get('description', '')}"
        if operation.request_body is not None:
            schema = schema_of(operation.request_body, self._schemas).node
            text = (
                f"request body, {first_content(operation.request_body)[0]}, {self._types.described(schema)}."
            )
            yield "body", self._request_type(operation.request_body), text

    def _returned(self, operation: Operation) -> tuple[str, str]:
        """Return the type and the description of what the handler returns."""
        status, response = _success_of(operation)
        if not status:
            return "Any", "what the contract does not say."
        text = f"{status}: {response.get('description', '')}"
        if not response.get("content"):
            return "None", text
        schema = schema_of(response, self._schemas).node
        text = f"{text} ({first_content(response)[0]}, {self._types.described(schema)})"
        return self._body_type(schema), text

    def _request_type(self, body: Mapping[str, Any]) -> str:
        """Return the annotation of a request body, which may be of several media types."""
        typed = [(name, self._schemas.in_media_type(content)) for name, content in contents(body)]
        types = dict.fromkeys(
            self._body_type(schema.node)
            if PARSED.search(media_type) and not is_raw(essence(media_type), schema)
            else UNPARSED.get(media_type[:5], "bytes")
            for media_type, schema in typed
        )
        is_optional = not body.get("required", False)
        if is_optional and "None" not in {annotation.rpartition(" | ")[2] for annotation in types}:
            types["None"] = None
        return "Any" if "Any" in types else " | ".join(types)

    def _body_type(self, schema: Any) -> str:
        """Return the annotation of a body: of models where there are some for all of it, else of JSON."""
        if self._models is not None:
            annotation = self._models.annotation(schema, "Body")
            names = set(NAME.findall(annotation))
            if names & self._models_of_components and names <= self._models_of_components | PLAIN:
                return annotation
        return self._types.python_type(schema)

    def _docstring(self, operation: Operation, arguments: Sequence[tuple[str, str, str]]) -> Iterator[str]:
        definition = operation.definition
        summary = shorten(sentence(definition.get("summary") or operation.operation_id), SUMMARY_WIDTH)
        yield f'    """{summary}\n'
        if paragraph := str(definition.get("description", "")).strip().partition("\n\n")[0]:
            yield f"{_filled(sentence(paragraph), 4, 4)}\n"
        source = f"{operation.label} (operationId {operation.operation_id})"
        yield _filled(f"Source: {prose(source)}.", 4, 4)
        if arguments:
            yield "\n    Args:"
            yield from (_filled(f"{name}: {sentence(text)}", 8, 12) for name, _, text in arguments)
        yield "\n    Returns:"
        yield _filled(sentence(self._returned(operation)[1]), 8, 8)
        if errors := [status for status in operation.responses if status[0] in "45"]:
            yield "\n    Raises:"
            yield _filled(f"Problem: as the contract declares, {', '.join(errors)}.", 8, 12)
        yield '    """'


def stub_name(operation: Operation) -> str:
    """Return the name of an operation's handler: in snake case if the service finds it by that.

    What a generator of operationIds put before it is left out.
    """
    name = handler_name(operation)
    function = PRIVATE.sub("", name.rpartition(NINJA)[2])
    if handler_named(operation, {spelled := python_name(function)}):
        return spelled
    return function if function.isidentifier() and not iskeyword(function) else name


def _success_of(operation: Operation) -> tuple[str, Mapping[str, Any]]:
    """Return the status and the response of a handler that does what it is asked; an empty one without any.

    That is the first success, else what has content by default and is no problem, else the first redirection.
    """
    for first in "2d3":
        for status, response in operation.responses.items():
            is_problem = first == "d" and list(response.get("content", ())) in ([], [PROBLEM])
            if status[0] == first and not is_problem:
                return status, response
    return "", {}


def prose(text: Any) -> str:
    """Return a text of a contract so that it can stand in a docstring."""
    plain = str(text).translate(TYPOGRAPHY).replace('"', "'").replace("\\", "/")
    if not plain.isprintable():
        plain = "".join(character if character.isprintable() else " " for character in plain)
    return " ".join(plain.split())


def sentence(text: Any) -> str:
    """Return a text of a contract as a sentence."""
    plain = prose(text).removesuffix(":") or "Not described"
    return plain[0].upper() + plain[1:] + ("" if plain[-1] in ".?!" else ".")


def _filled(text: str, indent: int, hanging: int) -> str:
    return fill(
        text,
        WIDTH - 10,
        initial_indent=" " * indent,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _paragraph(module: str, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the import of names and what each is called here, as ruff sorts it; nothing without any."""
    ordered = sorted(names, key=_order_of_import)
    plain = [name for name in ordered if names[name] == name]
    line = f"from {module} import {', '.join(plain)}"
    if len(line) > IMPORT_WIDTH:
        line = "\n".join([f"from {module} import (", *(f"    {name}," for name in plain), ")"])
    others = [f"from {module} import {name} as {names[name]}" for name in ordered if names[name] != name]
    if names:
        yield "\n".join(["", *[line] * bool(plain), *others, ""])


def _order_of_import(name: str) -> tuple[int, list[str | int], str]:
    """Return what ruff sorts imported names by: constants, classes, others; ``get_10`` behind ``get_9``."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    parts = re.split(r"(\d+)", name.lower())
    return kind, [int(part) if index % 2 else part for index, part in enumerate(parts)], name


def _definition(name: str, arguments: Sequence[str], result: str) -> str:
    """Return the first line of a function, or its first lines as the formatter leaves them."""
    starred = ["*", *arguments] if any(": bool" in argument for argument in arguments) else list(arguments)
    line = f"async def {name}({', '.join(starred)}) -> {result}:"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"async def {name}(", *(f"    {argument}," for argument in starred), f") -> {result}:"])
