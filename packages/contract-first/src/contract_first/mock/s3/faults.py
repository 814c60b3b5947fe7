"""Faults on S3, as its process applies them: slow, refusing, or dropped."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any, ClassVar

import msgspec

from contract_first.mock.extension import NO_EXTENSION, Extension
from contract_first.mock.rule_members import is_present
from contract_first.mock.rules.reading import RuleReader
from contract_first.mock.rules.registry import Injection, Rules
from contract_first.mock.state.clock import SkewedClock
from contract_first.service.messages.problems import BadRequest
from strict_s3 import faults as s3_faults
from strict_s3.faults import Dropped
from strict_s3.http.body import PacedBody
from strict_s3.messages.clock import Clock
from strict_s3.messages.errors import CODES, REFUSALS, S3Error, invalid_argument
from strict_s3.messages.request import UNWATCHED, Request

SCOPE_HEADER = "x-mock-scope"
FAULT_HEADER = "x-mock-fault"


def _drop(*_: object) -> None:
    raise Dropped


def _refuse(injection: Injection, *_: object) -> None:
    effect = injection.effect
    code = effect.s3_code or CODES.get(effect.status or 0, "InternalError")
    status, message = REFUSALS.get(code, (500, code))
    seconds = effect.retry_after_seconds
    headers = [] if seconds is None else [("Retry-After", str(seconds))]
    raise S3Error(effect.status or status, code, message, headers=headers)


def _pace(injection: Injection, request: Request, _: ExitStack) -> None:
    if isinstance(request.body, PacedBody):
        request.body.bytes_per_second = injection.effect.bytes_per_second


STEPS: Mapping[str, Callable[[Injection, Request, ExitStack], object]] = {
    "latency_ms": lambda injection, *_: time.sleep(injection.seconds),
    "drop": _drop,
    "status": _refuse,
    "s3_code": _refuse,
    "bytes_per_second": _pace,
    "drop_response": lambda _injection, _request, stack: stack.callback(_drop),
}
"""What each effect does, in this order; the stack does the rest once the request is served."""


class S3Faults(s3_faults.Faults):
    """The active faults on S3; an application hands over a subclass with its extension.

    A form has its key in its body: a fault that needs the form's fields applies once they are read, any other
    fault before.
    """

    extension: ClassVar[Extension] = NO_EXTENSION
    steps: ClassVar = STEPS

    def __init__(self) -> None:
        self._faults = Rules()

    def clock(self, clock: Clock) -> Clock:
        """Return a clock that shows a fault's time while that fault applies."""
        return SkewedClock(clock)

    def may_inject(self, request: Request) -> bool:
        """Return whether a fault may apply to a request."""
        return self._faults.on_s3 or FAULT_HEADER in request.headers

    def switch(self, faults: Iterable[Mapping[str, Any]], seed: int) -> None:
        """Replace all faults by these, each a fault as JSON; ``seed`` is that of chance."""
        self._faults.switch([msgspec.convert(fault, self.extension.rule) for fault in faults], seed)

    @contextmanager
    def around(self, request: Request, *, fields_are_read: bool = False) -> Iterator[None]:
        """Apply the matching fault to what is done in the context.

        Raises:
            S3Error: the response.
            Dropped: there is to be none.
        """
        injection = self._injection(request, fields_are_read=fields_are_read)
        if injection is None:
            yield
            return
        request.struck.append(injection.rule)
        with ExitStack() as stack:
            for name, step in self.steps.items():
                if is_present(injection.effect, name):
                    step(injection, request, stack)
            stack.enter_context(injection.effect.applied())
            yield

    def scope_of(self, request: Request) -> str:
        """Return the scope of a request, empty for none."""
        return request.headers.get(SCOPE_HEADER, "")

    @cached_property
    def _reader(self) -> RuleReader:
        return RuleReader(self.extension)

    def _injection(self, request: Request, *, fields_are_read: bool) -> Injection | None:
        if request.struck or request.has(UNWATCHED):
            return None
        text = request.headers.get(FAULT_HEADER)
        if text is not None:
            try:
                return self._reader.injection(text, "s3")
            except BadRequest as problem:
                raise invalid_argument(problem.detail, "X-Mock-Fault", text) from None
        matchable = _S3Request(request, self.scope_of(request))
        if not request.is_form:
            return self._faults.injection(matchable)
        return self._faults.injection(matchable, lambda fault: fault.match.reads_form == fields_are_read)


class _S3Request:
    """A request to S3, for faults to match."""

    service = ""
    """No request to S3 is for the service of a contract."""

    def __init__(self, request: Request, scope: str) -> None:
        self.method = request.method
        self.path = f"/{request.bucket}/{request.key}" if request.key else f"/{request.bucket}"
        self.operation = request.operation.name
        self.key = request.key or request.fields.get("key", "")
        self.scope = scope
        self._request = request

    def mentions(self, text: str) -> bool:
        return text in self.key.split("/")

    def values(self, place: str, name: str) -> Sequence[str]:
        if place == "query":
            return [value for parameter, value in self._request.query if parameter == name]
        value = self._request.headers.get(name.lower())
        return [] if value is None else [value]
