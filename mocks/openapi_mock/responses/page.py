"""How to get each response, as a page of the mock and as a document."""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING, Any, Final

from openapi_service.assembly import Assembly
from openapi_service.pages import Page

from .authenticators import OpenAuthenticator
from .bodies import example_names
from .documented import success_status
from .magic_ids import DIGITS, MagicIds
from .operation import ContractResponses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from openapi_contract import Contract, Operation

PATH: Final = "/_mock/answers"
TITLE = "How to get each response of the mock"
BEFORE = (
    "Where an operation has no handler, or a request selects another response than the handler's, the "
    "response comes from the contract. The limits of that first:"
)
INTRODUCTION = (
    "You can get every documented response of every operation on purpose: by a header, or by an identifier "
    "where the app under test cannot send one. Both work for operations with and without a handler. The "
    "response is sent once the caller is admitted, so rate limits count it; nothing is stored. Where an app "
    "can send neither, use a fault: see /_mock/faults."
)
LIMITS = (
    ("state", "none: a request is validated and forgotten, and the next response does not know of it"),
    ("credentials", "where nothing has a handler, any that has its shape; client certificates are not seen"),
    ("other media types", "only JSON, forms and text are validated; in responses, only JSON and plain text"),
    ("images", "without an example: one pixel, or four bytes of any other kind"),
    ("external examples", "an externalValue is not fetched"),
    ("callbacks", "none is called, nor is a webhook"),
    ("hard schemas", "a 501 asks for an example where no value was found that conforms to a schema"),
)
"""Where a response of the contract differs from a server's; each has a test."""
HEADERS = (
    ("Prefer: code=404", "that status; the body is its example, or generated from its schema"),
    ("Prefer: code=404, example=NAME", "that example of it"),
    ("Prefer: example=NAME", "the example as it is, with the status that has it"),
    ("Prefer: dynamic=true", "a value generated from the schema, another each time"),
)
AFTERWARDS = (
    "Preference-Applied says which preferences were applied, X-Mock-Answer where the response comes from: "
    "handler, example, example-repaired (only members that violate the schema are replaced by generated "
    "values) or generated (from the schema). An example that was asked for by name is sent as it is, and "
    "X-Mock-Violation says what it violates. A status or an example that is not documented is a 400 "
    "that lists those that are. A request that violates the contract is refused whatever it prefers, "
    "unless the mock has --prefer-first. The dynamic responses of an operation come in the same order at "
    "each start and after each reset; another --seed gives others."
)
RELATED = (
    "An example is sent as its author wrote it. A generated success takes over from its request what its "
    "schema has and allows: a path parameter (in the member of its name, or in id where the parameter ends "
    "the path), the members of a JSON or form body, and of a list the page that limit, page_size, per_page, "
    "page, offset and their kind say. What a POST creates has another identifier each time. Deprecation "
    "(@0, for no contract says since when) is sent where an operation is deprecated."
)
REFUSALS = (
    "Where nothing has a handler, a request that is refused gets the error that the contract documents for "
    "the status (422 for a request that violates the contract, else 400), and X-Mock-Refusal says why; where "
    "none is documented, it gets RFC 9457 problem details of the type about:blank. A generated error says "
    "what is wrong in members named message, title, error, detail, status, code and the like, where its "
    "schema allows it. With --validate-requests=warn a request is not refused, and X-Mock-Request-Violation "
    "says what is wrong; with =off nothing does; --formats=warn and =off do so where a format is all that is "
    "wrong."
)
IDENTIFIERS = (
    "In the identifiers below, CODE stands for any of the operation's statuses; where a schema allows "
    "neither 0 nor 1, write o and i. The request is validated first. In a body, identifiers are found in the "
    "six outermost levels of objects and arrays."
)
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; border-bottom: 1px solid #8884 }
code { overflow-wrap: anywhere } .wide { overflow-x: auto }
"""
POLICY: Final = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
CODE = "CODE"
COLUMNS = ("operation", "plain response", "others", "identifiers")


def document(contract: Contract) -> str:
    """Return the listing of a contract in Markdown."""
    return "\n\n".join([f"# {TITLE}", *_parts(contract, _ticked, _markdown_table, str)]) + "\n"


def html(contract: Contract) -> str:
    """Return the listing of a contract as a page that loads nothing."""
    parts = "\n".join(_parts(contract, _code, _html_table, lambda text: f"<p>{escape(text)}</p>"))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style><h1>{TITLE}</h1>\n{parts}"
    )


def _parts(
    contract: Contract,
    code: Callable[[str], str],
    table: Callable[[Sequence[str], Iterable[Sequence[str]]], str],
    paragraph: Callable[[str], str],
) -> Iterator[str]:
    """Yield paragraphs and tables, as they are written in a format."""
    yield paragraph(BEFORE)
    yield table(("limit", "here"), LIMITS)
    yield paragraph(INTRODUCTION)
    yield table(("header", "response"), [(code(name), means) for name, means in HEADERS])
    yield paragraph(AFTERWARDS)
    yield paragraph(RELATED)
    yield paragraph(REFUSALS)
    yield paragraph(IDENTIFIERS)
    yield table(COLUMNS, _rows(contract, code))


def _markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _html_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th scope=col>{name}" for name in columns)
    body = "\n".join(f"<tr><td>{'<td>'.join(cells)}" for cells in rows)
    return f"<div class=wide><table><tr>{head}\n{body}</table></div>"


def _rows(contract: Contract, code: Callable[[str], str]) -> Iterator[Sequence[str]]:
    """Yield a row for each operation, in the order of the contract; a large one takes its time."""
    assembly = Assembly(contract, OpenAuthenticator())
    generator = ContractResponses().generator(assembly)
    for operation in contract.operations:
        success = success_status(operation)
        magic_ids = MagicIds(operation, assembly, generator, success)

        def with_examples(status: str, operation: Operation = operation) -> str:
            names = example_names(contract, operation.responses.get(status, {}))
            return f"{status} ({', '.join(map(code, names))})" if names else status

        yield (
            code(f"{operation.method.upper()} {operation.path}"),
            with_examples(str(success)),
            ", ".join(with_examples(each) for each in operation.responses if each != str(success)),
            "; ".join(
                f"{code(f'{place} {name}')}: {_identifiers(by_status, code)}"
                for (place, name), by_status in magic_ids.spellings.items()
            ),
        )


def _identifiers(by_status: Mapping[int, Any], code: Callable[[str], str]) -> str:
    """Return magic identifiers: what they have in common, with CODE where the status stands, or each."""
    forms = set()
    for status, each in by_status.items():
        text = str(each)
        spelled = str(status) if str(status) in text else str(status).translate(DIGITS)
        forms.add(text.replace(spelled, CODE, 1))
    form = forms.pop() if len(forms) == 1 else ""
    if CODE in form:
        return code(form)
    return ", ".join(f"{code(str(each))} ({status})" for status, each in by_status.items())


def _ticked(text: str) -> str:
    plain = "".join(each if each.isprintable() and each not in "`|" else "?" for each in text)
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
        self._made: tuple[Contract, ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to GET and HEAD."""
        contract = self._contract()
        if self._made is None or self._made[0] is not contract:
            content = await asyncio.to_thread(html, contract)
            self._made = contract, Page(content.encode(), "text/html; charset=utf-8", policy=POLICY)
        await self._made[1](scope, receive, send)
