"""How clients reach a mock: by which host, with which URLs, and with whose certificates."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

import msgspec

from contract_first.distribution import CONTRACT_FIRST
from contract_first.service.http.proxies import address_of, last_of
from contract_first.terminal import printable

from .state.scopes import PREFIX_KEY

if TYPE_CHECKING:
    from starlette.types import Scope, Send

    from strict_s3 import Server
    from strict_s3.local import LocalS3
    from strict_s3.tls import Authority

    from .rule import Rule

_SERVED: ContextVar[Scope | None] = ContextVar("served", default=None)
"""The request that is being served."""
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?", re.ASCII)
_PRIVATE: Final = (".localhost", ".local", ".internal", ".home.arpa")
"""Domains of which no name is in the public DNS (RFC 6761, RFC 6762, RFC 8375, ICANN)."""
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address of no network (RFC 5737); connecting a datagram socket to it sends nothing."""


UNSEEN: Final = "control_token"


class MockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a running mock for its clients; None for a part that it does not have.

    Attributes:
        control_token: for the control API; None where it needs none. No line, variable or repr has it.
    """

    control_token: str | None = None

    def __repr__(self) -> str:
        named = [f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != UNSEEN]
        return f"{type(self).__name__}({', '.join(named)})"

    def override(self, **fields: Any) -> str:
        """Override responses of the mock, and return the id of the override.

        ``mock.override(operation="list_pets", respond={"body": []}, times=1)``

        Args:
            fields: of a rule, of its match and of its effect.

        Raises:
            ValueError: the mock refuses it; the message names the part that is wrong.
        """
        from .rules import client  # noqa: PLC0415 -- tests use it, and a mock starts before

        url, ca = f"{self.facts()['control']}/overrides", self.facts().get("ca")
        return str(client.post(url, self.rule_type().document(fields), ca, self.control_token)["id"])

    def scoped(self, name: str) -> Self:
        """Return the facts of the mock for clients that use it in a scope, each URL with the scope's prefix.

        With ``isolate`` the state of scopes does not meet.
        """
        facts = self.facts()
        prefix = f"/_scope/{quote(name, safe='')}"
        changes = {"control": f"{facts['control'].removesuffix('/_mock')}{prefix}/_mock"}
        if "api" in facts:
            changes["api"] = f"{facts['api']}{prefix}"
        return msgspec.structs.replace(self, **changes)

    @staticmethod
    def rule_type() -> type[Rule]:
        """Return the type of rules of the mock."""
        from .rule import Rule  # noqa: PLC0415 -- the reason above

        return Rule

    def facts(self) -> dict[str, Any]:
        fields = msgspec.to_builtins(self).items()
        return {name: value for name, value in fields if value is not None and name != UNSEEN}

    def seeds(self) -> dict[str, Any]:
        return self.facts()

    def line(self) -> str:
        """Return everything as one line of JSON."""
        return msgspec.json.encode(self.facts()).decode()


class S3Facts(MockFacts, frozen=True, kw_only=True):
    """The facts of a running mock that has an S3, or is one.

    Attributes:
        s3: its URL.
        buckets: that there are from the beginning.
        region: of these buckets.
        access_key: of its first credential.
        secret_key: of the same.
    """

    s3: str | None = None
    buckets: tuple[str, ...] | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = None

    @staticmethod
    def members(s3: Server | LocalS3) -> dict[str, Any]:
        """Return those of an S3."""
        access_key, text = next(iter(s3.options.credentials.items()))
        return {
            "s3": s3.options.public_url or s3.url,
            "buckets": s3.options.buckets,
            "region": s3.options.region,
            "access_key": access_key,
            "secret_key": text.partition(":")[0],
        }


class Reach:
    """The URLs of a mock, as who makes the current request reaches them.

    Args:
        api: URL of the API on this machine.
        s3: URL of S3 on this machine; None where there is none.
        public_url: URL of the API for all clients; None for the host that a request came to.
        s3_public_url: the same of S3, which is at its own port of that host.
        trust_proxy: whether ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` say where a request came to.

    Attributes:
        accepts: tells whether a Host field is that of no page whose name was rebound.
    """

    def __init__(
        self,
        api: str,
        s3: str | None = None,
        *,
        public_url: str | None = None,
        s3_public_url: str | None = None,
        trust_proxy: bool = False,
    ) -> None:
        self._api_url, self._s3_url = api, s3
        self._public_url, self._s3_public_url = public_url, s3_public_url
        self._trust_proxy = trust_proxy
        # what a proxy has for a host is the proxy's to check
        names = {urlsplit(public_url or "").hostname or ""}
        self.accepts = lru_cache(256)(lambda host: trust_proxy or cannot_be_rebound(host, names))
        self._s3_at = lru_cache(256)(self._s3_at_host)

    def note(self, scope: Scope) -> None:
        """Note where a request came to, for as long as it is served."""
        _SERVED.set(scope)

    def _origin(self) -> tuple[str, str]:
        """Return scheme and host that the request being served came to; empty outside of requests."""
        scope = _SERVED.get()
        if scope is None:
            return "", ""
        fields = {name: value.decode("latin-1") for name, value in scope["headers"]}
        scheme, host = scope["scheme"], fields.get(b"host", "")
        if self._trust_proxy:
            host = last_of(fields.get(b"x-forwarded-host", "")) or host
            proto = last_of(fields.get(b"x-forwarded-proto", ""))
            scheme = proto if proto in {"http", "https"} else scheme
        return scheme, host

    @property
    def api(self) -> str:
        """URL of the API."""
        prefix: str = (_SERVED.get() or {}).get(PREFIX_KEY, "")
        if self._public_url is not None:
            return self._public_url + prefix
        scheme, host = self._origin()
        return (f"{scheme}://{host}" if _HOST.fullmatch(host) else self._api_url) + prefix

    @property
    def s3(self) -> str:
        """URL of S3; empty where there is none."""
        return self._s3_public_url or self._s3_at(self._origin()[1])

    def urls(self) -> dict[str, str]:
        """Return the URLs by the name of their server."""
        return {
            "api": self.api,
            "control": f"{self.api}/_mock",
            **({} if self._s3_url is None else {"s3": self.s3}),
        }

    def _s3_at_host(self, host: str) -> str:
        match = _HOST.fullmatch(host)
        if match is None or self._s3_url is None:
            return self._s3_url or ""
        parts = urlsplit(self._s3_url)
        return f"{parts.scheme}://{match[1]}:{parts.port}"


def certified(ca: Path | None, *, tls: bool) -> AbstractContextManager[Authority | None]:
    """Return the context manager of the certificate authority; of None without TLS, which a folder implies.

    Raises:
        ValueError: the extra ``s3`` is not installed.
    """
    if not tls and ca is None:
        return nullcontext()
    if reason := CONTRACT_FIRST.lack_of("s3"):
        raise ValueError(f"HTTPS needs a certificate authority, which strict-s3 brings. {reason}")
    from strict_s3.tls import authority  # noqa: PLC0415 -- imports cryptography, which plain HTTP does not need

    return authority(ca)


def certified_names(host: str, *urls: str | None) -> list[str]:
    """Return the names and addresses that certificates are for, beside loopback: of a host, and in URLs."""
    names = [lan_address() if is_everywhere(host) else host, *(urlsplit(url).hostname for url in urls if url)]
    return [name for name in names if name]


def server_options(authority: Authority | None, names: list[str]) -> dict[str, Any]:
    """Return the options of `serving` that have it use TLS, if there is an authority."""
    if authority is None:
        return {}
    context = authority.server_context(names)
    return {"ssl_context_factory": lambda _config, _default: context}


def is_everywhere(host: str) -> bool:
    """Return whether who listens on an address listens on all of the machine."""
    address = address_of(host)
    return address is not None and address.is_unspecified


def lan_address() -> str | None:
    """Return the address by which others in the network reach this machine; None if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as looking:
        try:
            looking.connect(_ELSEWHERE)
        except OSError:
            return None
        return str(looking.getsockname()[0])


def lan_url(url: str, host: str) -> str | None:
    """Return a URL for others in the network, of a server that listens on all addresses; else None."""
    address = lan_address() if is_everywhere(host) else None
    parts = urlsplit(url)
    return None if address is None else f"{parts.scheme}://{address}:{parts.port}"


def is_loopback_host(host: str) -> bool:
    """Return whether a Host field, a name or an address with a port or without, is this machine."""
    name = _name(host)
    address = address_of(name)
    return name == "localhost" if address is None else address.is_loopback


def cannot_be_rebound(host: str, names: Collection[str] = ()) -> bool:
    """Return whether a Host field is an address, a name of this machine, or one of these (lower case).

    A page whose own name has come to stand for this machine (DNS rebinding) sends that: to the browser,
    it and what it calls here are of one origin. Names that nobody can register are this machine's or of its
    network.
    """
    name = _name(host)
    if not name:  # a Host that is none; the mock may have no names, and so an empty one
        return False
    return "." not in name or name.endswith(_PRIVATE) or address_of(name) is not None or name in names


def _name(host: str) -> str:
    match = _HOST.fullmatch(host)
    return match[1].strip("[]").lower() if match else ""


async def refuse_host(host: str, named_by: str, send: Send) -> None:
    """Respond to a request whose Host field may have been rebound."""
    detail = f'Host is "{printable(host[:100])}"; expected an address, localhost or a name that {named_by}.'
    await send_problem(HTTPStatus.MISDIRECTED_REQUEST, detail, send)


async def send_problem(status: HTTPStatus, detail: str, send: Send, *fields: tuple[bytes, bytes]) -> None:
    """Respond with a problem that no contract has."""
    body = msgspec.json.encode(
        {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *fields,
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
