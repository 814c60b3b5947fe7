"""The Scanner's extension of the mock of any contract: faults of sessions and uploads, and views."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta

from contract_first.contexts import assignment
from contract_first.mock.extension import Extension
from contract_first.mock.rule import Effect, Match, MatchableRequest, Rule
from contract_first.mock.rule_members import Beside
from contract_first.mock.s3.faults import STEPS, S3Faults
from contract_first.service.clock import Clock
from strict_s3.messages.errors import POLICY_EXPIRED, access_denied
from strict_s3.messages.request import Request

from .buckets import bucket_of

UPLOADS_EXPIRED: ContextVar[bool] = ContextVar("expired", default=False)
LONG_EXPIRED: Final = timedelta(minutes=1)


class UploadClock(Clock):
    """The clock of presigned uploads, by which they are expired while a fault says so."""

    def __init__(self, clock: Clock, seconds: int) -> None:
        self._clock = clock
        self._shift = timedelta(seconds=seconds) + LONG_EXPIRED

    def now(self) -> datetime:
        now = self._clock.now()
        return now - self._shift if UPLOADS_EXPIRED.get() else now


class ScannerMatch(Match, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Selects requests; all members must match.

    Attributes:
        session: id of a session, in path, query, key or the beginning of the body.
    """

    session: Annotated[str, Meta(max_length=100)] = ""

    def matches(self, request: MatchableRequest) -> bool:
        """Return whether all selectors match a request."""
        return super().matches(request) and (not self.session or request.mentions(self.session))

    @property
    def reads_body(self) -> bool:
        """Whether the beginning of an API request's body decides."""
        return super().reads_body or bool(self.session)

    @property
    def reads_form(self) -> bool:
        """Whether the fields of a form to S3 decide."""
        return bool(self.key or self.session)


class ScannerEffect(Effect, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happens to a request.

    Effects can be combined: the request is delayed first, then dropped or responded to.

    Attributes:
        expired_upload: the API issues presigned uploads that have already expired; S3 refuses valid ones as
            expired.
    """

    expired_upload: Annotated[
        bool,
        Beside("is a response of its own on s3", excludes=("status", "s3_code"), server="s3", rule="status"),
    ] = False
    sequence: Annotated[tuple["ScannerEffect", ...], Meta(min_length=1, max_length=100)] = ()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Serve a request in this context."""
        with assignment(UPLOADS_EXPIRED, self.expired_upload or UPLOADS_EXPIRED.get()), super().applied():
            yield


class ScannerRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A simulated failure of the Scanner API, or of its S3."""

    match: ScannerMatch = ScannerMatch()
    effect: ScannerEffect


def _refuse_expired(*_: object) -> None:
    raise access_denied(POLICY_EXPIRED)


EXTENSION: Final = Extension(
    rule=ScannerRule,
    operations="scanner_mocks.control_operations",
    overlay=Path(__file__).with_name("control-overlay.yaml"),
    console=Path(__file__).with_name("console"),
)


class ScannerS3Faults(S3Faults):
    """The active faults on the mock's S3; a request without a scope has that of its bucket."""

    extension = EXTENSION
    steps: ClassVar = {**STEPS, "expired_upload": _refuse_expired}

    def __init__(self) -> None:
        super().__init__()
        self._scopes: dict[str, str] = {}

    def switch(self, faults: Iterable[Mapping[str, Any]], seed: int) -> None:
        """Replace all faults by these."""
        faults = [*faults]
        scopes = {fault["scope"] for fault in faults if fault.get("scope")}
        self._scopes = {bucket_of(scope): scope for scope in scopes}
        super().switch(faults, seed)

    def scope_of(self, request: Request) -> str:
        """Return the scope of a request, empty for none."""
        return super().scope_of(request) or self._scopes.get(request.bucket, "")
