"""How to get each response, as a page of the mock and as a document."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from contract_first.contract import Contract, Operation
from contract_first.service.pages import Page

from .bodies import example_names

PATH: Final = "/_mock/responses"
TITLE = "How to get each response of the mock"
INTRODUCTION = (
    "You can force every documented response of every operation, by a header or in the query, with and "
    "without a handler. Authentication and rate limits come first, and nothing is stored. If your app can "
    "send neither, use a fault: see /_mock/faults."
)
BEFORE_LIMITS = (
    "A response comes from the contract where an operation has no handler, or where the request selects "
    "another response. Such responses have limits:"
)
LIMITS = (
    ("state", "none, unless the mock is --stateful: a request has no effect on later responses"),
    (
        "credentials",
        "without handlers, any value of the right form is accepted; client certificates are not checked",
    ),
    ("other media types", "only JSON, forms and text are validated; in responses only JSON and plain text"),
    ("images", "without an example: an image of one pixel; four bytes of any other binary type"),
    ("external examples", "an externalValue is not fetched"),
    ("callbacks", "neither callbacks nor webhooks are sent"),
    ("hard schemas", "501, asking for an example, if no value is found that conforms to the schema"),
)
"""Where a response of the contract differs from a server's; each has a test."""
HEADERS = (
    ("Prefer: code=404", "this status, with its example or a body generated from its schema"),
    ("Prefer: code=404, example=NAME", "this status, with its example NAME"),
    (
        "Prefer: example=NAME",
        "the example NAME, with the status that documents it; the one without a name is called default",
    ),
    ("Prefer: dynamic=true", "a body generated from the schema, different each time"),
    (
        "?__code=404&__example=NAME&__dynamic=true",
        "the same in the query, for the address bar; a parameter of the contract takes precedence",
    ),
)
AFTERWARDS = (
    "Preference-Applied lists the preferences that were applied. X-Mock-Answer names the source of the "
    "response: handler, example, example-repaired (members that violate the schema are replaced by generated "
    "values) or generated (from the schema). An example requested by name is sent unchanged; "
    "X-Mock-Violation says how it violates its schema, if it does. With --errors no example is repaired: "
    "where none conforms, the response is a 500 that says why. Without a preference, the lowest documented "
    "success is sent. If the status or example is not documented, the response is a 404 that lists the "
    "documented ones, without Preference-Applied. A request that violates the contract "
    "is refused even if it has a preference, unless the mock runs with --prefer-first. Dynamic responses "
    "come in the same order after each start and reset; another --seed gives others."
)
RELATED = (
    "An example is sent as its author wrote it. A generated success repeats what the request contained, "
    "where its schema allows that: path parameters (in the member of the same name, or in id if the "
    "parameter ends the path, also where data or the like holds the item) and the members of a JSON or form "
    "body. A list has the page that limit, "
    "page_size, per_page, page, offset and the like select, and the members around it say so (total, "
    "number, last and the like). Of the examples in the schema of its items, the first item has these, and "
    "the others have other numbers, days and identifiers. Reads, changes and other lists show the items of a "
    "collection's list by their keys; a read of a created id shows what was created, but for the body. Each "
    "POST that creates something returns a new identifier. Responses of deprecated operations have "
    "Deprecation: @0, since no contract says since when."
)
REFUSALS = (
    "Without handlers, a refused request gets the error that the contract documents: 422 for a request that "
    "violates the contract, else 400. X-Mock-Refusal gives the reason. An undocumented status has the "
    "body of the operation's first documented error. If no error is documented, the response is an RFC 9457 "
    "problem of type about:blank. A generated error, and one of another status, gives the reason in members "
    "named message, title, error, detail, status, code and the like, where its schema allows that. "
    "--validate-requests=warn lets invalid requests pass and reports violations in "
    "X-Mock-Request-Violation; =off does not validate. --formats=warn and =off do the same where only a "
    "format is violated."
)
STYLE = """
:root { color-scheme: light dark; background: Canvas; color: CanvasText;
        font: 16px/1.5 system-ui, sans-serif }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; border-bottom: 1px solid #8884 }
code { overflow-wrap: anywhere } nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem }
a { color: #0b57d0 }
@media (prefers-color-scheme: dark) { a { color: #8ab4f8 } }
tbody tr:hover { background: #8882 } th { position: sticky; top: 0; background: Canvas }
@media (max-width: 45rem) {
  thead { display: none }
  tr, td { display: block } tr { padding: .5rem 0; border-bottom: 1px solid #8884 }
  td { border: 0; padding: .1rem }
  td:empty { display: none }
  td:not(:first-child)::before { content: attr(data-column) ": "; opacity: .8 }
}
"""
POLICY: Final = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
COLUMNS = ("operation", "plain response", "others")


def document(contract: Contract) -> str:
    """Return the listing of a contract in Markdown."""
    sections = _sections(contract, _ticked, _markdown_list, str)
    return "\n\n".join([f"# {TITLE}", *(_markdown(*section) for section in sections)]) + "\n"


def html(contract: Contract) -> str:
    """Return the listing of a contract as a page that loads nothing."""
    sections = [*_sections(contract, _code, _html_table, lambda text: f"<p>{escape(text)}</p>")]
    links = [f'<a href="#{title.split()[0]}">{title}</a>' for title, _ in sections if title]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style><main><h1>{TITLE}</h1>\n"
        f'<nav><a href="/_mock/console">Console</a> <a href="/docs">Explorer</a> {" ".join(links)}</nav>\n'
        f"{''.join(_html(*section) for section in sections)}</main>"
    )


def _markdown(title: str, parts: Sequence[str]) -> str:
    return "\n\n".join([*([f"## {title}"] if title else []), *parts])


def _html(title: str, parts: Sequence[str]) -> str:
    heading = f'<h2 id="{title.split(maxsplit=1)[0]}">{title}</h2>' if title else ""
    return "\n".join([heading, *parts])


def _sections(
    contract: Contract,
    code: Callable[[str], str],
    table: Callable[[Sequence[str], Iterable[Sequence[str]]], str],
    paragraph: Callable[[str], str],
) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield titles with paragraphs and tables, as they are written in a format."""
    headers = table(("header", "response"), [(code(name), means) for name, means in HEADERS])
    yield "", (paragraph(INTRODUCTION), headers)
    yield "Operations", (table(COLUMNS, _rows(contract, code)),)
    yield "Preferences", (paragraph(AFTERWARDS),)
    yield "Generated responses", (paragraph(RELATED),)
    yield "Refused requests", (paragraph(REFUSALS),)
    yield "Limits", (paragraph(BEFORE_LIMITS), table(("limit", "here"), LIMITS))


def _markdown_list(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a list: of each row the first two cells, then the others behind the names of their columns."""
    return "\n".join(_item(columns, *row) for row in rows)


def _item(columns: Sequence[str], name: str, text: str, *others: str) -> str:
    details = zip(columns[2:], others, strict=True)
    return " ".join(
        [f"- {name}: {text}.", *(f"{title.capitalize()}: {cell}." for title, cell in details if cell)]
    )


def _html_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, of which a narrow screen shows each cell as a line that its column names."""
    head = "".join(f"<th scope=col>{name}" for name in columns)
    cells = [zip(columns, row, strict=True) for row in rows]
    body = "\n".join(
        "<tr>" + "".join(f'<td data-column="{name}">{cell}' for name, cell in row) for row in cells
    )
    return f"<table><thead><tr>{head}<tbody>\n{body}</table>"


def _rows(contract: Contract, code: Callable[[str], str]) -> Iterator[Sequence[str]]:
    """Yield a row for each operation, in the order of the contract."""
    for operation in contract.operations:
        success = operation.success

        def with_examples(status: str, operation: Operation = operation) -> str:
            names = example_names(contract, operation.responses.get(status, {}))
            return f"{status} ({', '.join(map(code, names))})" if names else status

        yield (
            code(operation.label),
            with_examples(str(success)),
            ", ".join(with_examples(status) for status in operation.responses if status != str(success)),
        )


def _ticked(text: str) -> str:
    plain = "".join(char if char.isprintable() and char not in "`|" else "?" for char in text)
    return f"`{plain}`"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


class ResponsesPage:
    """The page of the current contract, made when it is first asked for.

    Args:
        contract: returns the contract.
    """

    def __init__(self, contract: Callable[[], Contract]) -> None:
        self._contract = contract
        self._cached: tuple[Contract, ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        contract = self._contract()
        if self._cached is None or self._cached[0] is not contract:
            content = await asyncio.to_thread(html, contract)
            self._cached = contract, Page(content.encode(), "text/html; charset=utf-8", policy=POLICY)
        await self._cached[1](scope, receive, send)
