"""Ask the mock, and Prism, what documents of others allow and forbid: who responds as the document says?

    python bench/conformance.py                     the table of 20 documents, and bench/conformance.json
    python bench/conformance.py --sample 0          all of them: many hours
    python bench/conformance.py --documents DIR     documents of a folder of your own
    python bench/conformance.py --packages DIR      with what npm has installed there already
    python bench/conformance.py --smoke             ours alone, one document: does the script run at all?

Schemathesis reads the document, generates the requests and validates the responses; nothing of this project
has a part in that. Both servers get a copy of the document without security requirements and base paths. A
document has to be one file. Needs Linux, and npm as `documents.py` does.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from compare import WIDTH, machine
from documents import chosen, ours, parser_of, running, theirs
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from rich import box
from rich.console import Console
from rich.table import Table
from schemathesis import GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.failures import FailureGroup
from schemathesis.core.jsonschema.resolver import resolve_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case
    from schemathesis.schemas import APIOperation, BaseSchema

HERE = Path(__file__).parent
SMOKE = HERE.parent / "examples" / "petstore" / "openapi.yaml"
LEFT_OUT = {"security", "servers", "host", "basePath", "schemes"}
CONFIGURATION = {
    "generation": {"with-security-parameters": False},
    "output": {"sanitization": {"enabled": False}},  # there are no secrets in what is generated
}
OPERATIONS, REQUESTS = 10, 2
"""Of a document, and of each kind for an operation, at most."""
DRAWN = 8
"""Wrong bodies are drawn, of which those count that its schema refuses for sure."""
DOCUMENT_SECONDS, OPERATION_SECONDS, REQUEST_SECONDS = 60, 10, 10
SCHEMATHESIS_CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
UNDEFINED = {"accept", "content-type", "authorization", "user-agent"}
"""Header parameters that OpenAPI ignores, or that every client sends."""
ELSEWHERE = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
}
"""Statuses that refuse a request for something else than what is wrong with it here."""
SUCCESS, CLIENT_ERROR = 2, 4
"""Of hundreds of statuses."""
STARTED, VALID, INVALID, EXAMPLE = FIGURES = (
    "documents started",
    "valid requests: 2xx that conforms",
    "invalid requests: refused",
    "examples of the author: sent",
)
OURS, PRISM = "scanner-api", "Prism"


class TooLong(KeyboardInterrupt):
    """The time for something is over: of a kind that Hypothesis lets pass."""


@dataclass(frozen=True)
class Request:
    """A request, also as a command; which figure it counts for; the examples of its response."""

    case: Case[Any]
    curl: str
    figure: str
    examples: list[Any] = field(default_factory=list)


@dataclass
class Seen:
    """What a server did: by figure, how many there were and how many were right; and what was wrong."""

    server: str
    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)

    def count(self, figure: str, document: str, request: str = "", wrong: str = "") -> None:
        """Count one of a figure, and keep what is wrong with it, if anything."""
        self.asked[figure] += 1
        self.right[figure] += not wrong
        if wrong:
            failure = {"figure": figure, "document": document, "request": request, "wrong": wrong[:1000]}
            self.failures.append(failure)


def main() -> None:
    """Ask everyone, print the table and write the numbers."""
    options = arguments()
    load_all_checks()
    logging.disable()  # of libraries, about documents
    skipped: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        smoke = ([SMOKE], Path(folder) / "none")
        documents, prism = smoke if options.smoke else chosen(options, Path(folder))
        seen = [Seen(OURS), *([Seen(PRISM)] if prism.exists() else [])]
        for document in documents:
            copied = Path(folder) / f"{document.stem}.json"
            try:
                made = prepared(document, copied, skipped)
            except (Exception, TooLong) as error:  # noqa: BLE001 -- it need not read every document
                skipped[f"document: {type(error).__name__}"] += 1
                continue
            for each in seen:
                command = ours(copied) if each.server == OURS else theirs(prism, copied)
                ask(each, command, document.name, made)
    Console(width=WIDTH, highlight=False).print(machine(), table(seen))
    Console(width=WIDTH, highlight=False).print(f"{len(documents)} documents, left out: {dict(skipped)}")
    numbers = {"documents": len(documents), "left out": skipped, "servers": [vars(each) for each in seen]}
    options.json.write_text(json.dumps(numbers, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = parser_of("Ask mocks what documents of others allow and forbid.", "conformance.json")
    parser.add_argument("--smoke", action="store_true", help="ours alone, one document")
    return parser.parse_args()


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TooLong in the block once it took so much processor time of its own."""

    def over(_number: int, _frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def prepared(document: Path, copied: Path, skipped: Counter[str]) -> list[Request]:
    """Write the copy of a document that the servers get, and return the requests for it."""
    with limited(DOCUMENT_SECONDS):
        schema = read(document)
        copied.write_text(json.dumps(schema.raw_schema))
    return list(made_for(schema, skipped))


def read(document: Path) -> BaseSchema:
    """Read a document without what says who may call, and where."""
    config = SchemathesisConfig.from_dict(CONFIGURATION)
    raw = dict(schemathesis.openapi.from_path(document).raw_schema)
    paths = {
        path: {name: open_to_all(each) for name, each in open_to_all(item).items()}
        for path, item in raw["paths"].items()
    }
    return schemathesis.openapi.from_dict({**open_to_all(raw), "paths": paths}, config=config)


def open_to_all(value: Any) -> Any:
    """Return an object of a document without what says who may call, and where."""
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if name not in LEFT_OUT}


def made_for(schema: BaseSchema, skipped: Counter[str]) -> Iterator[Request]:
    """Yield requests for operations from all over a document."""
    operations = [result.ok() for result in schema.get_all_operations() if hasattr(result, "ok")]
    for operation in operations[:: max(len(operations) // OPERATIONS, 1)][:OPERATIONS]:
        try:
            with limited(OPERATION_SECONDS):
                yield from list(made(operation))
        except (Exception, TooLong) as error:  # noqa: BLE001 -- the same
            skipped[f"operation: {type(error).__name__}"] += 1


def made(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Request]:
    """Yield valid requests for an operation, and invalid ones."""
    # a fragment, by which some documents tell operations of one path apart, is never sent
    if "#" in operation.path or not any(code.startswith("2") for code in operation.responses.status_codes):
        return
    valid = drawn(operation, GenerationMode.POSITIVE, REQUESTS)
    examples = list(examples_of(operation))
    for case in valid:
        # of other media types Schemathesis makes bodies by their schemas, such as an image of JSON
        if not case.media_type or case.media_type in FORMS or is_json(case.media_type):
            yield Request(case, case.as_curl_command(), VALID, examples)
    wrong = [*without_required(operation, valid[0]), *with_wrong_body(operation, valid[0])]
    for case in wrong[:REQUESTS]:
        yield Request(case, case.as_curl_command(), INVALID)


def drawn(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, count: int) -> list[Case[Any]]:
    """Return requests that Schemathesis generates, the same each time."""
    cases: list[Case[Any]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Case[Any]) -> None:
        cases.append(case)

    draw()
    return cases


def without_required(operation: APIOperation[Any, Any, Any, Any], valid: Case[Any]) -> Iterator[Case[Any]]:
    """Yield a request without a parameter that it has to have, and whose name is on the wire."""
    for name in ("query", "headers"):
        for parameter in getattr(operation, name):
            values = getattr(valid, name) or {}
            if parameter.is_required and parameter.name in values and parameter.name.lower() not in UNDEFINED:
                left = {key: value for key, value in values.items() if key != parameter.name}
                yield changed(valid, **{name: left})
                return


def with_wrong_body(operation: APIOperation[Any, Any, Any, Any], valid: Case[Any]) -> Iterator[Case[Any]]:
    """Yield requests that are valid but for a body of JSON that its schema refuses."""
    bodies = {each.media_type: each for each in operation.body if is_json(each.media_type)}
    for case in drawn(operation, GenerationMode.NEGATIVE, DRAWN) if bodies else ():
        if case.media_type in bodies and is_refused(bodies[case.media_type], case.body):
            yield changed(valid, body=case.body, media_type=case.media_type)


def is_refused(body: Any, value: Any) -> bool:
    """Return whether a value is one of JSON, and the schema of a body refuses it."""
    try:
        return not body.is_valid(json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError):
        return False


def changed(case: Case[Any], **parts: Any) -> Case[Any]:
    """Return a request with other parts."""
    names = ("path_parameters", "headers", "cookies", "query", "body", "media_type")
    same: dict[str, Any] = {name: getattr(case, name) for name in names}
    new: Case[Any] = case.operation.Case(method=case.method, **{**same, **parts})
    return new


def is_json(media_type: str) -> bool:
    """Return whether a media type is one of JSON."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence == "application/json" or essence.endswith("+json")


def examples_of(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Any]:
    """Yield the examples of an operation's first success, if that is JSON: all of them, conforming or not."""
    code = min(code for code in operation.responses.status_codes if code.startswith("2"))
    found = operation.responses.get(code)
    definition = found.definition if found else {}
    if "content" not in definition:
        yield from (value for name, value in definition.get("examples", {}).items() if is_json(name))
        yield from examples_in_schema(definition.get("schema", {}), found)
        return
    name, content = next(iter(definition["content"].items()), ("", {}))
    if is_json(name):
        yield from ([content["example"]] if "example" in content else ())
        yield from (each["value"] for each in content.get("examples", {}).values() if "value" in each)
        yield from examples_in_schema(content.get("schema", {}), found)


def examples_in_schema(schema: Any, response: Any) -> Iterator[Any]:
    """Yield the examples at the top of a schema."""
    reference = schema.get("$ref")
    if reference:
        _, schema = resolve_reference(response.resolver, reference)
    yield from ([schema["example"]] if "example" in schema else ())
    yield from schema.get("examples", ())


def ask(seen: Seen, command: tuple[str, ...], document: str, made: list[Request]) -> None:
    """Start a server with a document, and send it the requests."""
    with running(command) as (url, start), requests.Session() as session:
        session.trust_env = False
        session.headers.clear()  # they would replace those of the request
        seen.count(STARTED, document, wrong="" if start.seconds else "did not start")
        for each in made if start.seconds else ():
            try:
                response = each.case.call(base_url=url, session=session, timeout=REQUEST_SECONDS)
            except requests.RequestException as error:
                seen.count(each.figure, document, each.curl, f"{type(error).__name__}: {error}")
                continue
            try:
                wrong = not_valid(each.case, response) if each.figure == VALID else not_refused(response)
            except InvalidSchema:  # of which Schemathesis can say nothing
                continue
            seen.count(each.figure, document, each.curl, wrong)
            if conforming := [value for value in each.examples if conforms(each.case, response, value)]:
                seen.count(EXAMPLE, document, each.curl, not_an_example(response, conforming))


def not_valid(case: Case[Any], response: Response) -> str:
    """Return why a response is no success as the document has it."""
    if response.status_code // 100 != SUCCESS:
        return summary(response)
    try:
        case.validate_response(response, checks=[CHECKS.get_one(name) for name in SCHEMATHESIS_CHECKS])
    except FailureGroup as group:
        return "; ".join(f"{each.title}: {each.message}" for each in group.exceptions)
    return ""


def not_refused(response: Response) -> str:
    """Return how a response takes a wrong request for a right one, or does not look at it."""
    status = response.status_code
    return "" if status // 100 == CLIENT_ERROR and status not in ELSEWHERE else summary(response)


def conforms(case: Case[Any], response: Response, value: Any) -> bool:
    """Return whether an example is one of what the server responded with, by its schema."""
    if response.status_code // 100 != SUCCESS or not is_json(content_type(response)):
        return False
    content = json.dumps(value).encode()
    sent = Response(response.status_code, response.headers, content, response.request, 0, verify=True)
    is_valid: bool = case.operation.is_valid_response(sent)
    return is_valid


def not_an_example(response: Response, examples: list[Any]) -> str:
    """Return what a server sent instead of an example."""
    # members that the request names, such as an id of its path, may differ from the author's: ours says so
    if response.headers.get("x-mock-answer") == ["example"]:
        return ""
    return "" if response.json() in examples else summary(response)


def content_type(response: Response) -> str:
    """Return the media type of a response."""
    return next(iter(response.headers.get("content-type", [])), "")


def summary(response: Response) -> str:
    """Return the status of a response, and its beginning."""
    return f"{response.status_code} {response.content[:500].decode(errors='replace')}"


def table(seen: list[Seen]) -> Table:
    """Lay the numbers out, a row for each server and figure."""
    shown = Table("figure", "server", "of", "right", "%", box=box.MARKDOWN)
    for figure in FIGURES:
        for each in seen:
            asked, right = each.asked[figure], each.right[figure]
            shown.add_row(
                figure, each.server, str(asked), str(right), f"{100 * right / asked:.1f}" if asked else "-"
            )
    return shown


if __name__ == "__main__":
    main()
