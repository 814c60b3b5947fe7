"""Where an issuer's key set is read from: a file or a URL. Blocking: to be run in a `OwnThread`."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import copy_context
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from contract_first.files import read_bytes
from contract_first.service.messages.traces import calling

TIMEOUT_SECONDS = 5.0
MOST_BYTES = 256 * 1024


class KeySetError(Exception):
    """The key set cannot be read, or holds no key that can be used."""


def reader_of(location: str) -> Callable[[], bytes]:
    """Return the reader of the key set, which raises KeySetError.

    Args:
        location: a file, an https URL, or an http URL on loopback, where nobody is in between.

    Raises:
        ValueError: the location is none of these.
    """
    parts = urlsplit(location)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return lambda: fetched(location)
    if parts.scheme in {"", "file"}:
        path = Path(parts.path)
        return lambda: file_content(path)
    raise ValueError("oauth_jwks must be a file, an https URL, or an http URL on loopback")


def is_loopback(host: str | None) -> bool:
    """Tell whether a URL's host is this machine."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def file_content(path: Path) -> bytes:
    """Return the bytes of a key-set file, 256 KiB at most."""
    try:
        return read_bytes(path, MOST_BYTES, "the file")
    except ValueError as error:
        raise KeySetError(str(error)) from error


def fetched(url: str) -> bytes:
    """Return the bytes of a key set at a URL: no redirects, 256 KiB and five seconds at most."""
    with calling("GET", http_request_method="GET", server_address=urlsplit(url).hostname or "") as call:
        return asyncio.run(_fetched(url, call.headers))


async def _fetched(url: str, headers: Mapping[str, str]) -> bytes:
    import httpx2  # noqa: PLC0415 -- takes 0.2 s to import: in this thread, and only where keys are fetched

    headers = {"Accept-Encoding": "identity", **headers}
    content = bytearray()
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),  # of a name's look-up, and of all pieces together
            httpx2.AsyncClient(headers=headers, timeout=TIMEOUT_SECONDS) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise KeySetError(f"its URL responded with {response.status_code}")
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise KeySetError(f"its URL sent more than {MOST_BYTES} bytes")
    except TimeoutError as error:
        raise KeySetError(f"its URL did not respond within {TIMEOUT_SECONDS:g} seconds") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise KeySetError(f"its URL: {type(error).__name__}") from error
    return bytes(content)


class OwnThread:
    """Runs one read at a time in a thread of its own: one that hangs holds up no other work."""

    def __init__(self) -> None:
        self._last: Future[bytes] | None = None

    async def run(self, read: Callable[[], bytes]) -> bytes:
        """Return what is read, or raise KeySetError while the last read still hangs."""
        if self._last is not None and not self._last.done():
            raise KeySetError("the last read of it has not ended")
        done: Future[bytes] = Future()
        self._last = done
        done.set_running_or_notify_cancel()

        def work() -> None:
            try:
                done.set_result(read())
            except BaseException as error:  # noqa: BLE001 -- raised where it is waited for
                done.set_exception(error)

        threading.Thread(target=copy_context().run, args=[work], name="key-set", daemon=True).start()
        return await asyncio.wrap_future(done)
