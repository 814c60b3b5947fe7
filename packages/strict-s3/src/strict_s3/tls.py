"""TLS by a local certificate authority, which certifies whatever name a client asks for."""

import logging
import os
import ssl
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import trustme

from .capped_log import CappedLog

LOCAL_NAMES: Final = ("localhost", "*.s3.localhost", "127.0.0.1", "::1", "10.0.2.2")
"""The names in a certificate without SNI; the last is the host of Android's emulator."""
_DAYS: Final = 397
"""Accepted by every client; iOS accepts at most 825 days."""
_MOST_NAMES: Final = 64
_NAME: Final = "Local CA of a mock"
_CERTIFICATE, _KEY = "ca.pem", "ca-key.pem"
_refusals = CappedLog(logging.getLogger(__name__))


@dataclass(frozen=True, slots=True)
class Authority:
    """A local certificate authority.

    Attributes:
        certificate: in PEM, for clients to trust.
        key: in PEM; a secret, since those clients trust every certificate that it signs.
        file: has the certificate.
    """

    certificate: str
    key: str = field(repr=False)
    file: Path

    def server_context(self, names: Iterable[str] = ()) -> ssl.SSLContext:
        """Return the context of a server.

        Args:
            names: names and addresses by which clients reach it, beside `LOCAL_NAMES`. A name that is none of
                these needs not be here: a client asks for it. An address does.
        """
        _log_names_in_a_line()
        ca = trustme.CA.from_pem(self.certificate.encode(), self.key.encode())
        context = _context(ca, *dict.fromkeys((*LOCAL_NAMES, *names)))
        named = lru_cache(_MOST_NAMES)(lambda name: _context(ca, name))

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            if name and name != "localhost":
                try:
                    connection.context = named(name)
                except ValueError:  # no host name; the client will refuse the other certificate
                    return

        context.sni_callback = choose
        return context


@contextmanager
def authority(folder: Path | None = None) -> Iterator[Authority]:
    """Provide a local certificate authority.

    Args:
        folder: keeps it, so that clients need to trust it only once; None for a new one whose key is nowhere
            but in memory, and whose file is gone in the end.

    Raises:
        OSError: the folder cannot be read or written.
        ValueError: what it holds is no certificate authority.
    """
    if folder is None:
        ca = trustme.CA(path_length=0, organization_name=_NAME)
        with tempfile.TemporaryDirectory(prefix="ca-") as temporary:
            yield _saved(ca, Path(temporary), with_key=False)
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = folder / _CERTIFICATE, folder / _KEY
    if key.exists():
        existing = Authority(certificate.read_text("ascii"), key.read_text("ascii"), certificate.absolute())
        trustme.CA.from_pem(existing.certificate.encode(), existing.key.encode())
        yield existing
    else:
        ca = trustme.CA(path_length=0, organization_name=_NAME)
        yield _saved(ca, folder, with_key=True)


def _saved(ca: trustme.CA, folder: Path, *, with_key: bool) -> Authority:
    certificate, key = (blob.bytes().decode("ascii") for blob in (ca.cert_pem, ca.private_key_pem))
    file = folder / _CERTIFICATE
    file.write_text(certificate, "ascii")
    if with_key:
        with os.fdopen(os.open(folder / _KEY, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as secret:
            secret.write(key)
    return Authority(certificate, key, file.absolute())


def _context(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    now = datetime.now(UTC)
    certificate = ca.issue_cert(
        *names, not_before=now - timedelta(days=1), not_after=now + timedelta(days=_DAYS)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    certificate.configure_cert(context)
    return context


@cache
def _log_names_in_a_line() -> None:
    """Log a line for a name that is not ASCII, whose handshake CPython ends with a traceback on its own.

    The name is the error's object up to Python 3.13; later there is none, and the message has the name.
    """
    otherwise = sys.unraisablehook

    def log(error: "sys.UnraisableHookArgs") -> None:
        reason = error.exc_value
        is_about_name = isinstance(error.object, bytes) or "servername" in (error.err_msg or "")
        if is_about_name and isinstance(reason, UnicodeDecodeError):
            _refusals.warning("TLS handshake refused: the server name %r is not ASCII.", reason.object)
        else:
            otherwise(error)

    sys.unraisablehook = log
