"""What goes wrong, as its operation declares it: the one renderer of errors, in services and in mocks.

A problem is sent in the media type and the schema that the contract has for its status, for the range of it,
or as the default. Where the contract has none, or has problem details, it is a document of RFC 9457.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from html import escape
from itertools import islice, tee
from typing import Any

import msgspec

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence, is_json, is_xml
from contract_first.contract.schemas.schema import MISSING
from contract_first.service.messages.problems import Problem, ProblemProfile, ViolationError
from contract_first.service.messages.request import Request
from contract_first.service.messages.response import Rendered, Response
from contract_first.vocabulary.words import plain

from .error_members import Occurrence
from .error_values import Draft
from .negotiation import preferred
from .rendering import ResponseRenderer, of_range

log = logging.getLogger("contract_first.service.errors")
ErrorFunction = Callable[[Problem, Operation, int], Any]
"""Returns the body of an error that an operation has with a status, None for the one that is by default."""
Generate = Callable[[Any, str], Iterable[tuple[Any, bool]]]
"""Yields values that a schema allows, for a label; a mock's generator has them as its candidates."""
MOST_BRANCHES, MOST_EXAMPLES = 8, 3


def is_written(media_type: str) -> bool:
    """Tell whether errors of a media type, or one of its range, can be written."""
    kind = essence(media_type)
    is_text = kind.startswith("text/") and kind != "text/event-stream"
    return is_text or is_json(kind) or is_xml(kind) or kind in {"*/*", "application/*"}


class DeclaredError:
    """The errors of one status of an operation, in one media type.

    Attributes:
        media_type: that they are sent in.
    """

    def __init__(
        self,
        name: str,
        holder: Mapping[str, Any],
        contract: Contract,
        profile: ProblemProfile,
        generate: Generate | None,
    ) -> None:
        self._is_problem = essence(name) == essence(profile.media_type)
        self.media_type = (
            profile.media_type if self._is_problem else of_range(name, None) if "*" in name else name
        )
        self._schema = contract.schemas.view(formats=True).for_responses.in_media_type(holder)
        self._generate = generate
        named = [contract.resolve(example) for example in holder.get("examples", {}).values()]
        examples = [example["value"] for example in named if "value" in example]
        examples += [node["example"] for node in (holder, *self._schema.parts[:1]) if "example" in node]
        self._examples = list(islice(filter(self._schema.conforms, examples), MOST_EXAMPLES))

    def value(self, problem: Problem, request: Request) -> Any:
        """Return the value that a problem is: the first that conforms, else the first."""
        extensions = {} if problem.violations else problem.extensions
        members = {plain(name): member for name, member in extensions.items()}
        occurrence = Occurrence(problem, request, msgspec.to_builtins(members, enc_hook=str))
        values, others = tee(self._values(occurrence))
        return next(filter(self._schema.conforms, values), next(others))

    def _values(self, occurrence: Occurrence) -> Iterator[Any]:
        problem, document = occurrence.problem, {}
        if self.media_type.startswith("text/"):
            yield escape(problem.reason) if essence(self.media_type) == "text/html" else problem.reason
            yield from (*self._examples, *self._generated)
            return
        if self._is_problem:
            document = msgspec.to_builtins(occurrence.request.problem_body(problem))
            yield document
        for draft in self._drafts:
            value = draft.fill(occurrence)
            yield {**document, **value} if document and isinstance(value, dict) else value
            yield value
        yield from self._examples
        for value in self._generated:
            yield from (Draft(self._schema, value, is_authored=False).fill(occurrence), value)

    @cached_property
    def _drafts(self) -> list[Draft]:
        """The ways to write the error: with each of the alternatives."""
        example = next(iter(self._examples), MISSING)
        first = Draft(self._schema, example)
        branches = range(1, min(first.branches, MOST_BRANCHES))
        return [first, *(Draft(self._schema, example, branch) for branch in branches)]

    @cached_property
    def _generated(self) -> list[Any]:
        pairs = self._generate(self._schema.node, self.media_type) if self._generate else ()
        return [value for value, _ in islice(pairs, MOST_EXAMPLES)]


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
        self._errors = cache(self._errors_of)
        self.generate: Generate | None = None

    def render(self, problem: Problem, request: Request, like: int = 0) -> Rendered | None:
        """Return the response that a problem is, None where that is problem details.

        Args:
            like: the status whose error it is to be like, where it is not its own.
        """
        status = like or int(problem.status)
        try:
            errors = self._errors(status)
            if not errors:
                return None
            error = errors[str(preferred(request.header(b"accept"), [*errors]))]
            value = self._function and self._function(problem, self._operation, status)
            value = error.value(problem, request) if value is None else value
            response = Response(value, status, problem.headers, error.media_type)
            rendered = self._renderer.render(response, request)
        except ViolationError:
            return None
        except Exception:  # an error is sent in any case
            message = "An error of %s cannot be written (request %s)"
            log.exception(message, self._operation.label, request.request_id)
            return None
        rendered.status = int(problem.status)
        return rendered

    def _errors_of(self, status: int) -> Mapping[str, DeclaredError]:
        """Return the errors of a status by media type: problem details first, then JSON."""
        content = (self._operation.response_for(status) or {}).get("content", {})
        kind = essence(self._profile.media_type)
        names = sorted(content, key=lambda name: (essence(name) != kind, not is_json(essence(name))))
        make = partial(DeclaredError, contract=self._contract, profile=self._profile, generate=self.generate)
        return {name: make(name, content[name]) for name in names if is_written(name)}
