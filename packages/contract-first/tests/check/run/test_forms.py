"""Forms and XML are validated as they are sent: a run finds nothing wrong with an app that does so."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse

from contract_first.check import check_app
from contract_first.contract import Contract
from contract_first.service import create_app

TAGS = {"type": "array", "items": {"type": "string", "maxLength": 3}}
PHOTO = {"type": "object", "required": ["tags"], "properties": {"tags": TAGS}}
ERRORS = {str(status): {"description": ""} for status in (400, 415, 422)}


def contract(media_type):
    """Return a contract with a form of an array of strings."""
    body = {"required": True, "content": {media_type: {"schema": PHOTO}}}
    post = {
        "operationId": "add_photo",
        "requestBody": body,
        "responses": {"201": {"description": ""}, **ERRORS},
    }
    document = {"openapi": "3.1.0", "info": {"title": "Photos", "version": "1"}}
    return Contract({**document, "paths": {"/photos": {"post": post}}}, "photos.json")


def caught(app, document):
    """Return the checks of data that find something wrong with an app."""
    report = check_app(app, contract=document, phases=("coverage",), max_examples=20, seed=1)
    assert not report.troubles
    return {finding.check for finding in report.findings if "data" in finding.check}


@pytest.mark.parametrize(
    "media_type", ["multipart/form-data", "application/x-www-form-urlencoded", "application/xml"]
)
def test_an_array_is_any_number_of_texts(media_type):
    """A text may be the only item, also if it was no text before it was sent; no text is no array."""

    async def add_photo(**_):
        return None, 201

    document = contract(media_type)
    assert caught(create_app(document, {"add_photo": add_photo}), document) == set()


@pytest.mark.parametrize(
    ("status", "check"), [(201, "negative_data_rejection"), (422, "positive_data_acceptance")]
)
def test_a_form_that_is_wrong_or_right_as_sent_still_counts(status, check):
    """An app that accepts everything is caught, and one that rejects everything."""
    assert caught(JSONResponse(None, status), contract("multipart/form-data")) == {check}
