"""Every documented response of every operation: the state that it comes in, and that it conforms.

A response that no request can bring about here (a failure of the server, a conflict of an operation that has
no state) is asked for by ``Prefer: code=STATUS``; `_way` says which do not need that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx2
import pytest

from scanner_contract import load_contract
from scanner_mocks import scanner_mock, seeds
from scanner_mocks.drawings.pictures import PIXEL

CONTRACT = load_contract()
OPERATIONS = {
    operation.operation_id.rpartition("_endpoints_")[2]: operation for operation in CONTRACT.operations
}
ROOT = "/scanner/api/v1"
PRODUCT = "9521234000358"
UNKNOWN = "UnknownUnknownUnknown2"
LIMIT = 8192
MOST_WITH_FORM = 200_000
"""Bytes of a body that is larger than any that the mock takes."""
SECONDS = 30
SECRET = {"list_proposals", "review_proposal", "apply_proposals"}
"""Operations that no publishable key may use."""


@pytest.fixture(scope="module")
def mock():
    """Run a mock with small limits."""
    with scanner_mock(max_body_bytes=LIMIT, max_upload_bytes=LIMIT) as running:
        yield running


@dataclass
class Ask:
    """A request for an operation."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def having(self, **headers: str) -> Ask:
        """Return it with further header fields, ``_`` for ``-``."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **fields})


class World:
    """The mock, and what requests are about."""

    def __init__(self, mock: Any) -> None:
        self.mock = mock
        self.key = {"X-API-Key": mock.keys["unlimited"]}
        self.client = httpx2.Client(base_url=mock.api, trust_env=False, timeout=SECONDS)

    def send(self, method: str, ask: Ask) -> httpx2.Response:
        headers = {name: value for name, value in {**self.key, **ask.headers}.items() if value}
        return self.client.request(
            method, f"{ROOT}{ask.path}", params=ask.query or None, headers=headers, **ask.options
        )

    def post(self, path: str, body: Any) -> Any:
        response = self.client.post(f"{ROOT}{path}", json=body, headers=self.key)
        return response.raise_for_status().json()

    def control(self, path: str, body: Any) -> Any:
        return self.client.post(f"/_mock{path}", json=body).raise_for_status()

    def session(self, status: str = "ACTIVE") -> str:
        """Return the id of a new session."""
        session: str = self.post("/sessions", {})["id"]
        if status == "COMPLETED":
            self.client.post(f"{ROOT}/sessions/{session}/end", headers=self.key).raise_for_status()
        return session

    def capture(self, raw_value: str = PRODUCT, status: str = "COMPLETED") -> str:
        """Return the id of a capture that has come to a state."""
        scan = {"session_short_id": self.session(), "capture_type": "BARCODE", "raw_value": raw_value}
        capture: str = self.post("/captures", scan)["id"]
        end = time.monotonic() + SECONDS
        while self.client.get(f"{ROOT}/captures/{capture}", headers=self.key).json()["status"] != status:
            assert time.monotonic() < end
        return capture

    def proposal(self, *, applied: bool = False) -> str:
        """Return the id of a proposal."""
        capture = self.capture()
        body = {"proposals": [{"field_name": "name", "proposed_value": "Oat Drink"}]}
        proposal: str = self.control(f"/captures/{capture}/proposals", body).json()["proposals"][0]["id"]
        if applied:
            url = f"{ROOT}/proposals/{proposal}"
            self.client.patch(url, json={"status": "ACCEPTED"}, headers=self.key).raise_for_status()
            self.client.post(f"{ROOT}/captures/{capture}/apply", headers=self.key).raise_for_status()
        return proposal

    def uploaded(self, session: str) -> str:
        """Return the key of a photo that was uploaded."""
        query = {"photo_type": "front", "original_filename": "can.jpg"}
        url = f"{ROOT}/sessions/{session}/presigned-upload-url"
        form = self.client.get(url, params=query, headers=self.key).raise_for_status().json()
        files = {"file": ("can.jpg", PIXEL, "image/jpeg")}
        httpx2.post(
            form["upload_url"], data=form["upload_fields"], files=files, trust_env=False
        ).raise_for_status()
        key: str = form["s3_key"]
        return key

    def photo(self, session: str) -> str:
        """Return the id of a photo of a session."""
        photo = {"s3_key": self.uploaded(session), "photo_type": "front"}
        identifier: str = self.post(f"/sessions/{session}/photos", photo)["id"]
        return identifier


@pytest.fixture(scope="module")
def world(mock):
    """Return the world; its time stands still, so that the key that is over its limit stays so."""
    world = World(mock)
    world.control("/clock", {"freeze": True})
    for _ in range(6):
        world.client.get(f"{ROOT}/sessions", headers={"X-API-Key": mock.keys["limited"]})
    yield world
    world.client.close()


def scan(session: str, raw_value: str = PRODUCT) -> dict[str, str]:
    return {"session_short_id": session, "capture_type": "BARCODE", "raw_value": raw_value}


def image(session: str) -> dict[str, Any]:
    return {"data": {"session_short_id": session}, "files": {"image": ("can.jpg", PIXEL, "image/jpeg")}}


SUCCESSES: dict[str, Callable[[World], Ask]] = {
    "create_session": lambda _: Ask("/sessions", options={"json": {}}),
    "list_sessions": lambda _: Ask("/sessions", {"status": "ACTIVE"}),
    "get_session": lambda world: Ask(f"/sessions/{world.session()}"),
    "get_session_status": lambda world: Ask(f"/sessions/{world.session()}/status"),
    "end_session": lambda world: Ask(f"/sessions/{world.session()}/end"),
    "submit_session": lambda world: Ask(f"/sessions/{world.session()}/submit"),
    "create_capture": lambda world: Ask("/captures", options={"json": scan(world.session())}),
    "create_captures_bulk": lambda world: Ask(
        "/captures/bulk", options={"json": {"scans": [scan(world.session()), {}]}}
    ),
    "upload_image": lambda world: Ask("/captures/upload-image", options=image(world.session())),
    "list_captures": lambda world: Ask(f"/sessions/{world.session()}/captures", {"page": "1"}),
    "get_capture": lambda world: Ask(f"/captures/{world.capture()}"),
    "retry_capture": lambda world: Ask(f"/captures/{world.capture('9521234999997', 'NOT_FOUND')}/retry"),
    "list_proposals": lambda world: Ask(f"/captures/{world.capture()}/proposals"),
    "review_proposal": lambda world: Ask(
        f"/proposals/{world.proposal()}", options={"json": {"status": "ACCEPTED"}}
    ),
    "apply_proposals": lambda world: Ask(f"/captures/{world.capture()}/apply"),
    "get_presigned_upload_url": lambda world: Ask(
        f"/sessions/{world.session()}/presigned-upload-url",
        {"photo_type": "front", "original_filename": "can.jpg"},
    ),
    "list_photos": lambda world: Ask(f"/sessions/{world.session()}/photos", {"page": "1"}),
    "register_photo": lambda world: registering(world, world.session()),
    "update_photo": lambda world: updating(world, world.session()),
    "reorder_photos": lambda world: reordering(world, world.session()),
    "resolve_url": lambda world: Ask("/resolve-url", options={"json": {"url": f"{world.mock.api}/docs"}}),
    "save_redirect": lambda world: Ask(
        f"/captures/{world.capture()}/save-redirect", options={"json": {"url": f"{world.mock.api}/docs"}}
    ),
    "get_freshness_thresholds": lambda _: Ask("/freshness-thresholds", {"gtin": PRODUCT}),
}


def registering(world: World, session: str) -> Ask:
    body = {"s3_key": world.uploaded(session), "photo_type": "front"}
    return Ask(f"/sessions/{session}/photos", options={"json": body})


def updating(world: World, session: str) -> Ask:
    path = f"/sessions/{session}/photos/{world.photo(session)}"
    return Ask(path, options={"json": {"photo_type": "nutrition"}})


def reordering(world: World, session: str) -> Ask:
    body = {"photo_short_ids": [world.photo(session)]}
    return Ask(f"/sessions/{session}/photos/reorder", options={"json": body})


def again(world: World) -> Ask:
    """Return a request that registers a photo for the second time."""
    asked = registering(world, world.session())
    world.send("POST", asked).raise_for_status()
    return asked


CONFLICTS: dict[str, Callable[[World], Ask]] = {
    "end_session": lambda world: Ask(f"/sessions/{world.session('COMPLETED')}/end"),
    "submit_session": lambda world: Ask(f"/sessions/{world.session('COMPLETED')}/submit"),
    "create_capture": lambda world: Ask("/captures", options={"json": scan(world.session("COMPLETED"))}),
    "upload_image": lambda world: Ask("/captures/upload-image", options=image(world.session("COMPLETED"))),
    "retry_capture": lambda world: Ask(f"/captures/{world.capture()}/retry"),
    "review_proposal": lambda world: Ask(
        f"/proposals/{world.proposal(applied=True)}", options={"json": {"status": "REJECTED"}}
    ),
    "get_presigned_upload_url": lambda world: replace(
        SUCCESSES["get_presigned_upload_url"](world),
        path=f"/sessions/{world.session('COMPLETED')}/presigned-upload-url",
    ),
    "register_photo": again,
}


def unknown(name: str, valid: Ask) -> Ask | None:
    """Return a request about what is not there."""
    template = OPERATIONS[name].path.removeprefix(ROOT).split("/")
    if any(part.startswith("{") for part in template):
        missing = str(UUID(int=4)) if name == "review_proposal" else UNKNOWN
        parts = [missing if part.startswith("{") else part for part in template]
        return replace(valid, path="/".join(parts))
    if name == "create_capture":
        return replace(valid, options={"json": scan(UNKNOWN)})
    return replace(valid, options=image(UNKNOWN)) if name == "upload_image" else None


def invalid(name: str, valid: Ask) -> Ask | None:
    """Return a request that violates the contract."""
    if name == "upload_image":
        return replace(valid, options={"files": valid.options["files"]})
    if OPERATIONS[name].request_body is not None:
        return replace(valid, options={"json": {"scans": 7, "url": 7, "capture_mode": 7, "s3_key": 7}})
    if valid.query:
        return replace(valid, query={"page": "0", "status": "?", "photo_type": "?"})
    return valid.having(Idempotency_Key="k" * 300) if OPERATIONS[name].method == "post" else None


def forbidden(world: World, name: str, valid: Ask) -> Ask | None:
    """Return a request that the caller may not make."""
    if name == "create_session":
        return replace(valid, options={"json": {"organization_short_id": seeds.OTHER_ORGANIZATION}})
    return valid.having(X_API_Key=world.mock.keys["publishable"]) if name in SECRET else None


def sending(content: bytes, media_type: str) -> Callable[[World, str, Ask], Ask | None]:
    """Return what has the operations that take a body sent this one."""

    def change(_world: World, name: str, valid: Ask) -> Ask | None:
        if OPERATIONS[name].request_body is None:
            return None
        return replace(valid, options={"content": content}).having(Content_Type=media_type)

    return change


def with_key(key: Callable[[World], str]) -> Callable[[World, str, Ask], Ask | None]:
    """Return what has the operations that require a credential sent this key."""
    return lambda world, name, valid: (
        valid.having(X_API_Key=key(world)) if OPERATIONS[name].security else None
    )


REFUSED: dict[int, Callable[[World, str, Ask], Ask | None]] = {
    400: lambda world, name, valid: (
        None if name == "upload_image" else sending(b"{", "application/json")(world, name, valid)
    ),
    401: with_key(lambda _: ""),
    403: forbidden,
    404: lambda _, name, valid: unknown(name, valid),
    406: lambda _world, _name, valid: valid.having(Accept="text/csv"),
    409: lambda world, name, _: CONFLICTS[name](world) if name in CONFLICTS else None,
    413: sending(b" " * MOST_WITH_FORM, "application/json"),
    414: lambda _world, _name, valid: replace(valid, query={**valid.query, "gtin": "9" * LIMIT}),
    415: sending(b"a,b", "text/csv"),
    422: lambda _, name, valid: invalid(name, valid),
    429: with_key(lambda world: world.mock.keys["limited"]),
}
"""The requests that are refused by status; None for an operation of which only a preference has it.

A failure of the server (500, 501, 503) comes by preference alone.
"""


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_documented_response(name, world):
    """Each documented status of an operation comes, the success last, for the others leave all as it was."""
    operation = OPERATIONS[name]
    valid = SUCCESSES[name](world)
    wrong = {}
    for status in sorted(map(int, operation.responses), reverse=True):
        preferring = valid.having(Prefer=f"code={status}")
        asked = valid if status < 400 else status in REFUSED and REFUSED[status](world, name, valid)
        response = world.send(operation.method.upper(), asked or preferring)
        if response.status_code != status:
            wrong[status] = (response.status_code, asked, response.text[:300])
    assert wrong == {}
    assert violations(world) == []


def test_which_responses_only_a_preference_has():
    """Of all documented statuses, those of a server that fails have no request that brings them about."""
    documented = {int(status) for operation in OPERATIONS.values() for status in operation.responses}
    assert {status for status in documented if status >= 400} - REFUSED.keys() == {500, 501, 503}


def violations(world: World) -> list[Any]:
    """Return what responses violate, of all that were sent."""
    query = {"violations": "true", "limit": "1000"}
    exchanges = world.client.get("/_mock/journal", params=query).raise_for_status().json()["exchanges"]
    return [entry["verdict"] for entry in exchanges if entry["verdict"]["response"]]


EXAMPLES = [
    (name, status, example)
    for name, operation in OPERATIONS.items()
    for status, response in operation.responses.items()
    for media_type in response.get("content", {}).values()
    for example in media_type.get("examples", {})
]


def test_every_success_has_examples(world):
    """Each success has an example; each one is sent as it stands in the contract, to whom asks for it."""
    named = {name for name, _, _ in EXAMPLES} | {"get_presigned_upload_url"}
    assert named == OPERATIONS.keys()
    valid = {name: SUCCESSES[name](world) for name in named}
    for name, status, example in EXAMPLES:
        asked = valid[name].having(Prefer=f"code={status}, example={example}")
        response = world.send(OPERATIONS[name].method.upper(), asked)
        answer = (
            response.status_code,
            response.headers.get("X-Mock-Answer"),
            response.headers.get("X-Mock-Violation"),
        )
        assert (name, example, *answer) == (name, example, int(status), "example", None)
    assert violations(world) == []


@pytest.mark.parametrize(
    ("name", "schema", "read"),
    [
        ("get_session", "SessionStatusEnum", lambda body: body["status"]),
        ("get_session_status", "ExtractionStatusEnum", lambda body: body["extraction_status"]),
        ("get_capture", "CaptureProcessingStatusEnum", lambda body: body["status"]),
        ("list_proposals", "ProposalStatusEnum", lambda body: body[0]["status"] if body else None),
    ],
)
def test_each_state_has_an_example(name, schema, read, world):
    """The examples of a response show each state that the contract has for what it is about."""
    valid = SUCCESSES[name](world)
    shown = [
        read(world.send("GET", valid.having(Prefer=f"example={example}")).json())
        for other, _, example in EXAMPLES
        if other == name
    ]
    assert {*shown} - {None} == {*CONTRACT.document["components"]["schemas"][schema]["enum"]}
