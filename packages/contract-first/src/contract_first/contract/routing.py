"""Finds the operation of a method and path by a contract's path templates (OpenAPI 3.1, section 4.8.8)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

import msgspec

from .operation import Operation

EXPRESSION = re.compile(r"\{([^{}/=]+=[^{}]*|[^{}/]+)\}")
"""Of one segment, except Google's ``{name=shelves/*/books/*}``, whose value has several."""
WILDCARD = re.compile(r"\*\*?")
QUERY = re.compile(r"[?#]")
DECORATED = re.compile(r"[*+]*([^*+:=?]+).*", re.DOTALL)
"""An expression in the syntax of routers: ``{id:.+}``, ``{*path}``, ``{path*}``."""
OF_SEGMENTS = re.compile(r"\{(?:[*+][^}/]*|[^}/:]*[*+]|[^}/:]*:(?:path|\.[*+]))\}")
"""Such an expression for any number of segments, at the end of a template."""
PLAIN = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]*")
NOT_PLAIN = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]")
LITERAL_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
LONGEST_METHOD = 20
WHOLE_SEGMENT = ("", "")
UNRESERVED = re.compile(r"[A-Za-z0-9\-_~]")

Fits = Callable[["Operation", Mapping[str, bytes]], bool]
Header = Callable[[bytes], str | None]
"""Returns a header field's value (name in lower case); None if it is not there."""


class Route(msgspec.Struct, frozen=True):
    """The result of routing a method and a path.

    Attributes:
        operation: the operation; None if the path, or the method at this path, is not found.
        path_parameters: by name, percent-encoded as they were sent.
        methods: the methods of the path, sorted, upper case, with OPTIONS; empty if the path is not found.
        note: a sentence about a path that is not quite the contract's; empty for one that is.
    """

    operation: Operation | None
    path_parameters: Mapping[str, bytes]
    methods: tuple[str, ...]
    note: str = ""

    @property
    def operation_id(self) -> str:
        """The operationId; empty without an operation."""
        return "" if self.operation is None else self.operation.operation_id

    @property
    def decoded_parameters(self) -> dict[str, str]:
        """The path parameters by name, decoded."""
        return {name: unquote(value.decode("latin-1")) for name, value in self.path_parameters.items()}

    def refusal(self, method: str) -> str:
        """Return in a sentence why a method has no operation."""
        if not self.methods:
            return "No operation of the contract has this path."
        listed = ", ".join(self.methods)
        return f"{method[:LONGEST_METHOD]} is not among the methods of this path: {listed}."


NOT_FOUND = Route(None, {}, ())


def no_header(_name: bytes) -> None:
    """Find no header field, as in a request of only a method and a URL."""


class RouteCandidate(NamedTuple):
    """An operation of a path.

    Attributes:
        path: its path template, without the query.
        query: what its template has behind ``?`` or ``#``, by name: a value, an expression or nothing.
        headers: the names in it that may be those of header fields, as ``#X-Amz-Target=Run`` has one.
    """

    operation: Operation
    path: str
    query: Mapping[str, str]
    headers: frozenset[str] = frozenset()

    def accepts(self, method: str, query: Mapping[str, str]) -> bool:
        """Tell whether the operation has this method, and the query the values of its template."""
        own_method = self.operation.method.upper()
        return (own_method == method or (own_method == "GET" and method == "HEAD")) and all(
            unquote_plus(query.get(name, "")) == value
            for name, value in self.query.items()
            if value and not EXPRESSION.search(value)
        )

    def lacks_field(self, method: str, query: Mapping[str, str]) -> bool:
        """Tell whether a request would be the operation's, but for a header field that this requires."""
        absent = self.headers - query.keys()
        required = {item["name"] for item in self.operation.parameters if item.get("required")}
        fixed = {name: unquote_plus(self.query[name]) for name in absent}
        return bool(absent) and absent <= required and self.accepts(method, {**query, **fixed})

    def closeness(self, query: Mapping[str, str]) -> int:
        """Return how close the template is to a query, by the number of names that are present or missing."""
        return len(self.query) if self.query.keys() <= query.keys() else -len(self.query)

    def parameters(self, query: Mapping[str, str]) -> dict[str, bytes]:
        """Return the values of the expressions in the query of the template, percent-encoded."""
        expressions = ((name, EXPRESSION.fullmatch(value)) for name, value in self.query.items())
        return {
            expression[1]: query[name].replace("+", "%20").encode("latin-1")
            for name, expression in expressions
            if expression and name in query
        }


class PathItem:
    """One path of the contract: the names in its template, its operations by method.

    Templates that differ in names alone must not be (OpenAPI 3.1, 4.8.8.2), and are: they are one
    path then, with all names for what was sent, and the first operation of a method whose parameters fit.
    Nor may a template have a query, by which some documents tell operations apart.
    """

    __slots__ = ("_headers", "_patterns", "_places", "_several", "_several_names", "methods", "operations")

    def __init__(self, candidates: Sequence[RouteCandidate]) -> None:
        paths = {candidate.path: None for candidate in candidates}
        self._several_names = len(paths) > 1
        slots = [slot for path in paths for slot in _places(path)]
        self._places = [(name, place) for name, pattern, place, _ in slots if not pattern]
        self._patterns = [slot for slot in slots if slot[1]]
        operations = (candidate.operation for candidate in reversed(candidates))
        self.operations = {operation.method.upper(): operation for operation in operations}
        has_queries = any(candidate.query for candidate in candidates)
        self._several = candidates if self._several_names or has_queries else ()
        self._headers = {
            name: name.lower().encode("latin-1", "replace")
            for candidate in candidates
            for name in candidate.headers
        }
        if "GET" in self.operations:
            self.operations.setdefault("HEAD", self.operations["GET"])
        self.methods = tuple(sorted({*self.operations, "OPTIONS"}))

    def route(self, method: str, values: Sequence[str], query: bytes, header: Header, fits: Fits) -> Route:
        """Return the operation of a method; of several, the first whose parameters fit, else the first."""
        parameters = self.named(values)
        if not self._several:
            return Route(self.operations.get(method), parameters, self.methods)
        fields = ((name, header(field)) for name, field in self._headers.items())
        texts = {**{name: value for name, value in fields if value is not None}, **_query(query)}
        closest = sorted(self._several, key=lambda candidate: candidate.closeness(texts), reverse=True)
        accepting = [candidate for candidate in closest if candidate.accepts(method, texts)]
        # the first one's validation says which field is missing
        accepting = accepting or [candidate for candidate in closest if candidate.lacks_field(method, texts)]
        if not accepting:
            methods = [name for name in self.methods if any(item.accepts(name, texts) for item in closest)]
            return Route(None, parameters, tuple(sorted((*methods, "OPTIONS")))) if methods else NOT_FOUND
        fitting = (item for item in accepting if self._several_names and fits(item.operation, parameters))
        chosen = next(fitting, accepting[0])
        return Route(chosen.operation, {**parameters, **chosen.parameters(texts)}, self.methods)

    def named(self, values: Sequence[str]) -> dict[str, bytes]:
        """Return the values of path parameters, by their names in the template."""
        named = {name: values[place].encode("latin-1") for name, place in self._places}
        for name, pattern, start, end in self._patterns:
            named[name] = pattern.format(*values[start:end]).encode("latin-1")
        return named


class Branch:
    """A node in the tree of paths: the next segments, literal or templated, or the end of a path."""

    __slots__ = ("_templates", "_unsorted", "end", "literals", "rest")

    def __init__(self) -> None:
        self.end: PathItem | None = None
        self.rest: Branch | None = None
        self.literals: dict[str, Branch] = {}
        self._templates: dict[tuple[str, ...], Branch] = {}
        self._unsorted = False

    @property
    def templates(self) -> "dict[tuple[str, ...], Branch]":
        """The branches by the literals around their expressions, "{name}.json" before "{name}"."""
        if self._unsorted:
            self._templates = dict(sorted(self._templates.items(), key=_concreteness, reverse=True))
            self._unsorted = False
        return self._templates

    def grow_path(self, path: str) -> "Branch":
        """Return the branch behind a path template."""
        branch = self
        *segments, last = path.split("/")
        for segment in segments:
            branch = branch.grow(segment)
        if _is_open(path):
            branch.rest = branch.rest or Branch()
            return branch.rest
        return branch.grow(last)

    def grow(self, segment: str) -> "Branch":
        """Return the branch behind a segment of a path template."""
        literals = _literals(segment)
        if len(literals) == 1:
            return self.literals.setdefault(literals[0], Branch())
        self._unsorted = True
        return self._templates.setdefault(literals, Branch())

    def find(self, segments: Sequence[str], depth: int = 0) -> tuple[PathItem, tuple[str, ...]] | None:
        """Return the path item of the segments, with the values of its expressions."""
        if depth == len(segments):
            return None if self.end is None else (self.end, ())
        segment = segments[depth]
        literal = self.literals.get(segment)
        if literal is not None:
            match = literal.find(segments, depth + 1)
            if match is not None or not (self.templates or self.rest):
                return match
        for literals, branch in self.templates.items():
            values = _values(literals, segment)
            match = branch.find(segments, depth + 1) if values else None
            if match is not None:
                return match[0], (*values, *match[1])
        rest = "/".join(segments[depth:])
        return (self.rest.end, (rest,)) if rest and self.rest is not None and self.rest.end else None

    def ends(self, segments: Sequence[str], depth: int = 0) -> Iterator[int]:
        """Yield each number of leading segments that are a whole path."""
        if self.end is not None:
            yield depth
        if depth < len(segments):
            if segments[depth] in self.literals:
                yield from self.literals[segments[depth]].ends(segments, depth + 1)
            for literals, branch in self.templates.items():
                if _values(literals, segments[depth]):
                    yield from branch.ends(segments, depth + 1)


@lru_cache(maxsize=1000)
def _literals(segment: str) -> tuple[str, ...]:
    """Return the literals around the expressions in a segment of a template."""
    return tuple(normal_text(literal) for literal in EXPRESSION.split(segment)[::2])


def _concreteness(template: tuple[tuple[str, ...], Branch]) -> tuple[int, int]:
    literals, _ = template
    return sum(map(len, literals)), len(literals)


def _values(literals: tuple[str, ...], segment: str) -> tuple[str, ...]:
    """Return the values between the literals of a segment, nothing if a literal is missing.

    The first values are the longest possible. Every literal is looked for from the end, once: a regular
    expression of several wildcards would try each place of each with each of the others.
    """
    if literals == WHOLE_SEGMENT:
        return (segment,) if segment else ()
    first, *between, last = literals
    if not (segment.startswith(first) and segment.endswith(last)):
        return ()
    start, end = len(first), len(segment) - len(last)
    values = []
    for literal in reversed(between):
        at = segment.rfind(literal, start + 1, end - 1) if start < end else -1
        if at < 0:
            return ()
        values.append(segment[at + len(literal) : end])
        end = at
    return (segment[start:end], *reversed(values)) if start < end else ()


class Router:
    """All paths of a contract; concrete ones are matched before templated ones (OpenAPI 3.1, 4.8.8.2).

    Args:
        fits: tells whether path parameters may be those of an operation, where several have the same path.
        any_slash: find a path that is the contract's but for a slash at its end, too.
    """

    def __init__(
        self, operations: Iterable[Operation], fits: Fits = lambda *_: True, *, any_slash: bool = False
    ) -> None:
        self._fits, self._any_slash = fits, any_slash
        by_path: dict[str, list[RouteCandidate]] = {}
        for operation in operations:
            for candidate in _candidates(operation):
                for shape in _shapes(candidate.path):
                    by_path.setdefault(shape, []).append(candidate)
        self._root = Branch()
        for shape, same in by_path.items():
            # of one segment before any number of them
            by_openness = sorted(same, key=lambda candidate: _is_open(candidate.path))
            self._root.grow_path(shape).end = PathItem(by_openness)
        self._beginning: list[str] = []
        self._skip_shared_beginning()

    def _skip_shared_beginning(self) -> None:
        """Skip the first segments, which are the same for all paths."""
        while (
            not (self._root.end or self._root.rest or self._root.templates) and len(self._root.literals) == 1
        ):
            ((segment, self._root),) = self._root.literals.items()
            self._beginning.append(segment)

    def route(self, method: str, path: str, query: bytes = b"", header: Header = no_header) -> Route:
        """Return the operation of a request, as `Contract.route` does, without a base path."""
        return self.route_segments(method, normal_path(path).split("/"), query, header)

    def route_segments(
        self, method: str, segments: list[str], query: bytes = b"", header: Header = no_header
    ) -> Route:
        """Return the operation of a method and the segments of a normal path, the first of them empty."""
        route = self._route(method, segments, query, header)
        if route.methods or not self._any_slash:
            return route
        has_slash = segments[-1] == ""
        route = self._route(method, segments[:-1] if has_slash else [*segments, ""], query, header)
        if route.operation is None:
            return route
        note = f"the contract's path has {'no' if has_slash else 'a'} slash at its end"
        return msgspec.structs.replace(route, note=note)

    def _route(self, method: str, segments: list[str], query: bytes, header: Header) -> Route:
        shared = len(self._beginning)
        match = self._root.find(segments, shared) if segments[:shared] == self._beginning else None
        if match is None:
            return NOT_FOUND
        item, values = match
        return item.route(method, values, query, header, self._fits)


def spellings(name: str) -> tuple[str, ...]:
    """Return the name in an expression as it is written, and without the syntax of routers."""
    plain = DECORATED.fullmatch(name)
    return (name,) if plain is None or plain[1] == name else (name, plain[1])


def _places(path: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield each name in a path template, its pattern, and the first and last index of its values."""
    start = 0
    for expression in EXPRESSION.findall(path):
        pattern = _pattern(expression)
        end = start + (len(WILDCARD.findall(pattern)) if pattern else 1)
        for name in spellings(expression):
            yield name, WILDCARD.sub("{}", pattern), start, end
        start = end


def _pattern(expression: str) -> str:
    """Return the pattern of an expression for several segments, empty for any other."""
    pattern = expression.partition("=")[2]
    return pattern if "/" in pattern else ""


def _flat(path: str) -> str:
    """Return a path template with patterns expanded, and an expression for each wildcard."""
    return EXPRESSION.sub(
        lambda expression: _pattern(expression[1]).replace("**", "{+}").replace("*", "{_}") or expression[0],
        path,
    )


def _shapes(path: str) -> Iterator[str]:
    """Yield a path template without names; one that ends in any number of segments also with a single one."""
    one_segment = EXPRESSION.sub("{_}", _flat(path))
    yield one_segment
    if _is_open(path):
        yield one_segment.removesuffix("{_}") + "{*}"


def _is_open(path: str) -> bool:
    """Tell whether a path template ends in an expression for any number of segments."""
    return OF_SEGMENTS.fullmatch(_flat(path).rpartition("/")[2]) is not None


def path_of(template: str) -> str:
    """Return a path template without its query or fragment."""
    return QUERY.split(template, maxsplit=1)[0]


def _candidates(operation: Operation) -> Iterator[RouteCandidate]:
    """Yield the candidates of an operation: with a fragment, the path counts with and without it."""
    path = path_of(operation.path)
    query = _query(operation.path[len(path) + 1 :].encode("latin-1", "replace"))
    fixed = {name: value for name, value in query.items() if not EXPRESSION.search(name)}
    by_fragment = operation.path[len(path) :].startswith("#")
    yield RouteCandidate(operation, path, fixed, frozenset(fixed if by_fragment else ()))
    if by_fragment:
        yield RouteCandidate(operation, operation.path, {})


def _query(query: bytes) -> dict[str, str]:
    """Return the values of a query by name, as they were sent."""
    pairs = (part.partition("=") for part in query.decode("latin-1").split("&") if part)
    return {unquote_plus(name): value for name, _, value in pairs}


def normal_path(path: str) -> str:
    """Return the normal form of a path (RFC 3986, section 6.2.2).

    Args:
        path: percent-encoded, bytes that are not ASCII as Latin-1.
    """
    return path if PLAIN.fullmatch(path) else NOT_PLAIN.sub(_normal, path)


def normal_text(text: str) -> str:
    """Return the normal form of a part of a path in a document, where any character is allowed."""
    encoded = LITERAL_PERCENT.sub("%25", text)
    return normal_path(encoded.encode("utf-8", "surrogatepass").decode("latin-1"))


def _normal(match: re.Match[str]) -> str:
    text = match[0]
    character = text if len(text) == 1 else chr(int(text[1:], 16))
    # the full stop stays as it is: the label style parts values by it
    return character if UNRESERVED.match(character) else f"%{ord(character):02X}"
