"""Where a contract is deployed: the origins and base paths of its servers (OpenAPI 3.1, section 4.8.5).

Server Objects of paths and operations count as the document's do, and any path may be below any base path.

A server variable stands for its default and for the values that its ``enum`` lists. Without an ``enum`` it
stands for any text without ``/`` as well: in an origin always, in a base path where something else in it is
fixed, as in ``/{tenant}/api``. Below ``/{version}`` alone every path would be one of the contract's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any

from .routing import NOT_FOUND, Branch, Header, PathItem, Route, Router, no_header, normal_path

VARIABLE = re.compile(r"\{([^{}]*)\}")
URL = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
NO_ORIGIN = "(?!)"
MOST_BASE_PATHS = 1000
"""Of a server: its variables may have any number of values."""


class Deployment:
    """Finds the operations of a contract below the base paths of its servers, and without one.

    Args:
        base_url: where it is deployed as well, for instance ``https://staging.example/api``; its origin is
            the deployment's only one then.
    """

    def __init__(
        self, router: Router, servers: Iterable[Mapping[str, Any]], base_url: str | None = None
    ) -> None:
        self._router = router
        overriding: list[Mapping[str, Any]] = [{"url": base_url}] if base_url else []
        listed = list(servers)
        origins = [_origin_pattern(url, server) for server in overriding or listed for url in _urls(server)]
        self._origin = re.compile("|".join(filter(None, origins)) or NO_ORIGIN, re.IGNORECASE)
        paths = [
            path for server in overriding + listed for path in islice(_base_paths(server), MOST_BASE_PATHS)
        ]
        self._bases = Branch()
        self.route = self._route_below if paths else router.route
        """Returns the operation of a request, as `Contract.route` does: below the longest base path first."""
        for path in paths:
            self._bases.grow_path(path).end = PathItem(())

    def _route_below(self, method: str, path: str, query: bytes = b"", header: Header = no_header) -> Route:
        segments, without_method = normal_path(path).split("/"), NOT_FOUND
        for length in sorted({0, *self._bases.ends(segments)}, reverse=True):
            below = ["", *(segments[length:] or [""])] if length else segments
            route = self._router.route_segments(method, below, query, header)
            if route.operation is not None:
                return route
            without_method = without_method if without_method.methods else route
        return without_method

    def below(self, path: str) -> str:
        """Return a path without the longest base path that it begins with."""
        segments = normal_path(path).split("/")
        length = max(self._bases.ends(segments), default=0)
        return "/".join(["", *segments[length:]]) if length else path

    def has_origin_of(self, url: str) -> bool:
        """Return whether a URL is at one of the deployment's origins (scheme, host and port)."""
        return self._origin.fullmatch(origin_of(url)) is not None


def base_path_of(document: Mapping[str, Any]) -> str:
    """Return the base path of a document's first server, by the defaults of variables; empty for the root."""
    server = next(iter(document.get("servers", ())), None)
    path = next(_base_paths(server), "") if server else ""
    return "" if "{" in path else path


def origin_of(url: str) -> str:
    """Return scheme, host and port of an HTTP URL, without the scheme's own port; empty if it has none."""
    scheme, authority, _ = _split(url)
    port = DEFAULT_PORTS.get(scheme.lower())
    host = authority.rpartition("@")[2]
    return f"{scheme.lower()}://{host.removesuffix(port)}" if port else ""


def _split(url: str) -> tuple[str, str, str]:
    """Split a URL or a template of one into scheme, authority and path (RFC 3986, appendix B)."""
    scheme, authority, path = next(URL.finditer(url)).groups("")
    return scheme, authority, path


def _urls(server: Mapping[str, Any]) -> list[str]:
    """Return the URLs of a server, one for each value of variables that hold a scheme or a slash."""
    url: str = server["url"]
    urls = [url]
    for name in VARIABLE.findall(url):
        expression, values = "{" + name + "}", _values(server, name)
        if f"{expression}://" in url or any("/" in value for value in values):
            each_value = (
                template.replace(expression, value) for template in urls for value in (expression, *values)
            )
            urls = list(islice(each_value, MOST_BASE_PATHS))
    return urls


def _values(server: Mapping[str, Any], name: str) -> list[str]:
    """Return the default of a server variable, and the values that it lists."""
    variable = server.get("variables", {}).get(name, {})
    default = [variable["default"]] if "default" in variable else []
    return list(dict.fromkeys(map(str, (*default, *variable.get("enum", ())))))


def _is_open(server: Mapping[str, Any], name: str) -> bool:
    return "enum" not in server.get("variables", {}).get(name, {})


def _origin_pattern(url: str, server: Mapping[str, Any]) -> str:
    parts = VARIABLE.split(origin_of(url))
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [
        "[^/]+" if _is_open(server, name) else f"(?:{'|'.join(map(re.escape, _values(server, name)))})"
        for name in parts[1::2]
    ]
    return "".join(parts)


def _base_paths(server: Mapping[str, Any]) -> Iterator[str]:
    """Yield the base paths of a server, one for each combination of values of its variables."""
    for url in _urls(server):
        parts = VARIABLE.split(_split(url)[2].strip("/"))
        names = parts[1::2]
        open_names = {name for name in names if _is_open(server, name)}
        if open_names.issuperset(names) and not "".join(parts[::2]).strip("/"):
            open_names.clear()  # nothing in it is fixed
        texts = ([*_values(server, name), *["{" + name + "}"] * (name in open_names)] for name in names)
        for values in product(*texts):
            parts[1::2] = values
            if path := "".join(parts).strip("/"):
                yield f"/{path}"
