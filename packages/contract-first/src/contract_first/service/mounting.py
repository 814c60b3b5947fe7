"""Where an app is mounted: the path below which its clients see it."""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from starlette.types import Scope

from .http.proxies import TrustedProxies, last_of

PREFIX_FIELD = b"x-forwarded-prefix"
LONGEST_PREFIX = 256
_PREFIX = re.compile(rf"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+){{1,{LONGEST_PREFIX}}}")


def mounting(proxies: TrustedProxies) -> Callable[[Scope], Scope]:
    """Return what makes the scope of a request one whose path is below the app's ``root_path``.

    By ASGI a path begins with the root path, that of a mount or of a server's ``--root-path``. One
    that does not is below it already. What a trusted proxy took away, it names in ``X-Forwarded-Prefix``.
    A mount of Litestar takes its path away from the path, and leaves it in the raw one.
    """
    has_proxies = bool(proxies)

    def below_root(scope: Scope) -> Scope:
        path: str = scope["path"]
        raw: bytes = scope.get("raw_path") or quote(path).encode()
        if not (has_proxies or scope.get("root_path")) and raw.decode("latin-1") == path:
            return scope
        root: str = scope.get("root_path", "").rstrip("/")
        if taken := _taken_away(path, raw):
            root = taken if f"{taken}/".startswith(f"{root}/") else root + taken
            path = unquote(raw.decode("latin-1"))
        root = _forwarded(scope, proxies) + root
        if not root:
            return scope
        return {
            **scope,
            "root_path": root,
            "path": _below(path, root, path),
            "raw_path": _below(raw.decode("latin-1"), root, path).encode("latin-1"),
        }

    return below_root


def _taken_away(path: str, raw: bytes) -> str:
    """Return the beginning of a raw path that the path lacks, which may have a slash too many at its end."""
    text = raw.decode("latin-1")
    if text == path:
        return ""
    whole, end = unquote(text).rstrip("/"), path.rstrip("/")
    return whole.removesuffix(end) if whole.endswith(end) else ""


def _below(text: str, root: str, path: str) -> str:
    """Return what follows the root in a path, or in a percent-encoded spelling of it."""
    if path != root and not path.startswith(f"{root}/"):
        return text
    pieces = text.split("/")
    count = root.count("/") + 1
    if unquote("/".join(pieces[:count])) != root:
        return quote(path[len(root) :]) or "/"  # the root is spelled with an encoded slash
    return "/" + "/".join(pieces[count:])


def _forwarded(scope: Scope, proxies: TrustedProxies) -> str:
    client = scope.get("client")
    if not client or not proxies.trusts(str(client[0])):
        return ""
    fields = [value for name, value in scope["headers"] if name == PREFIX_FIELD]
    prefix = last_of(fields[-1].decode("latin-1") if fields else None).rstrip("/")
    return prefix if len(prefix) <= LONGEST_PREFIX and _PREFIX.fullmatch(prefix) else ""
