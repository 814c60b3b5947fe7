"""A rule: the requests that it applies to, and its effect on them.

The control API's document says which values are valid, and `faults.reading` validates by it; these are the
values. An application adds selectors and effects of its own by subclasses, see `extension.Extension`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from http import HTTPMethod, HTTPStatus
from importlib.util import find_spec
from random import Random
from typing import Any, Literal, Protocol

import msgspec

from contract_first.contract.contract import is_named

from .conditions import Condition, RequestValues
from .journal.matching import matches
from .latency import Latency, Uniform
from .override import Patch, Respond
from .state.clock import skewed
from .templates.filling import TemplateError
from .templates.process import TEMPLATES

MOST_MILLISECONDS = 600_000


class RuleError(ValueError):
    """A value is not a valid fault.

    Args:
        where: JSON pointer to the wrong part; empty for the whole value.
    """

    page = "overrides"

    def __init__(self, where: str, rule: str, detail: str) -> None:
        super().__init__(f"{where or 'the whole'}: {detail}")
        self.where = where
        self.rule = rule
        self.detail = detail


class RuleFileError(ValueError):
    """A file holds no valid faults; the message names the file, the entry and the part."""

    page = "overrides"


class MatchableRequest(RequestValues, Protocol):
    """A request to the API or to S3, with the attributes that rules match."""

    @property
    def method(self) -> str:
        """The HTTP method, upper case."""

    @property
    def path(self) -> str:
        """The path, decoded; of S3 ``/BUCKET/KEY``, or ``/BUCKET`` for a form."""

    @property
    def operation(self) -> str:
        """The operationId, or the name of S3's operation; empty if there is none."""

    @property
    def key(self) -> str:
        """The key of the object in S3; empty if there is none."""

    @property
    def scope(self) -> str:
        """The value of ``X-Mock-Scope``."""

    def mentions(self, text: str) -> bool:
        """Return whether a text is a segment of path or key, or in the query or the beginning of the body."""


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The requests that a rule applies to: all selectors must match; an empty one matches everything.

    Attributes:
        operation: an operationId, or the end of one behind a ``_``; for S3, the name of S3's operation.
        path: pattern (``*``, ``?``) of the path.
        key: pattern of the key of the object in S3.
        query: conditions by name, as are those of headers and cookies; see `conditions`.
        body: conditions by JSON pointer, on a body of JSON or a form.
        item: conditions by JSON pointer, on the stored item that the path is for.
    """

    operation: str = ""
    method: str = ""
    path: str = ""
    key: str = ""
    query: dict[str, Any] = {}
    headers: dict[str, Any] = {}
    cookies: dict[str, Any] = {}
    body: dict[str, Any] = {}
    item: dict[str, Any] = {}

    def matches(self, request: MatchableRequest) -> bool:
        """Return whether all selectors match a request, conditions aside."""
        return (
            self.method.upper() in ("", request.method)
            and (not self.path or matches(request.path, self.path))
            and (not self.operation or is_named(request.operation, self.operation))
            and (not self.key or matches(request.key, self.key))
        )

    def conditions(self) -> tuple[Condition, ...]:
        """Return the conditions on what was sent, and on what is stored."""
        places = {
            "query": self.query,
            "headers": self.headers,
            "cookies": self.cookies,
            "body": self.body,
            "item": self.item,
        }
        return tuple(
            Condition.of(place, name, document)
            for place, documents in places.items()
            for name, document in documents.items()
        )

    @property
    def reads_body(self) -> bool:
        """Whether the beginning of an API request's body decides."""
        return bool(self.body)

    @property
    def reads_form(self) -> bool:
        """Whether the fields of a form to S3 decide: its key is one of them."""
        return bool(self.key)


class Forward(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a request is forwarded to the mock's upstream.

    Attributes:
        mock_on: statuses of the upstream for which the mock responds in its place.
    """

    mock_on: tuple[int, ...] = ()


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The effect of a rule on a request.

    Attributes:
        latency_ms: delay of the response: milliseconds, or a distribution of them.
        status: of the response; None for the status that it would have had.
        drop: whether the connection is closed without a response, and nothing else happens.
        drop_response: whether it is closed where the response would go out: what was asked for is done.
        bytes_per_second: rate of the API's response, or of an upload to S3; None for no limit.
        cut_after_bytes: of the API's response body, after which the connection is closed; None for never.
        retry_after_seconds: value of all headers that say when to retry.
        clock_skew_seconds: how much later the clock shows it to be, for this request.
        respond: the response, in place of the operation's.
        patch: of the response that would have been sent.
        forward: to the mock's upstream, which responds; None, as is False, for not at all.
        sequence: an effect for each request in turn, and nothing else; the last one stays.
    """

    latency_ms: float | Latency = 0
    status: int | None = None
    error_code: str = ""
    s3_code: str = ""
    drop: bool = False
    drop_response: bool = False
    bytes_per_second: int | None = None
    cut_after_bytes: int | None = None
    retry_after_seconds: int | None = None
    clock_skew_seconds: float = 0
    respond: Respond | None = None
    patch: Patch | None = None
    forward: Forward | bool | None = None
    sequence: tuple["Effect", ...] = ()

    def step(self, number: int) -> "Effect":
        """Return the effect on the request of a number, from 1, of those that the rule applies to."""
        return self.sequence[min(number, len(self.sequence)) - 1] if self.sequence else self

    def applied(self) -> AbstractContextManager[None]:
        """Return the context in which a request is served."""
        return skewed(self.clock_skew_seconds) if self.clock_skew_seconds else nullcontext()

    def seconds(self, random: Random) -> float:
        """Return the delay in seconds, between none and ten minutes."""
        latency = self.latency_ms
        drawn = latency if isinstance(latency, (int, float)) else latency.draw(random)
        return min(max(drawn, 0), MOST_MILLISECONDS) / 1000

    @property
    def refuses(self) -> bool:
        """Whether S3 responds with an error."""
        return self.status is not None or bool(self.s3_code)

    @property
    def decides(self) -> bool:
        """Whether nothing that has another effect on the API's response is to be asked."""
        return self.drop or self.status is not None or self.respond is not None or bool(self.forward)

    @property
    def may_decide(self) -> bool:
        """Whether it `decides`, or one of its steps does."""
        return self.decides or any(step.decides for step in self.sequence)

    @property
    def forwards(self) -> bool:
        """Whether it forwards, or one of its steps does."""
        return bool(self.forward) or any(step.forward for step in self.sequence)


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated failure: what happens, to which requests, and how often.

    Attributes:
        on: the server whose requests it applies to.
        scope: value of their ``X-Mock-Scope``; empty for all.
        skip: number of matching requests that pass first.
        times: number of requests that it applies to then; None for all.
        probability: of applying to a request, between 0 and 1.
        struck: number of requests that were, counted by the mock.
    """

    id: str = ""
    name: str = ""
    on: Literal["api", "s3"] = "api"
    match: Match = Match()
    scope: str = ""
    skip: int = 0
    times: int | None = None
    probability: float = 1
    effect: Effect
    struck: int = 0

    def matches(self, request: MatchableRequest) -> bool:
        """Return whether the rule applies to a request, conditions on what was sent aside."""
        return self.scope in ("", request.scope) and self.match.matches(request)

    @classmethod
    def document(cls, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a rule as JSON, of fields of its own, of its match and of its effect."""
        rest, parts = dict(fields), dict[str, Any]()
        for declared in msgspec.structs.fields(cls):
            if declared.name in {"match", "effect"}:
                names = [name for name in declared.type.__struct_fields__ if name in rest]
                parts[declared.name] = {name: rest.pop(name) for name in names}
        return {**parts, **rest}

    @property
    def reads_body(self) -> bool:
        """Whether the beginning of an API request's body makes a difference."""
        return self.match.reads_body or b"request.body" in msgspec.json.encode(self.effect)

    @property
    def reads_item(self) -> bool:
        """Whether the stored item that a request is for makes a difference."""
        effect = msgspec.json.encode(self.effect)
        return bool(self.match.item) or (b"item" in effect and (b"{{" in effect or b"{%" in effect))

    def check(self, at: str = "/effect") -> None:
        """Raise RuleError for parts that are valid one by one and contradict each other.

        Args:
            at: JSON pointer to the effect.
        """
        effect = self.effect
        if effect == type(effect)():
            raise RuleError(at, "minProperties", "has no effect; all that it says is so without it")
        self._check_sequence(at)
        self._check_server(at)
        if self.match.method and self.match.method.upper() not in HTTPMethod.__members__:
            raise RuleError("/match/method", "method", f"is none of {', '.join(HTTPMethod)}")
        latency = effect.latency_ms
        if isinstance(latency, Uniform) and latency.lower > latency.upper:
            raise RuleError(f"{at}/latency_ms/lower", "upper", "is above the upper bound")
        _check_drops(effect, at)
        _check_override(effect, at)
        if self.on == "s3":
            _check_s3(effect, at)
        if effect.error_code and effect.status is None:
            raise RuleError(f"{at}/error_code", "status", "needs a status beside it")

    def _check_sequence(self, at: str) -> None:
        sequence = self.effect.sequence
        for index, step in enumerate(sequence):
            if step.sequence:
                raise RuleError(f"{at}/sequence/{index}/sequence", "sequence", "is in a sequence already")
            msgspec.structs.replace(self, effect=step).check(f"{at}/sequence/{index}")
        if sequence and self.effect != type(self.effect)(sequence=sequence):
            raise RuleError(f"{at}/sequence", "sequence", "stands alone; the effects in it say what happens")

    def _check_server(self, at: str) -> None:
        """Check that what only one of the servers has is not for the other."""
        effect, match = self.effect, self.match
        of_api: dict[str, Any] = {
            f"{at}/error_code": effect.error_code,
            f"{at}/respond": effect.respond,
            f"{at}/patch": effect.patch,
            f"{at}/forward": effect.forward,
            f"{at}/cut_after_bytes": effect.cut_after_bytes is not None,
            "/match/cookies": match.cookies,
            "/match/body": match.body,
            "/match/item": match.item,
        }
        of_s3: dict[str, Any] = {f"{at}/s3_code": effect.s3_code}
        for where, value in (of_api if self.on == "s3" else of_s3).items():
            if value:
                other = "s3" if self.on == "api" else "api"
                raise RuleError(where, "on", f"applies to faults on {other} only")
        if self.on == "api" and match.key:
            raise RuleError("/match/key", "on", "applies to faults on s3 only; try match.session")


def _check_drops(effect: Effect, at: str) -> None:
    if effect.drop and effect.drop_response:
        raise RuleError(f"{at}/drop_response", "drop", "drop closes the connection before; choose one")
    for name in ("drop", "drop_response"):
        if getattr(effect, name) and (effect.status or effect.error_code or effect.s3_code):
            raise RuleError(f"{at}/{name}", name, "leaves no response, so there is no status or code of one")


def _check_override(effect: Effect, at: str) -> None:
    for name in ("respond", "patch"):
        part: Respond | Patch | None = getattr(effect, name)
        if part is None:
            continue
        if part == Patch():
            raise RuleError(f"{at}/patch", "minProperties", "changes nothing")
        for where, detail in part.problems():
            raise RuleError(f"{at}/{name}{where}", name, detail)
        if isinstance(part, Respond) and not part.templates:
            continue
        try:
            TEMPLATES.check(msgspec.to_builtins(part), f"{at}/{name}")
        except TemplateError as error:
            raise RuleError(error.where, "template", error.detail) from None
    if effect.respond and (effect.patch or effect.status or effect.drop or effect.drop_response):
        raise RuleError(
            f"{at}/respond", "respond", "is the whole response: no status, patch or drop goes with it"
        )
    if effect.forward and (effect.respond or effect.status or effect.drop):
        raise RuleError(
            f"{at}/forward", "forward", "has the upstream respond: no respond, status or drop goes with it"
        )
    if effect.patch and (effect.drop or effect.drop_response):
        raise RuleError(f"{at}/patch", "patch", "needs a response, which drop leaves out")


def _check_s3(effect: Effect, at: str) -> None:
    if effect.status is not None and effect.status < HTTPStatus.BAD_REQUEST:
        raise RuleError(f"{at}/status", "minimum", "must be at least 400 on s3, which only refuses by faults")
    # where it is not installed there is no S3, and the registry refuses what is on it
    if effect.s3_code and effect.status is None and find_spec("strict_s3"):
        from strict_s3.messages.errors import REFUSALS  # noqa: PLC0415 -- of an extra

        if effect.s3_code not in REFUSALS:
            codes = ", ".join(REFUSALS)
            raise RuleError(
                f"{at}/s3_code", "status", f"needs a status beside it, unless it is one of {codes}"
            )
    if effect.retry_after_seconds is not None and not effect.refuses:
        raise RuleError(f"{at}/retry_after_seconds", "status", "needs a status or s3_code beside it on s3")
