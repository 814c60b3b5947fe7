"""What a mock responds to requests of all kinds: recorded by one version, compared with another's.

    python bench/engines.py record pets.json DOCUMENT...           responses, as JSON Lines
    python bench/engines.py compare before.json after.json         the differences, by class
    python bench/engines.py agree DOCUMENT...                      do lists, reads, creations show one item?

The requests are made to the app in this process. Each operation gets a valid one, and that with another key,
with a page, with preferences, with an empty body, and a wrong one; then a script creates, reads and lists.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from httpx2 import codes

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.contract.loading import repaired
from contract_first.generation.requests import SampleRequest, Samples
from contract_first.mock.pipeline import ContractResponses, contract_app
from contract_first.mock.stateful.catalog import catalog_of
from contract_first.mock.stateful.memory import Memory
from contract_first.recognition import Collection, Role
from contract_first.recognition.ways import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

URL = re.compile(rb"(?:https?:/|/)(?:/[^\"\s\\/]+)+")
PREFERENCES = ("code=404", "example=default", "dynamic=true")
QUERIES = ("limit=2&page=2", "limit=1&offset=1", "fields=id", "sort=-id", "q=x")


tell = print
"""It is the result."""


class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        """Return its time."""
        return datetime(2026, 11, 26, 12, tzinfo=UTC)


async def called(
    app: ASGIApp, method: str, target: str, fields: dict[str, str], content: bytes
) -> tuple[int, str, bytes]:
    """Return the status of a response, its source, and its body."""
    path, _, query = target.partition("?")
    pairs = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": pairs}
    events, messages = [{"type": "http.request", "body": content}], list[Any]()

    async def receive() -> Any:
        return events.pop() if events else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        messages.append(message)

    await app({**scope, "query_string": query.encode()}, receive, send)
    start, *rest = messages
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers.get("x-mock-answer", ""), b"".join(message["body"] for message in rest)


class Mock:
    """A mock of a contract, with or without memory."""

    def __init__(self, contract: Contract, *, stateful: bool) -> None:
        responses = ContractResponses(origin=lambda: "http://api.test")
        if stateful:
            responses.memory = memory = Memory(Stopped())
            memory.catalog = catalog_of(contract)
            responses.recognize = lambda: memory.catalog
        self._app = contract_app(contract, responses, authentication=False, clock=Stopped())

    async def __call__(
        self, sample: SampleRequest, target: str = "", content: bytes | None = None, **fields: str
    ) -> tuple[int, str, bytes]:
        """Send a request, or a variation of it, and return what `called` does."""
        content = sample.content if content is None else content
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in sample.query)
        whole = f"{target or sample.target}{f'?{query}' if query else ''}"
        return await called(self._app, sample.method, whole, {**sample.fields, **fields}, content or b"")


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


async def record(documents: list[Path]) -> Iterator[dict[str, Any]]:
    """Return the responses of mocks with and without memory."""
    rows = []
    for document, contract in contracts(documents):
        samples = [*filter(None, map(partial(requested, Samples(contract)), contract.operations))]
        for stateful in (False, True):
            mock = Mock(contract, stateful=stateful)
            for sample in samples:
                for kind, response in [each async for each in variations(mock, sample)]:
                    status, source, body = response
                    name = f"{document.name} {sample} {kind} {'stateful' * stateful}"
                    hashes = [hashlib.sha256(text).hexdigest()[:12] for text in (body, URL.sub(b"URL", body))]
                    rows.append({"name": name, "status": status, "source": source, "hashes": hashes})
    return iter(rows)


async def variations(mock: Mock, sample: SampleRequest) -> Any:
    """Yield responses to an operation's request and its variations, each with its kind."""
    yield "plain", await mock(sample)
    if sample.path:
        *_, (name, text) = sample.path.items()
        other = {**sample.path, name: str(int(text) + 1) if text.isdecimal() else f"{text}x"}
        yield "another id", await mock(sample._replace(path=other))
    for query in QUERIES if sample.method == "GET" else ():
        pairs = [tuple(pair.split("=")) for pair in query.split("&")]
        there = {parameter["name"] for parameter in sample.operation.parameters}
        if all(pair[0] in there for pair in pairs):
            yield query, await mock(sample._replace(query=[*sample.query, *pairs]))
    for preference in PREFERENCES:
        yield preference, await mock(sample, prefer=preference)
    if sample.content is not None:
        yield "empty", await mock(sample, content=b"{}")
        yield "wrong", await mock(sample, content=b"[[")


def compare(before: Path, after: Path) -> Counter[str]:
    """Return how many responses differ, by class."""
    rows = (map(json.loads, path.read_text().splitlines()) for path in (before, after))
    old, new = ({row["name"]: row for row in part} for part in rows)
    classes: Counter[str] = Counter()
    for name in sorted(old.keys() & new.keys()):
        first, second = old[name], new[name]
        is_other = any(first[key] != second[key] for key in ("status", "source"))
        is_url = first["hashes"][1] == second["hashes"][1]
        kind = "status or source" if is_other else "URLs" if is_url else "values"
        classes["same" if first == second else kind] += 1
        if first != second and (is_other or not is_url):
            pairs = (f"{row['status']} {row['source']}" for row in (first, second))
            tell(f"{kind}: {name}: {' -> '.join(pairs)}")
    return classes


async def agree(documents: list[Path], *, stateful: bool) -> Counter[str]:
    """Return how many collections show one item in their list, reads and creation."""
    counts: Counter[str] = Counter()
    for document, contract in contracts(documents):
        samples = Samples(contract)
        catalog = catalog_of(contract)
        for collection in {
            role.collection.path: role.collection for roles in catalog.roles.values() for role in roles
        }.values():
            by_action = {role.action: (name, role) for name, role in reversed(collection.roles.items())}
            if not collection.key or "read" not in by_action:
                continue
            for action in ("list", "create"):
                if action in by_action and not by_action[action][1].is_many:
                    mock = Mock(contract, stateful=stateful)
                    wrong = await difference(mock, contract, samples, collection, by_action, action)
                    if wrong is not None:
                        counts[f"{action}: pairs"] += 1
                        counts[f"{action}: agree"] += not wrong
                        if wrong:
                            tell(f"{document.name} {collection.path} {action}: {wrong}")
    return counts


async def difference(
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
    status, source, body = await mock(first)
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
        status, other, body = await mock(second._replace(path=path))
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
    """Record, compare, or say what agrees."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("job", choices=("record", "compare", "agree"))
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    if options.job == "record":
        target, *documents = options.files
        with target.open("w") as file:
            file.writelines(f"{json.dumps(row)}\n" for row in asyncio.run(record(documents)))
    elif options.job == "compare":
        tell(dict(compare(*options.files)))
    else:
        for stateful in (False, True):
            counts = asyncio.run(agree(options.files, stateful=stateful))
            tell(f"{'stateful' if stateful else 'stateless'} {dict(counts)}")


if __name__ == "__main__":
    main()
