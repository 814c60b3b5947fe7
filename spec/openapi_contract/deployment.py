"""Where a contract is deployed: the origins and base paths of its servers (OpenAPI 3.1, section 4.8.5).

Server Objects of paths and operations count as the document's do, and any path may be below any base path.

A server variable stands for its default and for the values that its ``enum`` lists. Without an ``enum`` it
stands for any text without ``/`` as well: in an origin always, in a base path where something else in it is
fixed, as in ``/{tenant}/api``. Below ``/{version}`` alone every path would be one of the contract's.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from .routing import NOT_FOUND, normal_path, normal_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .routing import Route, Router

VARIABLE = re.compile(r"\{([^{}]*)\}")
URL = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
ANY_TEXT = "[^/]+"
NOTHING = "(?!)"
MOST_URLS = 1000


class Deployment:
    """Finds the operations of a contract below the base paths of its servers, and without one.

    Args:
        router: of the contract.
        servers: its Server Objects.
        base_url: where it is deployed as well, for instance ``https://staging.example/api``; its origin is
            the deployment's only one then.
    """

    def __init__(
        self, router: Router, servers: Iterable[Mapping[str, Any]], base_url: str | None = None
    ) -> None:
        self._router = router
        listed = [(url, server.get("variables", {})) for server in servers for url in _urls(server)]
        own = [(base_url, dict[str, Any]())] if base_url else []
        origins = [_origin_pattern(*each) for each in own or listed]
        self._origin = re.compile("|".join(filter(None, origins)) or NOTHING, re.IGNORECASE)
        bases = list(dict.fromkeys(filter(None, (_base_pattern(*each) for each in own + listed))))
        self._base = re.compile("|".join(bases)) if bases else None
        self._most_segments = max((each.replace(ANY_TEXT, "").count("/") for each in bases), default=0)

    def route(self, method: str, path: str) -> Route:
        """Return the operation of a method and path: below a base path, the longest first, or without one.

        Args:
            method: upper case.
            path: percent-encoded as it was sent, bytes that are not ASCII as Latin-1.
        """
        segments = normal_path(path).split("/")
        if self._base is None:
            return self._router.route_segments(method, segments)
        without_method = NOT_FOUND
        for below in self._below(segments, self._base):
            route = self._router.route_segments(method, below)
            if route.operation is not None:
                return route
            without_method = without_method if without_method.methods else route
        return without_method

    def _below(self, segments: list[str], base: re.Pattern[str]) -> Iterator[list[str]]:
        """Yield the segments of what a path can be in the contract."""
        for number in range(min(self._most_segments, len(segments)), 1, -1):
            if base.fullmatch("/".join(segments[:number]) + "/"):
                yield ["", *(segments[number:] or [""])]
        yield segments

    def has_origin_of(self, url: str) -> bool:
        """Return whether a URL is at one of the deployment's origins (scheme, host and port)."""
        return self._origin.fullmatch(origin_of(url)) is not None


def origin_of(url: str) -> str:
    """Return scheme, host and port of an HTTP URL, without the scheme's own port; empty if it has none."""
    scheme, authority, _ = _split(url)
    port = DEFAULT_PORTS.get(scheme.lower())
    host = authority.rpartition("@")[2]
    return f"{scheme.lower()}://{host.removesuffix(port)}" if port else ""


def _split(url: str) -> tuple[str, str, str]:
    """Return scheme, authority and path of any text (RFC 3986, appendix B): a template is no valid URL."""
    scheme, authority, path = next(URL.finditer(url)).groups("")
    return scheme, authority, path


def _urls(server: Mapping[str, Any]) -> list[str]:
    """Return the URL of a server; also at each value of variables that hold a scheme or a slash."""
    url: str = server["url"]
    urls = [url]
    for name, variable in server.get("variables", {}).items():
        expression, values = "{" + name + "}", _listed(variable)
        if f"{expression}://" in url or any("/" in value for value in values):
            each_value = (each.replace(expression, value) for each in urls for value in (expression, *values))
            urls = list(islice(each_value, MOST_URLS))
    return urls


def _listed(variable: Mapping[str, Any]) -> list[str]:
    """Return the default of a server variable, and the values that it lists."""
    default = [variable["default"]] if "default" in variable else []
    return list(dict.fromkeys(map(str, (*default, *variable.get("enum", ())))))


def _origin_pattern(url: str, variables: Mapping[str, Any]) -> str:
    return _pattern(origin_of(url), variables, str, is_open=True)


def _base_pattern(url: str, variables: Mapping[str, Any]) -> str:
    """Return the pattern of a base path with a slash behind it; empty if the URL has none."""
    path = _split(url)[2].strip("/")
    parts = VARIABLE.split(path)
    is_open = any(each.strip("/") for each in parts[::2]) or any(
        "enum" in variables.get(name, {}) for name in parts[1::2]
    )
    return path and "/" + _pattern(path, variables, normal_text, is_open=is_open) + "/?"


def _pattern(
    template: str, variables: Mapping[str, Any], spelling: Callable[[str], str], *, is_open: bool
) -> str:
    def of_variable(name: str) -> str:
        variable = variables.get(name, {})
        texts = [re.escape(spelling(value)) for value in _listed(variable)]
        if is_open and "enum" not in variable:
            texts.append(ANY_TEXT)
        return f"(?:{'|'.join(texts)})" if texts else NOTHING

    literal, *rest = VARIABLE.split(template)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return re.escape(spelling(literal)) + "".join(
        of_variable(name) + re.escape(spelling(text)) for name, text in pairs
    )
