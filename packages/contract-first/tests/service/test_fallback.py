"""The seam for a mock: a fallback that serves what has no handler, and whatever else it wants to."""

from __future__ import annotations

import pytest

from contract_first.service.assembly import Assembly
from contract_first.service.functions import ResolverError
from contract_first.service.messages.response import Rendered

NO_CONTENT = {"204": {"description": ""}}
QUERY = {"in": "query", "name": "n", "schema": {"type": "integer"}}
PATHS = {
    "/own": {"get": {"operationId": "own", "responses": NO_CONTENT, "parameters": [QUERY]}},
    "/other": {"get": {"operationId": "other", "responses": NO_CONTENT, "parameters": [QUERY]}},
}


class Fake:
    """Responds with 299 in the place of handlers, once the request is read; asked to, it stands aside."""

    request_headers = response_headers = ()

    def __init__(self, *, aside=False):
        self.aside = aside
        self.bound = []

    def responder(self, operation, assembly):
        """Note the operation."""
        self.bound.append((operation.contract_operation.operation_id, operation.has_handler))
        assert isinstance(assembly, Assembly)

        async def response(request):
            if self.aside and operation.has_handler:
                return await operation.serve(request)
            arguments = await operation.arguments(request)
            return Rendered(299, [(b"x-read", str(arguments["n"]).encode())], b"")

        return response


async def own(n):
    """Respond by itself."""
    assert n != 0


def test_an_operation_may_be_without_a_handler(serve):
    """The fallback learns which operations have one, and responds in the place of all."""
    fake = Fake()
    app = serve(PATHS, {"own": own}, fallback=fake)
    assert fake.bound == [("own", True), ("other", False)]
    for path in PATHS:
        response = app.get(f"{path}?n=5")
        assert (response.status, response.headers["x-read"]) == (299, "5")


def test_without_a_fallback_every_operation_needs_a_handler(serve):
    """The service itself fails to start."""
    with pytest.raises(ResolverError, match="'other'"):
        serve(PATHS, {"own": own})


def test_a_fallback_may_let_the_handler_respond(serve):
    """What the operation reads and validates is the same for both."""
    app = serve(PATHS, {"own": own}, fallback=Fake(aside=True))
    assert app.get("/own?n=5").status == 204
    assert app.get("/other?n=5").status == 299
    assert app.get("/own?n=x").status == app.get("/other?n=x").status == 422


def test_a_lazy_operation_is_bound_when_it_is_asked_for(serve):
    """Until then nothing of it is compiled; it is bound once."""
    fake = Fake()
    app = serve(PATHS, {}, fallback=fake, lazy=True)
    assert fake.bound == []
    assert [app.get("/own").status for _ in range(2)] == [299, 299]
    assert fake.bound == [("own", False)]


def test_a_lazy_operation_that_cannot_be_bound(serve):
    """A request for it gets a 501 that names it, each time."""
    broken = {"in": "query", "name": "q", "schema": {"$ref": "#/components/schemas/Missing"}}
    paths = {"/": {"get": {"operationId": "op", "responses": NO_CONTENT, "parameters": [broken]}}}
    app = serve(paths, {}, fallback=Fake(), lazy=True)
    for _ in range(2):
        response = app.get("/")
        assert response.status == 501
        assert "'op'" in response.json["detail"]
