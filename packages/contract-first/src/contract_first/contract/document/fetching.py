"""What documents refer to beyond their folder and their origin: fetched once, and cached by digest."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from hashlib import sha256
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import ip_address
from os.path import realpath
from pathlib import Path
from socket import getaddrinfo
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

import msgspec

from contract_first.contexts import assignment
from contract_first.contract.document.errors import ContractError
from contract_first.contract.document.sources import is_url

MAX_BYTES = 64 * 1024 * 1024
TIMEOUT_SECONDS = 10
OFFLINE = "nothing is fetched offline; go online, or give a cache of references that has it"


class Cached(msgspec.Struct, frozen=True):
    """What a URL held, in Base64 where it is written."""

    sha256: str
    content: bytes


class References:
    """Follows references to URLs, and to files outside of a document's folder.

    Args:
        cache: a JSON file of what URLs held, by URL; what is in it is not fetched, what is not is added.
        offline: fetch nothing.
        root: read files in this folder and below alone, wherever links lead, and nothing of a URL.

    Attributes:
        sources: gets the bytes of each file and URL that is read, unless it is None.

    Raises:
        ContractError: the file is no such cache, or what it holds has another digest than it says; the root
            is no folder.
    """

    def __init__(self, cache: Path | None = None, *, offline: bool = False, root: Path | None = None) -> None:
        if root is not None and not root.is_dir():
            raise ContractError(str(root), "", "is no folder; expected one that has the contract.")
        self._file = cache
        self._offline = offline
        self._root = None if root is None else realpath(root)
        self._cached: dict[str, Cached] = {}
        self._public_hosts: set[str] = set()
        self._public_urls: set[str] = set()
        self.sources: dict[str, bytes] | None = None
        if cache is not None and cache.exists():
            try:
                self._cached = msgspec.json.decode(cache.read_bytes(), type=dict[str, Cached])
            except (OSError, ValueError) as error:
                raise ContractError(str(cache), "", f"is no cache of references: {error}.") from None
        for url, cached in self._cached.items():
            if sha256(cached.content).hexdigest() != cached.sha256:
                raise ContractError(str(cache), f"/{url}", "has another digest; delete it to fetch it again.")

    def require_in_root(self, source: str) -> None:
        """Raise ValueError for a URL, and for a file that is not in the root, if there is one."""
        if self._root and (is_url(source) or not Path(realpath(source)).is_relative_to(self._root)):
            raise ValueError(f"it is no file in {self._root}, and nothing else may be read (--root)")

    def fetch(self, url: str) -> bytes:
        """Return what a URL holds, or held when it was cached; raises as `fetch`, and ValueError offline."""
        if url not in self._cached:
            if self._offline:
                raise ValueError(OFFLINE)
            content = fetch(url, lambda address: self._may_connect(url, address))
            self._cached[url] = Cached(sha256(content).hexdigest(), content)
            if self._file is not None:
                text = msgspec.json.format(msgspec.json.encode(dict(sorted(self._cached.items()))))
                new = self._file.with_name(f"{self._file.name}.new")
                new.write_bytes(text + b"\n")
                new.replace(self._file)
        return self._cached[url].content

    def may_lead(self, source: str, resource: str, reference: str = "") -> bool:
        """Tell whether a document may refer to a resource.

        Files refer to other files by relative paths, but not to hidden ones. A document from a URL refers
        to no file, and into a private network only at its own origin: its author might not get there.
        """
        target = urlsplit(resource)
        if is_url(resource):
            if self._offline or self._root or not is_url(source):
                return True
            is_near = urlsplit(source)[:2] == target[:2]
            if not is_near or target.hostname in self._public_hosts:
                self._public_urls.add(resource)
            return is_near or _is_public(target.hostname or "")
        is_hidden = any(part.startswith(".") for part in Path(target.path).parts)
        is_relative = (
            target.scheme == "file" and not target.netloc and not reference.startswith(("/", "file:"))
        )
        return is_relative and not is_url(source) and not is_hidden

    def _may_connect(self, url: str, address: str) -> bool:
        """Tell whether a URL may be at an address.

        DNS may give another address to a connection than to `may_lead`: what had to be public then, or was
        public once, has to be public now.
        """
        is_public = ip_address(address).is_global
        if is_public:
            self._public_hosts.add(urlsplit(url).hostname or "")
        return is_public or url not in self._public_urls


FOLLOWED: ContextVar[References | None] = ContextVar("followed", default=None)
"""What follows references while a contract is loaded; None, and none leads out of its folder or origin."""


def following(references: References | None) -> AbstractContextManager[None]:
    """Follow references while this is entered."""
    return assignment(FOLLOWED, references)


def fetch(url: str, may_connect: Callable[[str], bool] = lambda _: True) -> bytes:
    """Return what a URL holds, and one byte too many of what is too large; it follows no redirect.

    Args:
        may_connect: tells whether an IP address may be sent the request; a proxy may have any.

    Raises:
        OSError: nothing is there, or not at such an address.
        HTTPException: what is there is no HTTP.
        ValueError: it is no URL of a host.
    """
    if not urlsplit(url).hostname:
        raise ValueError("the URL has no host; expected http://HOST/PATH")
    accept = {"Accept": "application/json, application/yaml, */*;q=0.1"}
    request = Request(url, headers=accept)  # noqa: S310 -- is_url lets only HTTP and HTTPS come here
    plain, secure = _handlers(may_connect)
    try:
        with build_opener(_NoRedirects, plain, secure).open(request, timeout=TIMEOUT_SECONDS) as response:
            body: bytes = response.read(MAX_BYTES + 1)
            return body
    except HTTPError as error:
        error.close()
        raise


def _handlers(may_connect: Callable[[str], bool]) -> tuple[HTTPHandler, HTTPSHandler]:
    """Return urllib's handlers of both schemes, whose connections send nothing to other addresses."""

    class Guarded(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            address = str(self.sock.getpeername()[0]).partition("%")[0]
            if not may_connect(address):
                self.close()
                raise OSError(f"its host is at {address} now, which is in a private network")

    class Secure(HTTPSConnection, Guarded):
        """Guarded before the handshake: `HTTPSConnection.connect` calls that of the next class."""

    class Plain(HTTPHandler):
        def http_open(self, req: Request) -> Any:
            return self.do_open(HTTPConnection if _has_proxy(req) else Guarded, req)

    class Encrypted(HTTPSHandler):
        def https_open(self, req: Request) -> Any:
            return self.do_open(HTTPSConnection if _has_proxy(req) else Secure, req)

    return Plain(), Encrypted()


def _has_proxy(request: Request) -> bool:
    return request.host != urlsplit(request.full_url).netloc


class _NoRedirects(HTTPRedirectHandler):
    """Refuses redirects, which could lead where no reference may: their status is the error."""

    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect."""


def _is_public(host: str) -> bool:
    """Tell whether all addresses of a host are on the public Internet; those of one without are."""
    try:
        addresses = {str(entry[4][0]).partition("%")[0] for entry in getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return True  # fetching it says why
    return all(ip_address(address).is_global for address in addresses)
