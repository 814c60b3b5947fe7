"""One HTTP request: its raw bytes, and values that are computed when they are first used."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import cookie_parser
from starlette.types import Receive, Scope

from contract_first.contract import Operation
from contract_first.contract.routing import normal_path
from contract_first.service.clock import Clock
from contract_first.service.functions import Function, awaitable

from .problems import PLAIN, InsufficientScope, Problem, ProblemProfile
from .traces import Trace


@dataclass(frozen=True, slots=True)
class Requirement:
    """A security scheme that an operation requires, as its authentication function sees it.

    Attributes:
        scheme: the name of the security scheme.
        scopes: what a token has to allow, all of them; of other schemes, roles.
    """

    operation: Operation
    scheme: str
    scopes: tuple[str, ...]

    def require(self, granted: Iterable[str]) -> None:
        """Raise InsufficientScope unless the scopes of a token are enough.

        Args:
            granted: the scopes, or a text with spaces between them (RFC 6749, section 3.3).
        """
        allowed = frozenset(granted.split() if isinstance(granted, str) else granted)
        if not allowed.issuperset(self.scopes):
            raise InsufficientScope(self.scopes)


STATE = "contract_first.service.messages.request"
DeclaredError = Callable[[Problem, "Request"], Any]
"""Returns the response that a problem is, None for problem details."""


def undeclared(_problem: Problem, _request: "Request") -> None:
    """Return no response: where the contract declares no error, problem details are sent."""


class Request:
    """A request, and the state of its response so far.

    Attributes:
        method: the HTTP method, upper case.
        path: as it was sent, percent-encoded, below the root path.
        root_path: where the app is mounted, and links and cookies of it begin; empty for the root.
        query_string: as it was sent, percent-encoded.
        headers: the header fields by lower-case name.
        response_headers: headers that every response to this request carries.
        request_id: names the exchange in the response and in the log.
        path_parameters: by name, percent-encoded as they were sent.
        operation_id: of the operation that it matches, as soon as that is known.
        operation: the one that it matches.
        requirement: the security requirement that is being tried, or that the caller has met.
        misrouted: the problem of a request that no operation matches.
        caller: the authenticated caller, as the authenticator returns it.
        responded: whether the response has started.
        has_body: whether the operation has read a body, be it null.
        held: the holder of the memory for bodies that it takes, and how many bytes.
        files: uploads to close when the request ends.
        trace: the W3C trace that the request belongs to, if it belongs to one.
        background: work to do once the response is sent, see :meth:`after_response`.
        error: the problem or the exception that it ended with.
        declared_error: returns the response that a problem is, as the operation declares it; None where that
            declares none.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        request_id: str,
        clock: Clock,
        profile: ProblemProfile = PLAIN,
    ) -> None:
        self._clock = clock
        self._profile = profile
        self.scope = scope
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        self.path = raw.partition(b"?")[0].decode("latin-1")
        self.root_path: str = scope.get("root_path", "")
        self.query_string: bytes = scope["query_string"]
        self.receive = receive
        self.request_id = request_id
        self.method: str = scope["method"]
        self.headers = _joined(scope["headers"])
        self.path_parameters: Mapping[str, bytes] = {}
        self.operation_id: str | None = None
        self.operation: Operation | None = None
        self.requirement: Requirement | None = None
        self.misrouted: Problem | None = None
        self.has_body = False
        self.held: tuple[Hashable, int] = None, 0
        self.files: list[UploadFile] = []
        self.response_headers: list[tuple[bytes, bytes]] = []
        self.caller: Any = None
        self.responded = False
        self.background: list[Callable[[], Awaitable[Any]]] = []
        self.trace: Trace | None = None
        self.error: Exception | None = None
        self.declared_error: DeclaredError = undeclared

    def after_response(self, function: Function, *arguments: Any, **named: Any) -> None:
        """Call a function once the response is sent; a ``def`` function runs in a thread.

        Work is done in order, and not at all where the response is a problem that was raised. What it raises
        is logged. A server that ends waits for it as it waits for responses.
        """
        self.background.append(partial(awaitable(function), *arguments, **named))

    def header(self, name: bytes) -> str | None:
        """Return a header field's value (name in lower case), or None; its bytes are read as Latin-1."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        field = self.header(b"cookie")
        return {} if field is None else cookie_parser(field)

    @property
    def instance(self) -> str:
        """The path that names this request in problems: with the root path, as the client sees it."""
        return normal_path(quote(self.root_path) + self.path if self.root_path else self.path)

    def now(self) -> datetime:
        """Return the time."""
        return self._clock.now()

    def problem_body(self, problem: Problem) -> Any:
        """Return the body of the response that a problem is, as the API writes it."""
        return self._profile.write(problem, self.problem_details(problem))

    def problem_details(self, problem: Problem) -> dict[str, Any]:
        """Return the document of a problem that this request has."""
        return self._profile.document(
            problem,
            instance=self.instance,
            request_id=self.request_id,
            now=self.now(),
        )

    @property
    def client_address(self) -> str:
        """The address of the peer, or ``unknown`` where the server gives none."""
        client = self.scope.get("client")
        return str(client[0]) if client else "unknown"


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Join repeated fields as RFC 9110, section 5.3 says (RFC 9113, section 8.2.3 for cookies)."""
    fields: dict[bytes, bytes] = {}
    for name, value in raw:
        if name in fields:
            fields[name] += (b"; " if name == b"cookie" else b", ") + value
        else:
            fields[name] = value
    return fields
