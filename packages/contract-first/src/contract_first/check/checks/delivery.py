"""Responses come in time, and nobody but the caller keeps what belongs to it."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, ClassVar

from schemathesis import Case, Response

from .check import CheckFailure, ResponseCheck

PRIVATE = frozenset({"private", "no-store", "no-cache"})
AUTHORIZATION = "authorization"
MOST_BYTES = 2**16
"""Of a body, in which a stack trace is looked for."""
TRACE = re.compile(r"Traceback \(most recent call last\)|\bat [\w.$<>]+ ?\([^()\s]+:\d+|\) in \S+:line \d+")
"""Of Python, of Java and JavaScript, of .NET."""


class Delivery(ResponseCheck):
    """Checks how long each response takes, and who may store it."""

    name = "delivery"
    sentence = "Responses come in time, and nobody but the caller keeps what belongs to it."
    rules: ClassVar[dict[str, str]] = {
        "cache": "a success that a credential was sent for is stored by no shared cache",
        "cookie": "a cookie that is a credential is HttpOnly, and over HTTPS Secure",
        "trace": "a refusal has no stack trace, which shows what only its developers need",
        "time": "a response comes within the seconds of --max-response-time",
    }
    low = frozenset({"trace"})  # of frameworks in development
    headers = frozenset({"cache-control"})
    change = "Send Cache-Control: private or no-store; look for what is slow in the server."
    source = "RFC 9111, section 3.5; RFC 6265, section 4.1"

    def failures(self, response: Response, case: Case[Any]) -> Iterator[CheckFailure]:
        """Yield that a response is late, or open to shared caches."""
        label, limit = case.operation.label, self.target.max_response_time
        if limit and response.elapsed > limit:
            yield self.failure("time", f"the response took {response.elapsed:.2f} s, not {limit:g} s", label)
        text = response.content[:MOST_BYTES].decode("utf-8", "replace")
        is_refusal = HTTPStatus.BAD_REQUEST <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_refusal and TRACE.search(text):
            yield self.failure("trace", f"the {response.status_code} has a stack trace", label)
        for cookie in response.headers.get("set-cookie", ()):
            if lacking := self._lacking(cookie):
                yield self.failure("cookie", f"a cookie that is a credential is not {lacking}", label)
        operation = self.target.by_label.get(label)
        is_success = HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES
        if operation is None or not (operation.is_secured and is_success):
            return
        field = ", ".join(response.headers.get("cache-control", ()))
        directives = _directives(field)
        carriers = {name.lower() for name in self.target.headers}
        credentials = {name.lower() for name in response.request.headers} & carriers
        varied = {
            name.strip() for value in response.headers.get("vary", ()) for name in value.lower().split(",")
        }
        is_shared = "public" in directives or directives.get("s-maxage", "0") != "0"
        # what is sent with Authorization is stored only where that is said (RFC 9111, section 3.5)
        is_stored = is_shared or (directives.get("max-age", "0") != "0" and AUTHORIZATION not in credentials)
        if credentials and is_stored and not PRIVATE & directives.keys() and not credentials <= varied:
            message = f"Cache-Control: {field} lets a shared cache send it to others"
            yield self.failure("cache", message, label)

    def _lacking(self, cookie: str) -> str:
        """Return what a cookie lacks, if it is one of a security scheme."""
        schemes = self.target.contract.security_schemes.values()
        names = {scheme["name"] for scheme in schemes if scheme.get("in") == "cookie"}
        pair, *attributes = cookie.split(";")
        if pair.partition("=")[0].strip() not in names:
            return ""
        needed = ["HttpOnly", *(["Secure"] if self.target.url.startswith("https:") else [])]
        present = {attribute.strip().lower() for attribute in attributes}
        return " and not ".join(name for name in needed if name.lower() not in present)


def _directives(field: str) -> dict[str, str]:
    parts = (part.strip().lower().partition("=") for part in field.split(","))
    return {name: value.strip('"') for name, _, value in parts if name}
