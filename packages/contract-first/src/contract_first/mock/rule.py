"""A rule: the requests that it applies to, and its effect on them.

A member is declared once: its type and limits in the annotation, its description in the docstring. The
schemas of the control API (`rule_schemas`), the checks and the docs derive from them. An application adds
selectors and effects of its own by subclasses, see `extension.Extension`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from http import HTTPMethod, HTTPStatus
from importlib.util import find_spec
from random import Random
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from contract_first.contract.contract import is_named

from .conditions import Condition, RequestValues
from .journal.matching import matches
from .latency import MOST_MILLISECONDS, Latency, Uniform
from .override import Patch, Respond, Status
from .rule_members import Beside, On, refusals
from .state.clock import skewed
from .templates.filling import TemplateError
from .templates.process import TEMPLATES

Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Conditions = Annotated[
    dict[str, Any], Meta(extra_json_schema={"allOf": [{"$ref": "#/components/schemas/Conditions"}]})
]
ByPointer = Annotated[Conditions, Meta(extra_json_schema={"propertyNames": {"pattern": "^(/.*)?$"}})]


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
    def service(self) -> str:
        """The service, of a mock with several; else empty."""

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
    """Selects requests; all members must match.

    Attributes:
        operation: an operationId or the end of one; on S3 the name of S3's operation.
        method: the HTTP method.
        path: a pattern of the request's path, decoded, with ``*`` and ``?``.
        key: a pattern of the object's key, with ``*`` and ``?``.
        query: conditions on values of the query, by name.
        headers: conditions on header fields, by name.
        cookies: conditions on cookies, by name.
        body: conditions on members of a body of JSON, or of a form, by JSON pointer; of bodies up to 1 MiB.
        item: conditions on members of the stored item that the path is for, by JSON pointer (``--stateful``).
        service: name of the service, of a mock with several.
    """

    operation: Annotated[str, Meta(max_length=300)] = ""
    method: Annotated[str, Meta(max_length=30)] = ""
    path: Annotated[str, Meta(max_length=1000)] = ""
    key: Annotated[str, Meta(max_length=1024), On("s3")] = ""
    query: Conditions = {}
    headers: Conditions = {}
    cookies: Annotated[Conditions, On("api")] = {}
    body: Annotated[ByPointer, On("api")] = {}
    item: Annotated[ByPointer, On("api")] = {}
    service: Annotated[str, Meta(max_length=100), On("api")] = ""

    def matches(self, request: MatchableRequest) -> bool:
        """Return whether all selectors match a request, conditions aside."""
        return (
            self.method.upper() in ("", request.method)
            and (not self.path or matches(request.path, self.path))
            and (not self.service or self.service == request.service)
            and (not self.operation or is_named(request.operation, self.operation))
            and (not self.key or matches(request.key, self.key))
        )

    def conditions(self) -> tuple[Condition, ...]:
        """Return the conditions on what was sent, and on what is stored."""
        return tuple(
            Condition.of(place, name, document)
            for place in ("query", "headers", "cookies", "body", "item")
            for name, document in getattr(self, place).items()
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

    mock_on: Annotated[tuple[Status, ...], Meta(max_length=100)] = ()


NO_RESPONSE = Beside(
    "leaves no response, so there is no status or code of one", excludes=("status", "error_code", "s3_code")
)


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happens to a request.

    Effects can be combined: the request is delayed first, then dropped or responded to.

    Attributes:
        latency_ms: delay of the response in milliseconds, at most ten minutes; a number or a distribution.
        status: status of the response. The API responds as the contract documents it for the operation, else
            with a problem; this takes precedence over any other refusal. S3 responds with the error code of
            that status, or with ``s3_code``.
        error_code: the code of the API's error, beside ``status``, in the member that holds the code of this
            error, such as ``code``; in ``error_code`` where none does.
        s3_code: S3's error code, such as ``SlowDown``, with its usual status unless ``status`` is given.
        drop: closes the connection without a response; nothing else happens.
        drop_response: does what was asked for, and closes the connection where the response would go out: a
            retry shows whether a client sends its ``Idempotency-Key``.
        bytes_per_second: rate at which the API sends the body of a response, or S3 reads an upload, after the
            fields before the file.
        cut_after_bytes: closes the connection after so many bytes of the API's response body, in the middle
            of a download or a stream.
        retry_after_seconds: value of ``Retry-After``; with a 429 also of the other headers and members that
            say when to retry.
        clock_skew_seconds: sets the clock forward for this request; back, if negative.
        respond: the response, in place of the operation's, which is not carried out. Of ``body``, ``text``,
            ``base64``, ``file`` and ``example``, one says what its body is. Texts may be templates, such as
            ``{{ request.query.name }}``.
        patch: changes to the response that would have been sent.
        forward: the upstream of the mock (``--upstream``) responds: true, or an object with the statuses for
            which the mock responds in its place.
        sequence: an effect for each request in turn, and no other effect beside it; the last one stays.
    """

    latency_ms: Annotated[float, Meta(ge=0, le=MOST_MILLISECONDS)] | Latency = 0
    status: Status | None = None
    error_code: Annotated[
        str,
        Meta(min_length=1, max_length=100),
        On("api"),
        Beside("needs a status beside it", needs=("status",)),
    ] = ""
    s3_code: Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9.]{0,99}$"), On("s3")] = ""
    drop: Annotated[bool, NO_RESPONSE] = False
    drop_response: Annotated[
        bool,
        Beside("drop closes the connection before; choose one", excludes=("drop",), rule="drop"),
        NO_RESPONSE,
    ] = False
    bytes_per_second: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    cut_after_bytes: Annotated[Count | None, On("api")] = None
    retry_after_seconds: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)] | None,
        Beside("needs a status or s3_code beside it on s3", needs=("status", "s3_code"), server="s3"),
    ] = None
    clock_skew_seconds: Annotated[float, Meta(ge=-1_000_000_000, le=1_000_000_000)] = 0
    respond: Annotated[
        Respond | None,
        On("api"),
        Beside(
            "is the whole response: no status, patch or drop goes with it",
            excludes=("patch", "status", "drop", "drop_response"),
        ),
    ] = None
    patch: Annotated[
        Patch | None,
        Meta(extra_json_schema={"minProperties": 1}),
        On("api"),
        Beside("needs a response, which drop leaves out", excludes=("drop", "drop_response")),
    ] = None
    forward: Annotated[
        Forward | bool | None,
        On("api"),
        Beside(
            "has the upstream respond: no respond, status or drop goes with it",
            excludes=("respond", "status", "drop"),
        ),
    ] = None
    sequence: Annotated[tuple["Effect", ...], Meta(min_length=1, max_length=100)] = ()

    @property
    def asks_for_response(self) -> bool:
        """Whether the response is what the rule says, in place of the contract."""
        return (self.status, self.respond, self.patch) != (None, None, None)

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
        id: assigned by the mock.
        name: any description.
        on: the server that it applies to.
        match: selects requests; all members must match.
        scope: the ``X-Mock-Scope`` of the requests that it applies to; empty for all.
        skip: how many matching requests pass first.
        times: how often it applies after that; null for always.
        probability: probability that it applies to a matching request.
        effect: what happens to them.
        struck: how often it has applied.
    """

    id: Annotated[str, Meta(max_length=100, extra_json_schema={"readOnly": True})] = ""
    name: Annotated[str, Meta(max_length=200)] = ""
    on: Literal["api", "s3"] = "api"
    match: Match = Match()
    scope: Annotated[str, Meta(max_length=200)] = ""
    skip: Count = 0
    times: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] = 1
    effect: Effect
    struck: Annotated[int, Meta(ge=0, extra_json_schema={"readOnly": True})] = 0

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
        if self.match.method and self.match.method.upper() not in HTTPMethod.__members__:
            raise RuleError("/match/method", "method", f"is none of {', '.join(HTTPMethod)}")
        for place, part in ((at, effect), ("/match", self.match)):
            for name, rule, detail in refusals(part, self.on):
                raise RuleError(f"{place}/{name}", rule, detail)
        _check_parts(effect, at)
        if self.on == "s3":
            _check_s3(effect, at)

    def _check_sequence(self, at: str) -> None:
        sequence = self.effect.sequence
        for index, step in enumerate(sequence):
            if step.sequence:
                raise RuleError(f"{at}/sequence/{index}/sequence", "sequence", "is in a sequence already")
            msgspec.structs.replace(self, effect=step).check(f"{at}/sequence/{index}")
        if sequence and self.effect != type(self.effect)(sequence=sequence):
            raise RuleError(f"{at}/sequence", "sequence", "stands alone; the effects in it say what happens")


def _check_parts(effect: Effect, at: str) -> None:
    latency = effect.latency_ms
    if isinstance(latency, Uniform) and latency.lower > latency.upper:
        raise RuleError(f"{at}/latency_ms/lower", "upper", "is above the upper bound")
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
