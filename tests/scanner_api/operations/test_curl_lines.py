"""The curl lines of docs/operations.md call their operations."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path
from string import Template

import pytest

from scanner_api.scanning.catalogue.products import shipped_products
from scanner_contract import load_contract

PAGE = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
LINES = [
    (method, path, line.replace("\\\n", ""))
    for method, path, line in re.findall(
        r"^# ([A-Z]+) (/\S*)[ +]*\ncurl ((?:.*\\\n)*.*)$", PAGE, re.MULTILINE
    )
]
PRODUCTS = iter(list(shipped_products()))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def ids(api, mock):
    """Create what the lines name, new for each line: what they are called, and how to get it."""

    def make(operation):
        session_id = api.session()
        scanned = "09506000134352" if operation.endswith("/retry") else next(PRODUCTS).gtin
        capture_id = api.finished(api.capture(session_id, scanned)["id"])["id"]
        return {
            "SESSION": session_id,
            "CAPTURE": capture_id,
            "S3_KEY": api.uploaded(session_id),
            "PHOTO": api.photo(session_id)["id"],
            "PROPOSAL": "00000000-0000-4000-8000-000000000000",
            "URL": f"{mock.api}/healthz",
            "V1": "",
            "AUTH": "sent by the client",
        }

    return make


def request_of(line):
    """Return method, target and httpx2's arguments of a curl line."""
    words = shlex.split(line)
    target = next(word for word in words if word.startswith("/"))
    options = list(pairwise(words))
    sent = [value for option, value in options if option == "--json"]
    fields = dict(value.split("=", 1) for option, value in options if option == "-F")
    method = next((value for option, value in options if option == "-X"), "POST" if sent or fields else "GET")
    if fields:
        files = {"image": ("can.png", PNG) if fields.pop("image").startswith("@") else None}
        return method, target, {"data": fields, "files": files}
    return (
        method,
        target,
        {"content": sent[0], "headers": {"Content-Type": "application/json"}} if sent else {},
    )


@pytest.mark.parametrize(
    ("method", "path", "line"), LINES, ids=[f"{method} {path}" for method, path, _ in LINES]
)
def test_a_line_calls_its_operation(api, ids, method, path, line):
    """Each line calls the operation in front of it, and succeeds where what it names is there.

    One that is sent again with its key gets the same response.
    """
    sent, target, arguments = request_of(Template(line).substitute(ids(path)))
    assert sent == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), target.partition("?")[0])
    headers = {**arguments.pop("headers", {}), **({} if sent == "GET" else {"Idempotency-Key": path})}
    response = api.request(sent, target, headers=headers, **arguments)
    assert response.is_success or response.json()["detail"] == "There is no such proposal."
    if response.is_success and sent != "GET":
        again = api.request(sent, target, headers=headers, **arguments)
        assert (again.status_code, again.content) == (response.status_code, response.content)


def test_there_is_a_line_for_every_operation():
    """The pattern that finds the lines finds as many as the contract has operations."""
    assert len(LINES) == len(load_contract().operations)
