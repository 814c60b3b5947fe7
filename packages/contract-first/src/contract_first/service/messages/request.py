"""One HTTP request as the binding sees it: raw bytes kept, the rest worked out when asked for."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import cookie_parser
from starlette.types import Receive, Scope

from contract_first.contract.routing import normal_path
from contract_first.service.clock import Clock

from .problems import PLAIN, Problem, ProblemProfile
from .traces import Trace

STATE = "contract_first.service.messages.request"


class Request:
    """A request, and what the layers have said of its response so far.

    Attributes:
        method: the HTTP method, upper case.
        path: as it was sent, percent-encoded.
        query_string: as it was sent, percent-encoded.
        headers: the header fields by lower-case name.
        response_headers: headers that every response to this request carries.
        request_id: names the exchange in the response and in the log.
        path_parameters: by name, percent-encoded as they were sent.
        operation_id: of the operation that it matches, as soon as that is known.
        misrouted: the problem of a request that no operation matches.
        caller: who calls, once the authenticator has let them in.
        responded: whether a response has started to go out.
        held: whose share of the memory for bodies it holds, and how many bytes.
        files: uploads to be closed when the request is over.
        trace: the W3C trace that the request belongs to, if it belongs to one.
        error: the problem or the exception that it ended with.
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
        self.query_string: bytes = scope["query_string"]
        self.receive = receive
        self.request_id = request_id
        self.method: str = scope["method"]
        self.headers = _joined(scope["headers"])
        self.path_parameters: Mapping[str, bytes] = {}
        self.operation_id: str | None = None
        self.misrouted: Problem | None = None
        self.held: tuple[Hashable, int] = None, 0
        self.files: list[UploadFile] = []
        self.response_headers: list[tuple[bytes, bytes]] = []
        self.caller: Any = None
        self.responded = False
        self.trace: Trace | None = None
        self.error: Exception | None = None

    def header(self, name: bytes) -> str | None:
        """Return a header field's value (name in lower case), or None; its bytes are read as Latin-1."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name."""
        field = self.header(b"cookie")
        return {} if field is None else cookie_parser(field)

    def problem_details(self, problem: Problem) -> dict[str, Any]:
        """Return the document of a problem that this request has."""
        return self._profile.document(
            problem,
            instance=normal_path(self.path),
            request_id=self.request_id,
            now=self._clock.now(),
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
