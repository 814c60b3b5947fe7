"""What tells two organizations apart, and what only looks like it."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contract_first.check import Credentials, check_url
from contract_first.check.checks.organization_isolation import OrganizationIsolation
from contract_first.check.run.checking import served

pytestmark = pytest.mark.programs

FIRST, OTHER = "key-of-the-first-1", "key-of-the-other-1"
JAR = {"type": "object", "properties": {"id": {"type": "string"}}}
LINK = {"open": {"operationId": "open_jar", "parameters": {"id": "$response.body#/id"}}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
OK = {"description": "OK", "content": {"application/json": {"schema": JAR}}}
CONTRACT = {
    "openapi": "3.1.0",
    "info": {"title": "Jars", "version": "1"},
    "security": [{"key": []}],
    "paths": {
        "/jars": {
            "get": {"operationId": "list_jars", "responses": {"200": OK}},
            "post": {"operationId": "add_jar", "responses": {"201": {**OK, "links": LINK}}},
        },
        "/jars/{id}": {"get": {"operationId": "open_jar", "parameters": [ID], "responses": {"200": OK}}},
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
}


def checked(listed, before_links=None, volatile="timestamp"):
    """Return what the check says of an API whose lists are such texts, and whose only id is ``total``."""

    async def contract(_request):
        return JSONResponse(CONTRACT)

    async def jars(request):
        if request.method == "POST":
            return JSONResponse({"id": "total"}, 201)
        return Response(listed, media_type="application/json")

    async def jar(request):
        if request.headers.get("x-key") == OTHER:
            return JSONResponse({volatile: request.url.path[-1]}, 404)
        return JSONResponse({"id": "total"})

    routes = [
        Route("/openapi.json", contract),
        Route("/jars", jars, methods=["GET", "POST"]),
        Route("/jars/{id}", jar),
    ]
    with served(Starlette(routes=routes)) as url:
        report = check_url(
            url,
            credentials=Credentials(api_key=FIRST, other_api_key=OTHER),
            checks=(OrganizationIsolation,),
            phases=(),
            seed=1,
            before_links=before_links,
        )
    return [finding.title for finding in report.findings if finding.check == "organization_isolation"]


def test_the_name_of_a_member_is_no_id():
    """A member that is called as an id of another organization, even twice, is nothing of that one's."""
    assert checked('{"total": 0, "total": 0, "items": []}') == []


@pytest.mark.parametrize(
    ("name", "titles"),
    [("requestId", []), ("trace_id", []), ("time", []), ("last_letter", ["organization_isolation: read"])],
)
def test_what_is_another_each_time_tells_nothing(name, titles):
    """What names a request or its time, as APIs spell it, is in no comparison; any other member is."""
    assert checked("[]", volatile=name) == titles


def test_an_id_in_a_list_is():
    """A value that is the id of another organization's is."""
    assert checked('{"items": [{"id": "total"}]}') == ["organization_isolation: list"]


def test_what_links_need_is_made_before_they_are_followed():
    """A function of the options gets each response that has links, and the target to make requests of."""
    responses = []

    def before_links(target, body):
        responses.append((body, target.client.get("/jars/total", headers=target.headers).status_code))

    assert checked("[]", before_links) == []
    assert responses == [({"id": "total"}, 200)]
