"""The text of handlers that are yet to be written, and of the tests that say so."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from keyword import iskeyword
from textwrap import fill, shorten
from typing import Any, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence, is_json
from contract_first.contract.models import Kind, Models
from contract_first.contract.models.python_names import python_name
from contract_first.service.names import PRIVATE, argument_names, handler_name, handler_named
from contract_first.service.request.bodies import is_raw

from .sample_requests import SampleRequests
from .samples import Samples, contents, first_content, literal, schema_of

WIDTH = 110
SUMMARY_WIDTH = 90
IMPORT_WIDTH = 88
"""Ruff's own, which sorts imports by it: one that is longer has a line for each name, whatever the width."""
MOST_ARGUMENTS = 5
"""Beyond them ruff asks whether there are too many."""
TYPOGRAPHY = str.maketrans("\u2013\u2014\u2018\u2019\u201c\u201d\u00d7", "--''''x")
MODULE = '''"""{title}"""
{lenience}{imports}'''
FUNCTIONS = ("NotImplementedYet", "Problem", "Response", "cast")
"""What handlers may call."""
IN_TESTS = frozenset({"Any", "Problem", "asyncio", "client", "handler", "httpx2", "pytest", "response"})
"""What tests have names for beside the handlers."""
REFUSALS = ("404", "403", "401")
"""Of errors that a handler is declared to respond with, those that say least of the request."""
STRUCTURED = re.compile(r"\b(jsonl?|ndjson|xml)\b|\*/\*")
PARSED = re.compile(rf"{STRUCTURED.pattern}|\bform-|event-stream")
"""Request bodies that reach handlers as values; others do as they were sent."""
UNPARSED = {"text/": "str"}
LENIENCE = "\n# ruff: noqa: {rules}, RUF100 -- the contract names handlers and their arguments\n"
"""RUF100 where the other rules are not selected."""
NEWLINE = "\n"
NAME = re.compile(r"\b[A-Za-z_]\w*\b")
PLAIN = frozenset({"list", "dict", "str", "int", "float", "bool", "None"})
PROBLEM = "application/problem+json"
UNTYPED = "    handler: Any = "
"""How a test begins that hands an example to a handler of models."""
CALLS = ("asyncio.run({}(", "        {}(", f"{UNTYPED}{{}}\n")
"""Where tests name the handlers that they call."""
NINJA = "_endpoints_"
"""Behind this, an operationId that Django Ninja made has the name of the function."""
TESTS = '''"""{title}"""
{lenience}{imports}'''


class Stub(NamedTuple):
    """An operation and its handler."""

    name: str
    operation: Operation


class Stubs:
    """Writes the handlers and tests of a contract's operations.

    Args:
        respond: have handlers return an example, as far as one is known, and not raise what says that they
            are not implemented.
        schemes: the security schemes that the fixture ``client`` of the tests has a credential for; without
            them tests call the handlers.
        models: of which kind the types of bodies are, in the module ``models`` beside the handlers' package;
            without them bodies are JSON values.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        respond: bool = False,
        schemes: AbstractSet[str] | None = None,
        models: Kind | None = None,
    ) -> None:
        self._samples = Samples(contract)
        self._schemas = contract.schemas
        self._respond = respond
        self._models = None if models is None else Models(contract, models)
        # of objects that are no component there are no models
        self._models_of_components = frozenset[str]() if self._models is None else self._models.names
        self._taken = {stub_name(operation) for operation in contract.operations}.union(
            *(argument_names(operation.parameters) for operation in contract.operations)
        )
        self._requests = None if schemes is None else SampleRequests(contract, self._samples, schemes)

    def module(self, title: str, stubs: Sequence[Stub], package: str = "") -> str:
        """Return a module of handlers.

        Args:
            package: that has the module ``models``.
        """
        handlers = [self._handler(stub) for stub in stubs]
        operations = [stub.operation for stub in stubs]
        most = max(
            len(operation.parameters) + (operation.request_body is not None) for operation in operations
        )
        lenience = _lenience(
            ARG001=most > 0,
            N802=_has_odd_names(stubs),
            PLR0913=most > MOST_ARGUMENTS,
            PLR0917=most > MOST_ARGUMENTS,
        )
        imports = self._imports(stubs, handlers, package)
        header = MODULE.format(title=sentence(title), lenience=lenience, imports="".join(imports))
        return "\n\n".join([header, *handlers])

    def _imports(self, stubs: Sequence[Stub], handlers: Sequence[str], package: str) -> Iterator[str]:
        """Yield the imports that handlers need, a paragraph for each module."""
        annotations, functions = set[str](), set[str]()
        for stub, handler in zip(stubs, handlers, strict=True):
            body = handler.rpartition('"""')[2]
            called = {name for name in FUNCTIONS if f" {self._library(name)}(" in body}
            kinds = [kind for _, kind, _ in self._arguments(stub.operation)]
            if "cast" in called or "Response" not in called:
                kinds.append(self._returned(stub.operation)[0])
            functions |= called
            annotations.update(*map(NAME.findall, kinds))
        typing = sorted((annotations & {"Any"}) | (functions & {"cast"}))
        yield from _paragraph("typing", {name: self._library(name) for name in typing})
        service = functions.difference(typing)
        yield from _paragraph("contract_first.service", {name: self._library(name) for name in service})
        models = annotations & self._models_of_components
        yield from _paragraph(f"{package}.models", {name: self._annotated(name) for name in models})

    def _library(self, name: str) -> str:
        """Return how a name of a library is spelled: another one where the contract has taken it."""
        return f"_{name}" if name in self._taken or name in self._models_of_components else name

    def _annotated(self, annotation: str) -> str:
        """Return an annotation in which types are spelled as they are imported."""
        aliased = self._taken & (self._models_of_components | {"Any"})
        return NAME.sub(lambda name: f"_{name[0]}" if name[0] in aliased else name[0], annotation)

    def tests(self, title: str, package: str, module: str, stubs: Sequence[Stub]) -> str:
        """Return a module of tests, one for each handler; each fails until that is written."""
        tests = [self._test(stub) for stub in stubs]
        text = "".join(tests)
        names = {stub.name: _name_in_tests(stub.name) for stub in stubs}
        called = {
            name: alias
            for name, alias in names.items()
            if any(place.format(alias) in text for place in CALLS)
        }
        imports = [
            *["\nimport asyncio\n"] * bool(called),
            *["from typing import Any\n"] * (UNTYPED in text),
            *_libraries(
                {
                    "import httpx2": "httpx2.Client" in text,
                    "import pytest": "pytest.raises" in text,
                    "from contract_first.service import Problem": "(Problem)" in text,
                }
            ),
            *_paragraph(f"{package}.{module}", called),
        ]
        header = TESTS.format(
            title=sentence(title), lenience=_lenience(N802=_has_odd_names(stubs)), imports="".join(imports)
        )
        return "\n\n".join([header, *tests])

    def _handler(self, stub: Stub) -> str:
        arguments = list(self._arguments(stub.operation))
        body = list(self._body(stub.operation))
        response = self._library("Response")
        is_response = any(f"return {response}(" in line for line in body)
        result = response if is_response else self._annotated(self._returned(stub.operation)[0])
        typed = [f"{name}: {self._annotated(kind)}" for name, kind, _ in arguments]
        return "\n".join(
            [
                _definition(stub.name, typed, result),
                *self._docstring(stub.operation, arguments),
                *body,
                "",
            ]
        )

    def _body(self, operation: Operation) -> Iterator[str]:
        """Yield the statement of a handler, if it needs one."""
        refusal = self._refusal(operation)
        value = self._success(operation)[1]
        if refusal:
            yield f'    raise {self._library("Problem")}({refusal}, "{_lacking(operation)}")'
        elif self._respond:
            status, headers = self._beyond(operation)
            response = self._library("Response")
            kind = self._returned(operation)[0]
            indent = 8 if headers else 4
            cast = self._library("cast"), self._annotated(kind)
            example = _cast(*cast, value, indent) if self._models_in(kind) else literal(value, indent)
            parts = [] if value is None else [example]
            parts += [f"status={status}"] if status else []
            parts += [f"headers={literal(headers, 8)}"] if headers else []
            if headers:
                yield from (f"    return {response}(", *(f"        {part}," for part in parts), "    )")
            elif status:
                yield f"    return {response}({', '.join(parts)})"
            elif parts:
                yield f"    return {example}"
        else:
            yield f'    raise {self._library("NotImplementedYet")}("{_lacking(operation)}")'

    def _refusal(self, operation: Operation) -> str:
        """Return the status of the problem that a handler raises where it knows no success."""
        is_known = _success_of(operation)[0] and self._samples.conforms(*self._success(operation))
        if not self._respond or is_known:
            return ""
        declared = [status for status in operation.responses if status.isdigit() and status[0] in "45"]
        return next((status for status in (*REFUSALS, *declared) if status in declared), REFUSALS[0])

    def _beyond(self, operation: Operation) -> tuple[str, dict[str, str]]:
        """Return the status of a response where it is no success, and the headers that it has to have."""
        status, response = _success_of(operation)
        headers = {
            name: str(self._samples.response(schema_of(header)))
            for name, header in response.get("headers", {}).items()
            if header.get("required") or (status[0] == "3" and name.lower() == "location")
        }
        return (status if status[0] == "3" else ""), headers

    def _success(self, operation: Operation) -> tuple[Any, Any]:
        """Return the schema of the first successful response, and a value of it: None for no content."""
        media_type, schema = first_content(_success_of(operation)[1])
        value = self._samples.response(schema) if media_type else None
        # of what is neither JSON nor XML a schema does not say what it is
        is_sent_as_it_is = not media_type or STRUCTURED.search(media_type) or isinstance(value, str)
        return (schema if is_sent_as_it_is else False), value

    def _arguments(self, operation: Operation) -> Iterator[tuple[str, str, str]]:
        """Yield the name, type and description of each argument of the handler."""
        for name, parameter in zip(argument_names(operation.parameters), operation.parameters, strict=True):
            schema = schema_of(parameter)
            has_default = isinstance(schema, dict) and "default" in schema
            is_optional = not parameter.get("required", False) and not has_default
            text = f"{parameter['in']} parameter {parameter['name']}, {self._samples.described(schema)}."
            kind = self._samples.python_type(schema, is_optional=is_optional)
            yield name, kind, f"{text} {parameter.get('description', '')}"
        if operation.request_body is not None:
            media_type, schema = first_content(operation.request_body)
            text = f"request body, {media_type}, {self._samples.described(schema)}."
            yield "body", self._request_type(operation.request_body), text

    def _returned(self, operation: Operation) -> tuple[str, str]:
        """Return the type and the description of what the handler returns."""
        status, response = _success_of(operation)
        if not status:
            return "None" if self._respond else "Any", "what the contract does not say."
        text = f"{status}: {response.get('description', '')}"
        if not response.get("content"):
            return "None", text
        media_type, schema = first_content(response)
        text = f"{text} ({media_type}, {self._samples.described(schema)})"
        return self._body_type(schema), text

    def _request_type(self, body: Mapping[str, Any]) -> str:
        """Return the annotation of a request body, which may be of several media types."""
        types = dict.fromkeys(
            self._body_type(schema)
            if PARSED.search(media_type) and not is_raw(essence(media_type), self._schemas.of(schema))
            else UNPARSED.get(media_type[:5], "bytes")
            for media_type, schema in contents(body)
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
        return self._samples.python_type(schema)

    def _models_in(self, annotation: str) -> set[str]:
        return set(NAME.findall(annotation)) & self._models_of_components

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

    def _test(self, stub: Stub) -> str:
        operation = stub.operation
        request = None if self._requests is None else self._requests.call(operation)
        if request is not None:
            argument, lines = "client: httpx2.Client", list(self._exchange(operation, request))
        else:
            argument, lines = "", list(self._direct(stub))
        head = f"def test_{stub.name}({argument}) -> None:"
        if argument and len(head) > WIDTH:
            head = f"def test_{stub.name}(\n    {argument},\n) -> None:"
        return "\n".join([head, f'    """{sentence(operation.label)}"""', *lines, ""])

    def _direct(self, stub: Stub) -> Iterator[str]:
        """Yield the statements of a test that calls a handler."""
        operation = stub.operation
        values = [self._samples.value(schema_of(parameter)) for parameter in operation.parameters]
        arguments = dict(zip(argument_names(operation.parameters), values, strict=True))
        if operation.request_body is not None:
            arguments["body"] = self._samples.value(first_content(operation.request_body)[1])
        kinds = [self._returned(operation)[0], *(kind for _, kind, _ in self._arguments(operation))]
        is_typed = any(map(self._models_in, kinds))
        name = _name_in_tests(stub.name)
        if is_typed:  # an example is no model
            yield f"{UNTYPED}{name}"
        call = _call("handler" if is_typed else name, arguments)
        if self._refusal(operation):
            yield from (
                "    with pytest.raises(Problem):",
                f"        {call.replace(NEWLINE, NEWLINE + '    ')}",
            )
        elif self._returned(operation)[0] == "None":
            yield f"    {call}"
        else:
            response = "response.body" if self._respond and any(self._beyond(operation)) else "response"
            yield from (f"    response = {call}", self._expected(operation, response))

    def _exchange(self, operation: Operation, request: str) -> Iterator[str]:
        """Yield the statements of a test that sends a request."""
        yield f"    response = {request}"
        status, response = _success_of(operation)
        refusal = self._refusal(operation)
        code = refusal or status.replace("default", "200").replace("XX", "00")
        yield f"    assert response.status_code == {code}, response.text"
        media_types = list(response.get("content", ()))
        if not refusal and media_types and is_json(media_types[0]) and operation.method != "head":
            yield self._expected(operation, "response.json()")

    def _expected(self, operation: Operation, response: str) -> str:
        """Return the assertion that compares a response with a sample of the declared one."""
        value = self._success(operation)[1]
        is_singleton = value is None or isinstance(value, bool)
        return f"    assert {response} {'is' if is_singleton else '=='} {literal(value, 4)}"


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


def _name_in_tests(name: str) -> str:
    """Return what a handler is called in tests; pytest would run one called ``test``."""
    return f"_{name}" if name in IN_TESTS or name.startswith("test") else name


def _lacking(operation: Operation) -> str:
    return shorten(f"{prose(operation.label)} is not implemented.", SUMMARY_WIDTH - 10)


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


def _lenience(**rules: bool) -> str:
    """Return the comment that silences the linter where the contract requires more than it allows."""
    broken = ", ".join(rule for rule, is_broken in rules.items() if is_broken)
    return LENIENCE.format(rules=broken) if broken else ""


def _has_odd_names(stubs: Sequence[Stub]) -> bool:
    return any(stub.name != stub.name.lower() for stub in stubs)


def _libraries(statements: Mapping[str, bool]) -> Iterator[str]:
    """Yield the imports that are needed, as a paragraph."""
    if needed := [statement for statement, is_needed in statements.items() if is_needed]:
        yield "\n" + "\n".join(needed) + "\n"


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


def _cast(cast: str, kind: str, value: Any, indent: int) -> str:
    """Return an example as if it were of a model's type, as the formatter leaves it."""
    if not (isinstance(value, dict | list) and value):
        return f'{cast}("{kind}", {literal(value, 0)})'
    space = " " * (indent + 4)
    lines = [f'{space}"{kind}",', f"{space}{literal(value, indent + 4)},", " " * indent + ")"]
    return "\n".join([f"{cast}(", *lines])


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    """Return the call of a handler in a test, as the formatter leaves it."""
    line = ", ".join(f"{key}={literal(value, 0)}" for key, value in arguments.items())
    if "\n" not in line and len(name + line) <= SUMMARY_WIDTH - 10:
        return f"asyncio.run({name}({line}))"
    lines = (f"            {key}={literal(value, 12)}," for key, value in arguments.items())
    return "\n".join(["asyncio.run(", f"        {name}(", *lines, "        )", "    )"])
