"""Mocks, serves, checks, proxies and compares a small contract while the Scanner cannot be imported."""

from __future__ import annotations

import sys
import threading
from copy import deepcopy
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SCANNER = {"scanner_contract", "scanner_api", "scanner_mocks"}


class Refusal(MetaPathFinder):
    """Refuses to import what is the Scanner's."""

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: object = None) -> None:
        """Refuse a module of the Scanner, and leave any other to others."""
        if fullname.partition(".")[0] in SCANNER:
            raise ImportError(f"{fullname} is the Scanner's")


sys.meta_path.insert(0, Refusal())

import httpx2  # noqa: E402 -- everything below is imported where the Scanner is not

from contract_first.check import check_app  # noqa: E402 -- the same
from contract_first.contract import Contract  # noqa: E402 -- the same
from contract_first.contract.comparison import compare  # noqa: E402 -- the same
from contract_first.mock import contract_mock  # noqa: E402 -- the same
from contract_first.mock.proxy.application import proxying  # noqa: E402 -- the same
from contract_first.mock.proxy.recorder import ProxyRecorder  # noqa: E402 -- the same
from contract_first.mock.proxy.upstream import Upstream  # noqa: E402 -- the same
from contract_first.service import NotFound, create_app  # noqa: E402 -- the same
from strict_s3 import running  # noqa: E402 -- the same

BOOK = {
    "type": "object",
    "required": ["title"],
    "additionalProperties": False,
    "properties": {"title": {"type": "string", "minLength": 1, "maxLength": 100}},
}
SHELF: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shelf", "version": "1"},
    "paths": {
        "/books/{number}": {
            "get": {
                "operationId": "get_book",
                "parameters": [
                    {
                        "name": "number",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer", "minimum": 1, "maximum": 9},
                    }
                ],
                "responses": {
                    "200": {"description": "It.", "content": {"application/json": {"schema": BOOK}}},
                    "404": {"description": "None."},
                    "422": {"description": "No number."},
                },
            }
        }
    },
}


async def get_book(number: int) -> dict[str, str]:
    """Return a book."""
    if number == 9:
        raise NotFound("There are eight.")
    return {"title": f"Volume {number}"}


def mocked() -> None:
    """The mock responds, records, and fails when it is asked to."""
    with contract_mock(Contract(SHELF, "shelf")) as mock, httpx2.Client(trust_env=False) as client:
        assert client.get(f"{mock.api}/books/1").json()["title"]
        client.post(f"{mock.control}/faults", json={"effect": {"status": 503}, "times": 1}).raise_for_status()
        assert client.get(f"{mock.api}/books/1").status_code == 503
        assert client.get(f"{mock.control}/state").json().keys() == {"clock"}
        assert client.get(f"{mock.control}/console").status_code == 200
        exchanges = client.get(f"{mock.control}/journal").json()["exchanges"]
        assert [each["operation"] for each in exchanges] == ["get_book", "get_book"]
        wrong = client.post(f"{mock.control}/faults", json={"effect": {"expired_upload": True}})
        assert wrong.status_code == 422


def served_and_checked() -> None:
    """A service with handlers conforms to its contract."""
    app = create_app(Contract(SHELF, "shelf"), {"get_book": get_book})
    report = check_app(app, contract=Contract(SHELF, "shelf"), max_examples=5, seed=1, checks=())
    assert report.findings == [], report.findings


def proxied() -> None:
    """The proxy passes on, and reports what violates the contract."""
    other = deepcopy(SHELF)
    del other["paths"]["/books/{number}"]["get"]["responses"]["200"]
    with contract_mock(Contract(SHELF, "shelf")) as mock:
        recorder = ProxyRecorder(Contract(other, "other"), mock.api)
        with proxying(Upstream(mock.api), recorder) as url:
            response = httpx2.get(f"{url}/books/1", trust_env=False)
    assert response.headers["x-contract-violations"] == "1"


def compared() -> None:
    """A lost response is a breaking change."""
    other = deepcopy(SHELF)
    del other["paths"]["/books/{number}"]["get"]["responses"]["200"]
    (change, *_) = compare(Contract(SHELF, "old"), Contract(other, "new"))
    assert change.severity.name == "BREAKING", change


def stored() -> None:
    """S3 refuses who is unknown, in a process of its own."""
    with running("photos") as s3:
        assert httpx2.get(f"{s3.url}/photos", trust_env=False).status_code == 403


for part in (mocked, served_and_checked, proxied, compared, stored):
    part()
assert not SCANNER & {name.partition(".")[0] for name in sys.modules}
assert {thread.name for thread in threading.enumerate() if "scanner" in thread.name} == set()
