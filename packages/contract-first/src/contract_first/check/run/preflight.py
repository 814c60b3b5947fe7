"""Finds out whether a target can be checked at all, before anything is tried."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from math import inf
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from contract_first.check.credentials import Credentials
from contract_first.check.pace import Rate, Stopped
from contract_first.check.target import CannotRunError, Target
from contract_first.contract import Contract, Operation
from contract_first.contract.contract import is_named

from .background import in_time

Result = TypeVar("Result")
SAFE_METHODS = frozenset({"get", "head", "options"})


def base_url(url: str) -> str:
    """Return a URL below which paths can be put.

    Raises:
        CannotRunError: it is none; what is in it is not repeated, as it may be secret.
    """
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or True)
    except ValueError:
        is_http = False
    if not is_http or not url.isascii() or not url.isprintable():
        raise CannotRunError("The URL must be http:// or https:// with a host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise CannotRunError("The URL may have a host and a path only; give credentials as options.")
    return url.rstrip("/")


@contextmanager
def target_at(
    url: str, pace: Rate, deadline: float | None, *, request_seconds: float, **fields: Any
) -> Iterator[Target]:
    """Yield a target that accepts its credentials.

    Args:
        deadline: at which its budget is spent; None without one.
        request_seconds: how long a response is waited for.
        fields: the other fields of a `Target`.

    Raises:
        CannotRunError: the URL does not respond, has nothing of the fallback contract, or refuses a
            credential.
    """

    def paced(response: httpx2.Response) -> None:
        if pace.hurried.is_set():
            raise Stopped("The run was interrupted.")
        if "unpaced" not in response.request.extensions:
            pace.heed(response.headers, target.remaining())

    def begin(request: httpx2.Request) -> None:
        if "unpaced" not in request.extensions:
            pace.begin(target.remaining())

    hooks: dict[str, list[Any]] = {"request": [begin], "response": [paced]}
    with httpx2.Client(base_url=url, timeout=request_seconds, event_hooks=hooks) as client:
        target = Target(
            url=url,
            client=client,
            request_seconds=request_seconds,
            sleep=pace.hurried.wait,
            deadline=deadline,
            **fields,
        )
        in_budget(target.shown_url, deadline, lambda: _require_access(target))
        yield target


def in_budget(url: str, deadline: float | None, call: Callable[[], Result]) -> Result:
    """Return what a function returns that waits for a server.

    Raises:
        CannotRunError: the budget is spent before.
    """
    try:
        return in_time(call, lambda: inf if deadline is None else deadline - monotonic())
    except TimeoutError:
        raise CannotRunError(f"{url} does not respond before the budget is spent.") from None


def selected(
    contract: Contract, only: Sequence[str], *, without: Container[str] = (), read_only: bool
) -> tuple[Operation, ...]:
    """Return the operations of a contract that are asked for and may be called.

    Args:
        without: labels of those that may not.

    Raises:
        CannotRunError: one is none of the contract's, or none is left.
    """
    chosen = {operation.operation_id for name in only for operation in named(contract, name)}
    operations = tuple(
        operation
        for operation in contract.operations
        if not operation.defect
        and operation.label not in without
        and (not only or operation.operation_id in chosen)
        and (not read_only or operation.method in SAFE_METHODS)
    )
    if not operations:
        raise CannotRunError("No operation to check: none of the selected ones may be called.")
    return operations


def named(contract: Contract, name: str) -> list[Operation]:
    """Return the operations of a contract by ``METHOD /path``, operationId or its end.

    Raises:
        CannotRunError: there is none.
    """
    operations = [
        operation
        for operation in contract.operations
        if name == operation.label or is_named(operation.operation_id, name)
    ]
    if not operations:
        raise CannotRunError(
            f"{name!r} is not an operation of the contract; give its operationId or METHOD /path."
        )
    return operations


def serves_a_contract(url: str, seconds: float) -> bool:
    """Return whether there is a document where a service of ours has its contract, waiting some seconds."""
    with httpx2.Client(timeout=seconds) as client:
        return _response(client, f"{url}/openapi.json", {}).status_code == HTTPStatus.OK


def _require_access(target: Target) -> None:
    """Call once without a credential and once with each, and change nothing."""
    _response(target.client, f"{target.url}/", target.common_headers)
    if target.contract is target.fallback:
        _require_a_path(target)
    schemes = target.contract.security_schemes
    other = Credentials(api_key=target.credentials.other_api_key).by_scheme(schemes)
    for whose, by_scheme in {"": target.by_scheme, " of the other organization": other}.items():
        for scheme, headers in by_scheme.items():
            _require_accepted(target, scheme, headers, f"The credential{whose} for {scheme}")


def _require_a_path(target: Target) -> None:
    """Distinguish a wrong URL, and another API, from one that violates its contract."""
    paths = dict.fromkeys(
        operation.path for operation in target.contract.operations if "{" not in operation.path
    )
    for path in paths:
        response = _response(target.client, target.url + path, target.common_headers)
        _require_no_other_server(target, response)
        if response.status_code != HTTPStatus.NOT_FOUND:
            return
    raise CannotRunError(
        f"{target.shown_url} is not where the default contract's paths begin: {next(iter(paths))}"
        " and all others without an id get 404. Give another URL, or the API's own contract."
    )


def _require_no_other_server(target: Target, response: httpx2.Response) -> None:
    """Refuse a URL that only redirects to the deployment, such as one of http where that is at https."""
    if response.next_request is None:
        return
    asked, other = response.request.url, response.next_request.url
    if (asked.scheme, asked.netloc) != (other.scheme, other.netloc):
        server = target.credentials.mask(f"{other.scheme}://{other.netloc.decode()}")
        raise CannotRunError(f"{target.shown_url} redirects to {server}: give the URL that responds.")


def _require_accepted(target: Target, scheme: str, headers: Mapping[str, str], name: str) -> None:
    operation = next(
        (candidate for candidate in target.contract.operations if _is_open_to(candidate, scheme)), None
    )
    if operation is None:
        return
    response = _response(target.client, target.url + operation.path, {**target.common_headers, **headers})
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise CannotRunError(f"{name} is refused: {operation.label} responds with 401.")


def _is_open_to(operation: Operation, scheme: str) -> bool:
    """Whether an operation changes nothing, and can be called with one credential and nothing else."""
    required = any(parameter.get("required") for parameter in operation.parameters)
    alone = any(alternative.keys() == {scheme} for alternative in operation.security)
    return operation.method == "get" and not required and alone


def _response(client: httpx2.Client, url: str, headers: Mapping[str, str]) -> httpx2.Response:
    try:
        with client.stream("GET", url, headers=dict(headers)) as response:
            return response  # whose body is not asked for: that it is whole, checks find out
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        trust = " SSL_CERT_FILE names a CA of your own." if "CERTIFICATE_VERIFY" in str(error) else ""
        raise CannotRunError(f"{url} does not respond: {error or type(error).__name__}.{trust}") from None
