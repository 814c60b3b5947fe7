"""What goes wrong, as its operation declares it: the one renderer of errors, in services and in mocks.

A problem is sent in the media type and the schema that the contract has for its status, for the range of that,
or as the default. Where the contract has none, or has problem details, it is the document of RFC 9457.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from html import escape
from itertools import islice
from typing import Any, Protocol

import msgspec
from starlette.types import Message

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence, is_json, is_xml
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.service.clock import SystemClock
from contract_first.service.messages.problems import Problem, ProblemProfile, ViolationError
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered, Response

from .error_values import Draft, Occurrence
from .negotiation import preferred
from .rendering import ResponseRenderer

log = logging.getLogger("contract_first.service.errors")
ErrorFunction = Callable[[Problem, Operation, int], Any]
"""Returns the body of an error that an operation has with a status, None for the one that it has otherwise."""
MOST_BRANCHES, MOST_EXAMPLES, MOST_GENERATED = 8, 3, 4
RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}
"""Media types of errors that are declared with a range."""

ANY_REQUEST = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


class Generate(Protocol):
    """Yields values that a schema allows, likely ones; a mock has a generator of them."""

    def __call__(self, schema: Schema, label: str) -> Iterable[Any]: ...


class DeclaredError:
    """The errors of one status of an operation, in one media type.

    Attributes:
        media_type: that they are sent in.
    """

    def __init__(
        self,
        name: str,
        schema: Schema,
        examples: list[Any],
        profile: ProblemProfile,
        generate: Generate | None,
    ) -> None:
        self._is_problem = essence(name) == essence(profile.media_type)
        self.media_type = profile.media_type if self._is_problem else RANGES.get(name, name)
        self.schema, self._generate = schema, generate
        self._examples = list(islice(filter(schema.conforms, examples), MOST_EXAMPLES))
        self._is_text = self.media_type.startswith("text/") and not is_xml(essence(name))

    def value(self, problem: Problem, request: Request) -> Any:
        """Return the value that a problem is: the first that conforms, else the first."""
        first = None
        for value in self._values(problem, request):
            if value is not MISSING and self.schema.conforms(value):
                return value
            first = value if first is None and value is not MISSING else first
        return first

    def _values(self, problem: Problem, request: Request) -> Iterator[Any]:
        if self._is_text:
            yield escape(problem.reason) if essence(self.media_type) == "text/html" else problem.reason
        document = msgspec.to_builtins(request.problem_body(problem)) if self._is_problem else MISSING
        yield document
        occurrence = Occurrence(problem, request)
        for draft in self._drafts:
            value = draft.fill(occurrence)
            if isinstance(document, dict) and isinstance(value, dict):
                yield {**document, **value}
            yield value
        yield from self._examples
        yield from (draft.fill(occurrence) for draft in self._generated)

    @cached_property
    def _drafts(self) -> list[Draft]:
        """The ways to write the error, the best first: with what means something, with what is required."""
        example = next(iter(self._examples), MISSING)
        first = Draft(self.schema, example)
        others = range(1, min(first.branches, MOST_BRANCHES))
        return [
            first,
            *(Draft(self.schema, example, branch=branch) for branch in others),
            *(Draft(self.schema, value, keeps=True) for value in self._examples),
            *(Draft(self.schema, example, branch=branch, is_short=True) for branch in (0, *others)),
        ]

    @cached_property
    def _generated(self) -> list[Draft]:
        values = [] if self._generate is None else self._generate(self.schema, self.media_type)
        generated = islice(filter(self.schema.conforms, values), MOST_GENERATED)
        return [Draft(self.schema, value, keeps=True, is_authored=False) for value in generated]


class ErrorRenderer:
    """Renders what goes wrong in one operation.

    Args:
        renderer: of the operation's responses, which validates them.
        function: says what the body is, if it says anything.

    Attributes:
        generate: makes values where nothing else conforms; None in a service.
    """

    def __init__(
        self,
        operation: Operation,
        contract: Contract,
        renderer: ResponseRenderer,
        profile: ProblemProfile,
        function: ErrorFunction | None = None,
    ) -> None:
        self._operation, self._contract = operation, contract
        self._renderer, self._profile, self._function = renderer, profile, function
        self._declared: dict[int, Mapping[str, DeclaredError]] = {}
        self.generate: Generate | None = None

    def render(self, problem: Problem, request: Request, like: int = 0) -> Rendered | None:
        """Return the response that a problem is, None where that is problem details.

        Args:
            like: the status whose error it is to be like, where it is not its own.
        """
        try:
            return self._rendered(problem, request, like or int(problem.status))
        except ViolationError:
            return None
        except Exception:  # an error is sent in any case
            log.exception(
                "An error of %s cannot be rendered (request %s)", self._operation.label, request.request_id
            )
            return None

    def _rendered(self, problem: Problem, request: Request, status: int) -> Rendered | None:
        declared = self._declared_for(status)
        media_type = preferred(request.header(b"accept"), [*declared])
        if media_type is None:
            return None
        error = declared[media_type]
        value = self._function and self._function(problem, self._operation, status)
        value = error.value(problem, request) if value is None else value
        rendered = self._renderer.render(Response(value, status, problem.headers, error.media_type), request)
        rendered.status = int(problem.status)
        return rendered

    def declares(self, problem: Problem) -> bool:
        """Tell whether a problem of any request can be sent as the operation declares it."""
        request = Request(ANY_REQUEST, _nothing, "0", SystemClock(), self._profile)
        declared = self._declared_for(int(problem.status)).values()
        return any(error.schema.conforms(error.value(problem, request)) for error in declared)

    def _declared_for(self, status: int) -> Mapping[str, DeclaredError]:
        if status not in self._declared:
            content = (self._operation.response_for(status) or {}).get("content", {})
            names = sorted(filter(_is_written, content), key=self._rank)
            self._declared[status] = {name: self._error(name, content[name]) for name in names}
        return self._declared[status]

    def _rank(self, name: str) -> int:
        kind = essence(name)
        return 0 if kind == essence(self._profile.media_type) else 1 if is_json(kind) else 2

    def _error(self, name: str, holder: Mapping[str, Any]) -> DeclaredError:
        schema = self._contract.schemas.view(formats=True).for_responses.in_media_type(holder)
        named = [
            self._contract.resolve(node).get("value", MISSING) for node in holder.get("examples", {}).values()
        ]
        examples = [value for value in (holder.get("example", MISSING), *named) if value is not MISSING]
        examples += [part["example"] for part in schema.parts[:1] if "example" in part]
        return DeclaredError(name, schema, examples, self._profile, self.generate)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _is_written(name: str) -> bool:
    kind = essence(name)
    return (
        is_json(kind)
        or is_xml(kind)
        or kind.startswith("text/")
        and kind != "text/event-stream"
        or kind in RANGES
    )
