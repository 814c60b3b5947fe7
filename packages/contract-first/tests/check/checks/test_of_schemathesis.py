"""Apps of a foreign contract, each wrong in one way that Schemathesis knows, and what a run says of each."""

from __future__ import annotations

import json
import tomllib
from itertools import count

import pytest
from schemathesis.checks import CHECKS, load_all_checks
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contract_first.check import Credentials, check_app
from contract_first.check.run.configuration import SHIPPED
from contract_first.check.run.options import PHASES
from contract_first.contract import Contract

pytestmark = pytest.mark.programs

KEY = "a-key-of-the-notes"
OTHER_KEY = "another-key-of-the-notes"
JSON = "application/json"
NOTE = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
}
TEXT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 20}},
}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
TENANT = {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string", "enum": ["one"]}}
LINKS = {
    name: {"operationId": name, "parameters": {"id": "$response.body#/id"}}
    for name in ("read_note", "delete_note")
}


def responses(*statuses, **successes):
    """Return the Responses Object of an operation."""
    errors = {str(status): {"description": "An error."} for status in (401, 405, 409, 422, 500, *statuses)}
    return {**errors, **{status.strip("_"): response for status, response in successes.items()}}


def note(**more):
    """Return the Response Object of a response that has a note."""
    return {"description": "The note.", "content": {JSON: {"schema": NOTE}}, **more}


CONTRACT = Contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Notes", "version": "1"},
        "security": [{"key": []}],
        "paths": {
            "/notes": {
                "post": {
                    "operationId": "write_note",
                    "parameters": [TENANT],
                    "requestBody": {"required": True, "content": {JSON: {"schema": TEXT}}},
                    "responses": responses(
                        415,
                        _201=note(
                            links=LINKS,
                            headers={"Location": {"required": True, "schema": {"type": "string"}}},
                        ),
                    ),
                }
            },
            "/notes/{id}": {
                "get": {
                    "operationId": "read_note",
                    "parameters": [ID],
                    "responses": responses(404, _200=note()),
                },
                "delete": {
                    "operationId": "delete_note",
                    "parameters": [ID],
                    "responses": responses(404, _204={"description": "It is gone."}),
                },
            },
        },
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    },
    "notes",
)


class Notes:
    """The right app of the contract.

    Attributes:
        notes: what there is, by id.
    """

    def __init__(self):
        self.notes = {}
        self._ids = count(1)
        routes = [
            Route("/notes", self._collection, methods=ALL),
            Route("/notes/{id}", self._item, methods=ALL),
        ]
        self.asgi = Starlette(routes=routes)

    async def _collection(self, request):
        """Respond to all methods of the collection."""
        return self._unless_allowed(request, ["POST"]) or await self._write(request)

    async def _item(self, request):
        """Respond to all methods of a note."""
        refusal = self._unless_allowed(request, ["GET", "DELETE"])
        return refusal or await (self._delete if request.method == "DELETE" else self._read)(request)

    def _unless_allowed(self, request, methods):
        """Respond to requests for no note in particular, or without a key."""
        allow = {"Allow": ", ".join([*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])])}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
        if request.method not in allow["Allow"].split(", "):
            return Response(status_code=405, headers=allow)
        return (
            None
            if request.headers.get("x-key") == KEY
            else Response(status_code=401, headers={"WWW-Authenticate": "Key"})
        )

    async def _write(self, request):
        """Keep a note."""
        if request.headers.get("content-type") != JSON:
            return Response(status_code=415)
        text = self._text(await request.body())
        if request.headers.get("x-tenant") != "one" or text is None:
            return Response(status_code=422)
        made = {"id": next(self._ids), "text": text}
        self.notes[made["id"]] = made
        return JSONResponse(made, 201, {"Location": f"/notes/{made['id']}"})

    def _text(self, body):
        """Return the text in a body; None if it is as the contract does not want it."""
        try:
            asked = json.loads(body)
        except ValueError:
            return None
        if not isinstance(asked, dict) or asked.keys() != {"text"} or not isinstance(asked["text"], str):
            return None
        return asked["text"] if 0 < len(asked["text"]) <= 20 else None

    async def _read(self, request):
        """Return a note."""
        found = self._found(request)
        return found if isinstance(found, Response) else JSONResponse(found)

    async def _delete(self, request):
        """Forget a note."""
        found = self._found(request)
        if isinstance(found, Response):
            return found
        del self.notes[found["id"]]
        return Response(status_code=204)

    def _found(self, request):
        """Return the note that is asked for, or why there is none."""
        asked = request.path_params["id"]
        if not asked.isascii() or not asked.isdecimal() or int(asked[:30]) < 1:
            return Response(status_code=422)
        return self.notes.get(int(asked[:30]), Response(status_code=404))


ALL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]


class Fails(Notes):
    """Fails where it should not find."""

    def _found(self, request):
        found = super()._found(request)
        missing = isinstance(found, Response) and found.status_code == 404
        return Response(status_code=500) if missing else found


class Undocumented(Notes):
    """Responds with a status that the contract has not."""

    async def _delete(self, request):
        response = await super()._delete(request)
        response.status_code = 200 if response.status_code == 204 else response.status_code
        return response


class PlainText(Notes):
    """Calls notes plain text."""

    async def _read(self, request):
        response = await super()._read(request)
        if response.status_code == 200:
            response.headers["content-type"] = "text/plain"
        return response


class Nowhere(Notes):
    """Leaves a header out."""

    async def _write(self, request):
        response = await super()._write(request)
        if response.status_code == 201:
            del response.headers["location"]
        return response


class Numbers(Notes):
    """Responds with a body that the schema forbids."""

    async def _read(self, request):
        found = self._found(request)
        return found if isinstance(found, Response) else JSONResponse({**found, "text": 1})


class Takes(Notes):
    """Takes a number for a text."""

    def _text(self, body):
        try:
            text = json.loads(body)["text"]
        except (ValueError, TypeError, LookupError):
            return super()._text(body)
        return "number" if isinstance(text, int | float) else super()._text(body)


class Refuses(Notes):
    """Refuses a text that is right."""

    def _text(self, body):
        text = super()._text(body)
        return None if text is not None and len(text) == 20 else text


class Tenantless(Notes):
    """Takes a missing header for a conflict."""

    async def _write(self, request):
        return await super()._write(request) if "x-tenant" in request.headers else Response(status_code=409)


class Blind(Notes):
    """Takes another method for another path."""

    def _unless_allowed(self, request, methods):
        response = super()._unless_allowed(request, methods)
        return Response(status_code=404) if response is not None and response.status_code == 405 else response


class Boastful(Notes):
    """Lists methods that it has not."""

    def _unless_allowed(self, request, methods):
        response = super()._unless_allowed(request, methods)
        if request.method == "OPTIONS":
            response.headers["allow"] = "PUT, BREW"
        return response


class Undead(Notes):
    """Finds notes that are gone."""

    async def _delete(self, request):
        found = self._found(request)
        return found if isinstance(found, Response) else Response(status_code=204)


class Forgetful(Notes):
    """Keeps no notes."""

    async def _write(self, request):
        response = await super()._write(request)
        self.notes.clear()
        return response


class Open(Notes):
    """Lets everybody in, with any key or none."""

    def _unless_allowed(self, request, methods):
        response = super()._unless_allowed(request, methods)
        return None if response is not None and response.status_code == 401 else response


class Shared(Notes):
    """Shows everybody everything, whichever organization owns it."""

    def _unless_allowed(self, request, methods):
        response = super()._unless_allowed(request, methods)
        return None if request.headers.get("x-key") == OTHER_KEY else response


class Separate(Shared):
    """The right app for two: one writes notes, and the other has none."""

    async def _write(self, request):
        return (
            Response(status_code=401, headers={"WWW-Authenticate": "Key"})
            if request.headers["x-key"] == OTHER_KEY
            else await super()._write(request)
        )

    def _found(self, request):
        found = super()._found(request)
        is_others = request.headers["x-key"] == OTHER_KEY and not isinstance(found, Response)
        return Response(status_code=404) if is_others else found


COVERAGE, STATEFUL = ("coverage",), ("stateful",)
WRONG = {
    "not_a_server_error": (Fails, ("fuzzing",)),
    "status_code_conformance": (Undocumented, STATEFUL),
    "content_type_conformance": (PlainText, STATEFUL),
    "response_headers_conformance": (Nowhere, COVERAGE),
    "response_schema_conformance": (Numbers, STATEFUL),
    "negative_data_rejection": (Takes, COVERAGE),
    "positive_data_acceptance": (Refuses, COVERAGE),
    "missing_required_header": (Tenantless, COVERAGE),
    "unsupported_method": (Blind, COVERAGE),
    "allow_header_conformance": (Boastful, COVERAGE),
    "use_after_free": (Undead, STATEFUL),
    "ensure_resource_availability": (Forgetful, STATEFUL),
}
"""By what catches it: an app, and the phases of the run in which it does."""
INSTEAD = {
    "ignored_auth": ("security_alternatives", Open),
    "object_level_authorization": ("organization_isolation", Shared),
}
"""The checks that are switched off, the check of ours that is made instead, and an app that it catches."""


OF_STORAGE = {"use_after_free", "ensure_resource_availability", "response_schema_conformance"}
"""The checks whose app does not store what it is sent, or shows something else."""


def checked(app, phases, *, other=""):
    """Return the report of a run."""
    report = check_app(
        app.asgi,
        contract=CONTRACT,
        credentials=Credentials(api_key=KEY, other_api_key=other),
        phases=phases,
        max_examples=4,
        seed=1,
    )
    assert not report.troubles
    assert report.end == "complete"
    return report


def caught(report):
    """Return the checks that find something."""
    return {finding.check for finding in report.findings}


def test_each_check_of_schemathesis_has_a_wrong_app():
    """No check that is made is without an app that it catches, and those that are not made are known."""
    load_all_checks()
    shipped = {name for name in CHECKS.get_all_names() if name.islower()}
    assert WRONG.keys() == shipped - INSTEAD.keys()
    switched = tomllib.loads(SHIPPED.read_text("utf-8"))["checks"]
    assert {
        name for name, how in switched.items() if name != "enabled" and not how.get("enabled", True)
    } == INSTEAD.keys()


def test_the_right_app_passes():
    """An app that keeps its contract passes all checks in all phases, though it is none of ours."""
    report = checked(Notes(), PHASES)
    assert not caught(report)
    assert report.left_out == {
        "problem_details": "the contract has no application/problem+json",
        "rate_limit_headers": "the contract has no rate-limit headers",
        "organization_isolation": "no key of another organization was given",
    }


@pytest.mark.parametrize("check", WRONG)
def test_a_wrong_app_is_caught(check):
    """An app that is wrong in one way is caught by the check for it, and by no other that is not about it."""
    wrong, phases = WRONG[check]
    assert caught(checked(wrong(), phases)) == {check} | ({"stored_things"} if check in OF_STORAGE else set())


@pytest.mark.parametrize("check", INSTEAD)
def test_what_is_switched_off_is_caught_by_a_check_of_ours(check):
    """What a check that is switched off would find is found by the check of ours, and by no other."""
    instead, wrong = INSTEAD[check]
    other = OTHER_KEY if instead == "organization_isolation" else ""
    assert caught(checked(wrong(), COVERAGE, other=other)) == {instead}


def test_two_that_are_kept_apart_pass():
    """An app whose two callers do not see one another's passes."""
    assert not caught(checked(Separate(), COVERAGE, other=OTHER_KEY))
