"""What mocks of two versions respond to the same requests, by class of difference, and whether items agree.

    python bench/engines.py compare "uvx contract-first==0.3.0" DOCUMENT...    another version with this one
    python bench/engines.py agree DOCUMENT...                  do lists, reads, creations show one item?

Each operation gets a valid request, and that with another key, with a page, with preferences, with an empty
body, and a wrong one, with and without memory. A class has its reason and an example. What has no class is
printed, as "unexplained".
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import httpx2
from httpx2 import codes

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.loading import repaired
from contract_first.generation.requests import SampleRequest, Samples
from contract_first.mock.shape.envelopes import FACTS
from contract_first.mock.stateful.catalog import catalog_of
from contract_first.recognition import Collection, Role
from contract_first.recognition.ways import within
from contract_first.vocabulary.members import Meaning, meanings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OURS = f"{sys.executable} -m contract_first"
URL = re.compile(rb"(?:https?:/|/)(?:/[^\"\s\\/]+)+")
HOST = re.compile(r"\bexample\.(?:com|org)\b")
PREFERENCES = ("code=404", "example=default", "dynamic=true")
QUERIES = ("limit=2&page=2", "limit=1&offset=1", "fields=id", "sort=-id", "q=x")
NOW = {"now": "2026-11-26T12:00:00+00:00", "freeze": True}
LONGEST = 1 << 20
"""Of a response that is read: streams may have no end."""
SHOWN = 90
"""Characters of a value in an example."""
OF_PAGES = frozenset({*FACTS, Meaning.NEXT_URL, Meaning.PREVIOUS_URL, Meaning.NEXT_CURSOR, Meaning.LIST_URL})
MODES = ("without memory", "with memory")

tell = print
"""It is the result."""


class Response(NamedTuple):
    """What a mock responds with: its status, what it says of its source, and the body."""

    status: int
    source: str
    body: bytes


class Mock:
    """A mock in a process of its own, which may be of another version."""

    def __init__(self, url: str, client: httpx2.Client) -> None:
        self._url, self._client = url, client
        self.reset()

    def reset(self) -> None:
        """Go back to the start, at the same time in each mock."""
        self._client.post(f"{self._url}/_mock/state/reset").raise_for_status()
        self._client.post(f"{self._url}/_mock/clock", json=NOW).raise_for_status()

    def __call__(
        self, sample: SampleRequest, content: bytes | None = None, *, only: int = LONGEST, **fields: str
    ) -> Response:
        """Send a request, or a variation of it."""
        body: dict[str, Any] = {"content": sample.content if content is None else content}
        if sample.form and content is None:
            body = {"files": sample.form}
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in sample.query)
        target = f"{self._url}{sample.target}{f'?{query}' if query else ''}"
        read = bytearray()
        with self._client.stream(
            sample.method, target, headers={**sample.fields, **fields}, **body
        ) as response:
            for chunk in response.iter_bytes():
                read += chunk
                if len(read) > only:
                    break
        return Response(response.status_code, response.headers.get("x-mock-answer", ""), bytes(read))


@contextmanager
def mocking(program: str, document: Path, *, stateful: bool) -> Iterator[Mock]:
    """Run the mock of a document by the command of a version."""
    options = ["--port", "0", "--json", "--no-auth", "--public-url", "http://api.test"]
    command = [*shlex.split(program), "mock", str(document), *options, *["--stateful"] * stateful]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            with httpx2.Client(timeout=60) as client:
                control = json.loads(process.stdout.readline() if process.stdout else b"")["control"]
                yield Mock(control.removesuffix("/_mock"), client)
        finally:
            process.terminate()


def contracts(documents: list[Path]) -> Iterator[tuple[Path, Contract]]:
    """Yield the contracts of documents; those that cannot be read are reported."""
    for document in documents:
        try:
            yield document, repaired(load_contract(str(document), lenient=True))
        except ContractError as error:
            tell(f"{document}: {error}"[:200])


def requested(samples: Samples, operation: Any) -> SampleRequest | None:
    """Return a valid request; None where there is none, or a path names a parameter that is not declared."""
    try:
        return samples.request(operation)
    except KeyError:
        return None


def variations(sample: SampleRequest) -> Iterator[tuple[str, partial[Response]]]:
    """Yield the valid request of an operation and its variations, each with its name."""
    yield "plain", partial(Mock.__call__, sample=sample)
    if sample.path:
        *_, (name, text) = sample.path.items()
        other = {**sample.path, name: str(int(text) + 1) if text.isdecimal() else f"{text}x"}
        yield "another id", partial(Mock.__call__, sample=sample._replace(path=other))
    for query in QUERIES if sample.method == "GET" else ():
        pairs = [(name, text) for name, _, text in (pair.partition("=") for pair in query.split("&"))]
        there = {parameter["name"] for parameter in sample.operation.parameters}
        if all(pair[0] in there for pair in pairs):
            yield query, partial(Mock.__call__, sample=sample._replace(query=[*sample.query, *pairs]))
    for preference in PREFERENCES:
        yield preference, partial(Mock.__call__, sample=sample, prefer=preference)
    if sample.content is not None:
        yield "empty", partial(Mock.__call__, sample=sample, content=b"{}")
        yield "wrong", partial(Mock.__call__, sample=sample, content=b"[[")


class Difference(NamedTuple):
    """A part of two JSON values that is not the same: its name, and the parts; None where it is not there."""

    name: str
    before: Any
    after: Any

    @property
    def is_of_host(self) -> bool:
        """Whether texts differ in nothing but URLs and hosts."""
        if not (isinstance(self.before, str) and isinstance(self.after, str)):
            return False
        before, after = (HOST.sub("example", text).encode() for text in self[1:])
        return URL.sub(b"URL", before) == URL.sub(b"URL", after)

    @property
    def is_of_page(self) -> bool:
        """Whether the part says what page of a list is shown."""
        is_scalar = not isinstance(self.before, dict | list) and not isinstance(self.after, dict | list)
        return is_scalar and not OF_PAGES.isdisjoint(meanings_of(self.name))

    def __str__(self) -> str:
        return f"{self.name or 'whole'}: {str(self.before)[:SHOWN]} -> {str(self.after)[:SHOWN]}"


def differences(before: Any, after: Any, name: str = "") -> Iterator[Difference]:
    """Yield the smallest parts of two JSON values that differ, and lists of two lengths."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from differences(before.get(key), after.get(key), key)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield Difference(name, before, after)
        for pair in zip(before, after, strict=False):
            yield from differences(*pair, name)
    elif before != after:
        yield Difference(name, before, after)


class Pair(NamedTuple):
    """What another version and this one respond with to one request.

    Attributes:
        action: what the operation does to a collection, such as ``list``; empty without one.
        parts: what differs, but for URLs and hosts; None where the bodies are not JSON.
    """

    before: Response
    after: Response
    action: str
    stateful: bool
    parts: list[Difference] | None

    def __str__(self) -> str:
        parts = (self.beside or self.parts or [])[:2] if self.before.status == self.after.status else []
        both = (f"{each.status} {each.source} {each.body[:SHOWN]!r}" for each in (self.before, self.after))
        return "; ".join(map(str, parts)) or " -> ".join(both)

    @property
    def beside(self) -> list[Difference]:
        """What differs beside what is said of a page."""
        return [part for part in self.parts or () if not part.is_of_page]

    @property
    def is_beginning(self) -> bool:
        """Whether a list was empty, or a creation got an earlier number."""
        is_longer = any(isinstance(part.before, list) and not part.before for part in self.beside)
        numbers = self.action == "create" and all(isinstance(part.after, int) for part in self.beside)
        return self.stateful and (is_longer or numbers)


def pair_of(before: Response, after: Response, action: str, *, stateful: bool) -> Pair:
    """Return two responses with what differs in them."""
    try:
        parts = list(differences(json.loads(before.body), json.loads(after.body)))
    except ValueError:
        return Pair(before, after, action, stateful, None)
    return Pair(before, after, action, stateful, [part for part in parts if not part.is_of_host])


CLASSES: Mapping[str, tuple[Callable[[Pair], bool], str]] = {
    "same": (lambda it: it.before == it.after, "Nothing differs."),
    "beginning, status": (
        lambda it: it.before.status != it.after.status and it.stateful and bool(it.action),
        "With memory, a collection begins with the items of its list: they are found, and in the way.",
    ),
    "unexplained, status": (lambda it: it.before.status != it.after.status, "No class is for it."),
    "source": (
        lambda it: it.before.status >= codes.BAD_REQUEST and it.parts == [],
        "An error that the contract declares is marked `generated`, and says which URL it is about.",
    ),
    "errors": (
        lambda it: it.before.status >= codes.BAD_REQUEST,
        "An error says what is wrong, in the members that the contract declares.",
    ),
    "files": (lambda it: it.parts is None, "A body of a media type is a file that programs open."),
    "links": (lambda it: not it.parts, "URLs lead to the mock, and generated hosts end in `.example`."),
    "page": (
        lambda it: not it.beside,
        "What is said of a page agrees: its size is the one that applies, and its count that of all items.",
    ),
    "beginning": (
        lambda it: it.is_beginning,
        "With memory, a list begins with its items, and a number that is given follows theirs.",
    ),
    "list": (
        lambda it: it.action == "list",
        "A list shows the items of its collection, wherever it stands, and these refer to other items.",
    ),
    "read": (lambda it: it.action == "read", "A read shows the item of the list."),
    "create": (
        lambda it: it.action == "create",
        "A creation without memory shows an item of the list, with a new key and with what was sent.",
    ),
    "change": (
        lambda it: it.action in {"update", "replace", "delete"},
        "A change, or a deletion that returns something, shows the item of the list, with what was sent.",
    ),
    "kinds": (
        lambda it: any(None in part[1:] for part in it.beside),
        "A list of alternatives has items of each kind in turn.",
    ),
    "unexplained": (lambda _: True, "No class is for it."),
}
"""The class of a pair of responses is the first that is so of it; each has its reason."""


def compare(program: str, documents: list[Path]) -> None:
    """Print how many responses of another version and of this one are in each class, with an example."""
    counts: Counter[tuple[str, bool]] = Counter()
    examples: dict[str, str] = {}
    for document, contract in contracts(documents):
        samples = [*filter(None, map(partial(requested, Samples(contract)), contract.operations))]
        roles = catalog_of(contract).roles
        for stateful in (False, True):
            mocks = (mocking(each, document, stateful=stateful) for each in (program, OURS))
            with next(mocks) as other, next(mocks) as ours:
                for sample in samples:
                    action = next((role.action for role in roles.get(sample.operation.operation_id, ())), "")
                    for name, request in variations(sample):
                        pair = pair_of(request(other), request(ours), action, stateful=stateful)
                        kind = next(kind for kind, (fits, _) in CLASSES.items() if fits(pair))
                        counts[kind, stateful] += 1
                        text = f"{document.name} {sample} ({name}): {pair}"
                        examples.setdefault(kind, text)
                        if "unexplained" in kind:
                            tell(f"{kind}: {text}")
    for kind, example in examples.items():
        numbers = " and ".join(f"{counts[kind, bool(mode)]:,} {name}" for mode, name in enumerate(MODES))
        tell(f"{kind}: {numbers}. {CLASSES[kind][1]}\n    {example}")


def agree(documents: list[Path], *, stateful: bool) -> Counter[str]:
    """Return how many collections show one item in their list, reads and creation."""
    counts: Counter[str] = Counter()
    for document, contract in contracts(documents):
        samples = Samples(contract)
        roles = (role for roles in catalog_of(contract).roles.values() for role in roles)
        with mocking(OURS, document, stateful=stateful) as mock:
            for collection in {role.collection.path: role.collection for role in roles}.values():
                by_action = {role.action: (name, role) for name, role in reversed(collection.roles.items())}
                for action in ("list", "create") if collection.key and "read" in by_action else ():
                    if action in by_action and not by_action[action][1].is_many:
                        mock.reset()
                        wrong = disagreement(mock, contract, samples, collection, by_action, action)
                        if wrong is not None:
                            counts[f"{action}: pairs"] += 1
                            counts[f"{action}: agree"] += not wrong
                            if wrong:
                                tell(f"{document.name} {collection.path} {action}: {wrong}")
    return counts


def disagreement(
    mock: Mock,
    contract: Contract,
    samples: Samples,
    collection: Collection,
    by_action: dict[str, tuple[str, Role]],
    action: str,
) -> str | None:
    """Return what differs between a response and reads of its items; None where they cannot be compared."""
    (name, role), (reading, read) = by_action[action], by_action["read"]
    first, second = (requested(samples, contract.operation(each)) for each in (name, reading))
    if first is None or second is None:
        return None
    status, source, body = mock(first)
    if status >= codes.BAD_REQUEST or not body.startswith((b"{", b"[")):
        return None
    shown = within(json.loads(body), role.envelope)
    items = [item for item in (shown if isinstance(shown, list) else [shown]) if isinstance(item, dict)][:3]
    by_request = set(first.body) if action == "create" and isinstance(first.body, dict) else set()
    compared = False
    for item in items:
        key = collection.key_of(item)
        if key is None or read.key is None:
            continue
        above = dict(zip(read.shape.names, [*first.path.values(), ""], strict=False))
        path = {**second.path, **above, read.key: quote(str(key), safe="")}
        status, other, body = mock(second._replace(path=path))
        value = within(json.loads(body), read.envelope) if body.startswith((b"{", b"[")) else None
        if status >= codes.BAD_REQUEST or not isinstance(value, dict):
            return f"{key}: {status} {source} {other}"
        common = item.keys() & value.keys() - by_request
        wrong = [member for member in common if item[member] != value[member]]
        compared = True
        if wrong:
            return f"{key}: {wrong[:4]} {source} {other}"
    return "" if compared else None


def main() -> None:
    """Compare with another version, or say what agrees."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    jobs = parser.add_subparsers(dest="job", required=True)
    comparing = jobs.add_parser("compare")
    comparing.add_argument("program", help="command of another version, such as 'uvx contract-first==0.3.0'")
    for each in (comparing, jobs.add_parser("agree")):
        each.add_argument("documents", nargs="+", type=Path)
    options = parser.parse_args()
    if options.job == "compare":
        compare(options.program, options.documents)
    for stateful, mode in enumerate(MODES) if options.job == "agree" else ():
        tell(f"{mode}: {dict(agree(options.documents, stateful=bool(stateful)))}")


if __name__ == "__main__":
    main()
