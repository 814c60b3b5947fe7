"""Large responses that clients do not read share the memory of a process."""

import contextlib
import socket
import time

import httpx2

from contract_first.contract import Contract
from contract_first.service import create_app
from contract_first.service.http.protocol import HttpProtocol
from contract_first.service.http.server import listen, serving

TEXT = {"200": {"description": "A text.", "content": {"text/plain": {}}}}
SIZE = {"name": "size", "in": "path", "required": True, "schema": {"type": "integer"}}
CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Texts", "version": "1"},
        "paths": {"/{size}": {"get": {"operationId": "get_text", "parameters": [SIZE], "responses": TEXT}}},
    },
    "texts",
)
LARGE = 12_000_000
"""More than the system holds for a connection, and a third of what there is room for."""


async def get_text(size):
    """Return a text of this length."""
    return "x" * size


@contextlib.contextmanager
def served():
    """Serve texts, with room for three large ones, of which one address has two."""
    app = create_app(CONTRACT, {"get_text": get_text})
    app.most_response_bytes = 3 * LARGE + 3
    with listen("127.0.0.1", 0) as listening, serving(app, listening, http=HttpProtocol, lifespan="off"):
        yield listening.getsockname()


def test_large_unread_responses_share_the_memory_of_a_process():
    """The refusal is a whole response on an open connection; small ones are served; who reads makes room."""

    def get(client, size):
        return client.get(f"http://{host}:{port}/{size}")

    def client(address="127.0.0.2"):
        return stack.enter_context(
            httpx2.Client(transport=httpx2.HTTPTransport(local_address=address), timeout=30)
        )

    def unread_by(address, method="GET"):
        connection = socket.create_connection((host, port), timeout=30, source_address=(address, 0))
        stack.enter_context(connection)
        connection.sendall(f"{method} /{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        return connection

    with served() as (host, port), contextlib.ExitStack() as stack:
        unread = [unread_by("127.0.0.2"), unread_by("127.0.0.2")]
        first = client()
        refused, small = get(first, LARGE), get(first, 1000)
        assert unread_by("127.0.0.2", "HEAD")
        unread.append(unread_by("127.0.0.3"))
        full = get(client("127.0.0.4"), LARGE)
        received = 0
        while received < LARGE:
            received += len(unread[0].recv(1_000_000))
        deadline = time.monotonic() + 30
        while (later := get(first, LARGE)).status_code == 503:
            assert time.monotonic() < deadline
    for response in (refused, full):
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["detail"] == "Too many large responses are yet to be read; retry in 1 s."
    assert (small.status_code, len(small.text), len(later.text)) == (200, 1000, LARGE)


def test_one_response_of_any_size_has_room():
    """However many follow one another, nothing is left of them."""
    with served() as (host, port), httpx2.Client(timeout=30) as client:
        responses = [client.get(f"http://{host}:{port}/{4 * LARGE}") for _ in range(3)]
    assert [len(response.content) for response in responses] == [4 * LARGE] * 3
