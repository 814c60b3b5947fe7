"""HEAD, Accept and preflights are what HTTP says they are.

Whether a method that a path has not is a 405, with the Allow of the contract, Schemathesis asks.
"""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import ClassVar, Final

import httpx2
from schemathesis.core.failures import Severity

from contract_first.contract import Operation

from .check import CheckFailure, RunCheck

ALWAYS_ALLOWED: Final = {"GET", "HEAD", "POST"}
"""Methods that a preflight need not name (Fetch, CORS-safelisted)."""
FORBIDDEN: Final = ("connect", "trace", "track")
"""Methods that no page can send (Fetch, forbidden method)."""
UNHEARD_OF: Final = "application/x-nobody-has-this"
BROKEN: Final = b'{"broken": '
PAGE: Final = "https://page.example"
ANY: Final = "*"
MOCKED: Final = "X-Mock-Answer"
"""A field of responses of our mock, which has no secret that pages might read."""
ENCODINGS: Final = ("utf-16", "latin-1")
"""The first is read by some parsers of JSON, the other by none."""


class HttpSemantics(RunCheck):
    """Checks rules of HTTP, which no contract has to repeat."""

    name = "http_semantics"
    sentence = "HEAD, Accept and preflights are what HTTP says they are."
    rules: ClassVar[dict[str, str]] = {
        "head": "HEAD responds as GET does, without a body",
        "406": "an Accept that excludes every response gets none, where the contract has a 406",
        "preflight": "a preflight, where supported, allows the method and the credentials' headers",
        "origin": "a page that a preflight allows may read the response as well",
        "open cookies": "no response allows credentials to every origin",
        "json": "a body that is no JSON is refused",
        "415": "a body of a media type that the contract does not have is refused",
    }
    low = frozenset({"head"})
    change = "Respond as HTTP says."
    severity = Severity.MEDIUM
    source = "RFC 9110"

    def run(self) -> Iterator[CheckFailure]:
        """Yield each path and operation that is not as HTTP says."""
        paths: dict[str, list[Operation]] = {}
        for operation in self.samples.drawable(self.target.operations):
            paths.setdefault(operation.path, []).append(operation)
        for operations in paths.values():
            yield from self.whole(self._try_preflight(operations))
        for operation in self.samples.drawable(self.target.operations):
            if operation.method == "get":
                yield from self.whole(self._try_head(operation))
                yield from self.whole(self._try_accept(operation))
            elif operation.request_body and not self.target.read_only:
                yield from self.whole(self._try_media_type(operation))

    def _try_head(self, operation: Operation) -> Iterator[CheckFailure]:
        get = self.send(operation, self.target.headers)
        head = self.send(operation, self.target.headers, method="HEAD")
        if (message := _outline(head)) != _outline(get):
            message = f"HEAD responds with {message}, GET {_outline(get)}"
            yield self.failure("head", message, operation.label, head)
        elif head.content:
            yield self.failure("head", "the response to HEAD has a body", operation.label, head)

    def _try_accept(self, operation: Operation) -> Iterator[CheckFailure]:
        if str(HTTPStatus.NOT_ACCEPTABLE.value) in operation.responses:
            headers = {**self.target.headers, "Accept": UNHEARD_OF}
            response = self.send(operation, headers)
            if response.is_success:
                message = f"Accept: {UNHEARD_OF} gets {_outline(response)}"
                yield self.failure("406", message, operation.label, response)

    def _try_preflight(self, operations: list[Operation]) -> Iterator[CheckFailure]:
        callable_by_pages = [operation for operation in operations if operation.method not in FORBIDDEN]
        if not callable_by_pages:
            return
        operation = callable_by_pages[-1]
        headers = {
            **self.target.common_headers,
            "Origin": PAGE,
            "Access-Control-Request-Method": operation.method.upper(),
            "Access-Control-Request-Headers": ", ".join(sorted(self._credential_headers())),
        }
        response = self.send(operation, headers, method="OPTIONS")
        origin = response.headers.get("access-control-allow-origin", "")
        if origin not in (ANY, PAGE):
            self.note("preflight: untried, pages of other origins are not allowed")
            return
        label = operation.label
        if lacking := self._lacking(operation, response):
            yield self.failure(
                "preflight", f"the preflight does not allow {', '.join(lacking)}", label, response
            )
        if _is_open(response):
            yield self.failure("open cookies", "every origin may send cookies", label, response)
        for readable in (other for other in operations if other.method == "get"):
            read = self.send(readable, {**self.target.headers, "Origin": PAGE})
            if read.headers.get("access-control-allow-origin", "") not in (ANY, PAGE):
                message = "the response to a page has no Access-Control-Allow-Origin, unlike the preflight"
                yield self.failure("origin", message, readable.label, read)
            elif _is_open(read, PAGE) and read.is_success and MOCKED not in read.headers:
                yield self.failure("open cookies", "every origin may send cookies", readable.label, read)

    def _try_media_type(self, operation: Operation) -> Iterator[CheckFailure]:
        content = (operation.request_body or {}).get("content", {})
        case = self.samples.draw(operation)
        body = case.body
        if not content or any(ANY in media_type for media_type in content) or not isinstance(body, dict):
            return
        response = self.samples.send(case, {**self.target.headers, "Content-Type": UNHEARD_OF})
        if response.is_success and response.request.content:  # a form without fields is no body
            message = f"a body of {UNHEARD_OF} gets {_outline(response)}"
            yield self.failure("415", message, operation.label, response)
        if "application/json" in content:
            case = self.samples.draw(operation)
            case.body = BROKEN
            response = self.samples.send(case, {**self.target.headers, "Content-Type": "application/json"})
            if response.is_success:
                message = f"the body {BROKEN.decode()} gets {_outline(response)}"
                yield self.failure("json", message, operation.label, response)
        for coding in ENCODINGS if "application/json" in content else ():
            case = self.samples.draw(operation)
            case.body = json.dumps({**body, "text": "\u00fc"}, ensure_ascii=False).encode(coding)
            fields = {**self.target.headers, "Content-Type": "application/json"}
            self.samples.send(case, fields)  # that it is no server error, other checks see

    def _lacking(self, operation: Operation, response: httpx2.Response) -> list[str]:
        methods = _listed(response.headers.get("access-control-allow-methods", "")) | ALWAYS_ALLOWED
        names = _listed(response.headers.get("access-control-allow-headers", ""))
        # the star does not stand for Authorization (Fetch, CORS non-wildcard request-header name)
        needed = {name for name in self._credential_headers() if ANY not in names or name == "AUTHORIZATION"}
        lacking = sorted(needed - names)
        return (
            lacking if operation.method.upper() in methods or ANY in methods else [operation.method, *lacking]
        )

    def _credential_headers(self) -> set[str]:
        schemes = self.target.contract.security_schemes.values()
        names = {scheme["name"].upper() for scheme in schemes if scheme.get("in") == "header"}
        return names | {"AUTHORIZATION" for scheme in schemes if scheme["type"] != "apiKey"}


def _listed(value: str) -> set[str]:
    return {name.strip().upper() for name in value.split(",") if name.strip()}


def _is_open(response: httpx2.Response, *origins: str) -> bool:
    """Return whether a response allows the cookies of every origin, or of one that nobody has heard of."""
    fields = response.headers
    is_any = fields.get("access-control-allow-origin") in (ANY, *origins)
    return is_any and fields.get("access-control-allow-credentials") == "true"


def _outline(response: httpx2.Response) -> str:
    return f"{response.status_code} {response.headers.get('content-type', '')}".strip()
