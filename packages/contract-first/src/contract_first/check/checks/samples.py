"""One valid request for each operation, always the same."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET

from contract_first.check.target import Target
from contract_first.contract import Contract, Operation
from contract_first.generation.requests import Samples

SAFE: Final = ("get", "head", "options")
"""Methods that change nothing (RFC 9110, section 9.2.1), as far as they are used here."""


UNREACHABLE: Final = (httpx2.ConnectError, httpx2.ConnectTimeout)
"""There is no server, of which nothing can be said."""


class BudgetSpent(Exception):  # noqa: N818 -- nothing is wrong, the time is only over
    """The run has to end before the next request."""


class NoResponse(Exception):  # noqa: N818 -- what came is a finding
    """A request got no whole response, and none when it was sent again; the message says what came.

    Attributes:
        operation: its label.
        request: as it was sent, if it was.
        cause: of the error that came.
    """

    def __init__(self, operation: str, error: httpx2.RequestError) -> None:
        """Take the operation's label and what came in place of a response."""
        twice = "" if isinstance(error, httpx2.DecodingError) else ", twice"
        super().__init__(f"no whole response came{twice}: {error or type(error).__name__}")
        self.operation = operation
        self.request: httpx2.Request = error.request
        self.cause = error.__cause__


def parameters_of(case: Case[Any]) -> dict[str, MutableMapping[str, Any]]:
    """Return the parameters of a request by place and name; a sample changes with them."""
    query, header, cookie = case.query, case.headers, case.cookies
    return {"path": case.path_parameters, "query": query, "header": header, "cookie": cookie}


class RequestSamples:
    """Draws requests, always the same for a contract, and sends them.

    Args:
        note: called with each operation for which there is none.
    """

    def __init__(self, target: Target, note: Callable[[str], None]) -> None:
        self._target = target
        self._note = note
        self._silent: dict[str, NoResponse] = {}
        self._samples = _samples(target.contract)

    def drawable(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations for which a request can be drawn."""
        return [operation for operation in operations if self._is_drawable(operation)]

    def draw(self, operation: Operation, **path: str) -> Case[Any]:
        """Return a new request for an operation; ``path`` replaces parameters of its path."""
        sample = self._samples.request(operation)
        if sample is None:
            raise LookupError(operation.label)
        api_operation = _schema(self._target.contract)[operation.path][sample.method]
        query: dict[str, list[str]] = {}
        for name, text in sample.query:
            query.setdefault(name, []).append(text)
        case: Case[Any] = api_operation.Case(
            method=sample.method,
            path_parameters={**sample.path, **path},
            headers=dict(sample.headers),
            cookies=dict(sample.cookies),
            query={name: texts if len(texts) > 1 else texts[0] for name, texts in query.items()},
            body=NOT_SET if sample.content is None else deepcopy(sample.body),
            media_type=sample.media_type or None,
        )
        return case

    def send(
        self, case: Case[Any], headers: Mapping[str, str], *, method: str = "", unpaced: bool = False
    ) -> httpx2.Response:
        """Send a request as a caller with these header fields, and return the response.

        `method` is another than the operation's. What is `unpaced` says so in the request's extensions: it is
        sent even where a 429 is likely.

        Raises:
            BudgetSpent: the target's budget is.
            NoResponse: the connection ended, or what came is no response, also when it was sent again.
        """
        if not self._target.remaining():
            raise BudgetSpent("The budget is spent.")
        parts = case.as_transport_kwargs(base_url=self._target.url)
        if not isinstance(parts.get("data"), Mapping | None):
            parts["content"] = parts.pop("data")  # what httpx2 calls a body that is no form
        parts["method"] = method or parts["method"]
        cookies = [f"{name}={value}" for name, value in (parts.pop("cookies", None) or {}).items()]
        fields = {
            name: value for name, value in parts["headers"].items() if not name.startswith("X-Schemathesis")
        }
        parts["headers"] = {**fields, **self._origin(headers), **headers}
        if cookies:  # beside that of a credential
            credential = filter(None, [headers.get("Cookie")])
            parts["headers"]["Cookie"] = "; ".join([*credential, *cookies])
        extensions = {"unpaced": True} if unpaced else {}
        response = self._sent(case.operation.label, {**parts, "extensions": extensions})
        for listener in self._target.listeners:
            listener(case, response)
        return response

    def _sent(self, label: str, parts: dict[str, Any], *, again: bool = True) -> httpx2.Response:
        if label in self._silent:
            raise self._silent[label]
        try:
            return self._target.client.request(**parts)
        except UNREACHABLE:
            raise
        except httpx2.RequestError as error:
            if again and not isinstance(error, httpx2.DecodingError):
                return self._sent(label, parts, again=False)
            nothing = NoResponse(label, error)
            if isinstance(error, httpx2.TimeoutException | httpx2.DecodingError):
                self._silent[label] = nothing  # not to be waited for again
            raise nothing from None

    def _is_drawable(self, operation: Operation) -> bool:
        if self._samples.request(operation) is None:
            self._note(f"{operation.label}: untried, no request could be generated")
            return False
        return True

    def _origin(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the field that a page sends along with a cookie: without it the cookie may be refused."""
        parts = urlsplit(self._target.url)
        return {"Origin": f"{parts.scheme}://{parts.netloc}"} if "Cookie" in headers else {}


@lru_cache(maxsize=8)
def _schema(contract: Contract) -> Any:
    # a check adds the credentials; a scheme would be drawn as a field such as ``Authorization: Bearer ``
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_dict(deepcopy(contract.document), config=config)


@lru_cache(maxsize=8)
def _samples(contract: Contract) -> Samples:
    return Samples(contract)
