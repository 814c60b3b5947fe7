"""What stops stock Connexion 3 at this contract, and does not stop the binding."""

import asyncio
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # as connexion_adapter.py does, for the same imports
    from connexion import AsyncApp
    from connexion.exceptions import InvalidSpecification


def document(parameter_schema, openapi="3.1.0"):
    """Return a document with one operation that takes one query parameter."""
    operation = {
        "operationId": "op",
        "parameters": [{"in": "query", "name": "n", "schema": parameter_schema}],
        "responses": {"204": {"description": ""}},
    }
    return {
        "openapi": openapi,
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"get": operation}},
    }


def stock_status(spec):
    """Bind a document with stock Connexion, and return the status of ``GET /?n=5``."""

    async def op(**_):
        return None, 204

    def resolver(_):
        return op

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "root_path": "",
        "query_string": b"n=5",
        "headers": [],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = AsyncApp("stock")
        app.add_api(spec, resolver=resolver)
        asyncio.run(app(scope, receive, send))
    return sent[0]["status"]


def our_argument(taking, schema):
    """Bind the same operation, and return what its handler gets for ``n=5``."""
    app = taking({"in": "query", "name": "n", "schema": schema})
    assert app.get("/?n=5").status == 204
    return app.seen["n"]


def test_stock_connexion_serves_beside_ours():
    """What the binding puts off of Connexion's imports is there for Connexion's own apps."""
    assert stock_status(document({"type": "integer"}, "3.0.3")) == 204


def test_openapi_3_1_is_bound(taking):
    """A 3.1 document is bound as it is, which stock Connexion refuses (spec-first/connexion#1396)."""
    with pytest.raises(InvalidSpecification):
        stock_status(document({"type": "integer"}))
    assert our_argument(taking, {"type": ["integer", "null"]}) == 5


def test_a_merged_parameter_schema_has_a_type(taking):
    """A parameter typed through allOf is coerced, where stock Connexion fails (spec-first/connexion#1569)."""
    merged = {"allOf": [{"type": "number"}, {"type": "number", "minimum": 0}]}
    assert stock_status(document(merged, "3.0.3")) == 500
    assert our_argument(taking, merged) == 5


@pytest.mark.parametrize("combinator", ["anyOf", "oneOf", "allOf"])
def test_a_combined_parameter_schema_has_a_type(combinator, taking):
    """A parameter typed through a combinator is coerced and validated by it (spec-first/connexion#2031)."""
    combined = {combinator: [{"type": "integer", "format": "int32", "maximum": 100}]}
    assert stock_status(document(combined, "3.0.3")) == 500
    assert our_argument(taking, combined) == 5
    app = taking({"in": "query", "name": "n", "schema": combined})
    assert app.get("/?n=101").errors == [("query", "n", "maximum")]


def test_a_default_beside_a_combinator_is_kept(taking):
    """The default of a parameter without a top-level type reaches the handler."""
    schemas = {"PhotoType": {"type": "string", "enum": ["front", "back"]}}
    schema = {"allOf": [{"$ref": "#/components/schemas/PhotoType"}], "default": "front"}
    app = taking({"in": "query", "name": "photo_type", "schema": schema}, components={"schemas": schemas})
    app.get("/")
    assert app.seen == {"photo_type": "front"}
