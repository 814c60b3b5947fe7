"""The accept filter beside the validator that it spares, and values to try both with."""

import json

from hypothesis import strategies as st

from contract_first.contract import Contract
from contract_first.service.messages.response import Rendered
from contract_first.service.response.accept_filter import AcceptFilter
from contract_first.service.response.response_validation import ResponseValidator

NAMES = ["a", "b", "é"]


class Engines:
    """The filter and the validator of one operation."""

    def __init__(self, contract, operation):
        self.operation = operation
        self.filter = AcceptFilter(operation, contract.schemas)
        self.validator = ResponseValidator(contract)

    @classmethod
    def over(cls, response, *, openapi="3.1.0", jsonSchemaDialect=None, **components):  # noqa: N803 -- OpenAPI's name
        """Return the engines of an operation with this one response."""
        dialect = {"jsonSchemaDialect": jsonSchemaDialect} if jsonSchemaDialect else {}
        operation = {"operationId": "op", "responses": {"200": {"description": "", **response}}}
        document = {
            "openapi": openapi,
            **dialect,
            "info": {"title": "t", "version": "1"},
            "paths": {"/": {"get": operation}},
            "components": components,
        }
        contract = Contract(document=document, source="test")
        return cls(contract, contract.operations[0])

    @classmethod
    def over_schema(cls, schema, **options):
        """Return the engines of an operation that responds with JSON of this schema."""
        return cls.over({"content": {"application/json": {"schema": schema}}}, **options)

    @property
    def reader(self):
        """What reads the response as a type of msgspec, None if its schema is none."""
        [media_type] = self.operation.responses["200"]["content"].values()
        return self.filter._schemas.in_media_type(media_type).reader

    def reads(self, value):
        """Tell whether the type accepts a JSON value, having seen that the validator does as well."""
        assert self.wrongly_accepted(value) == []
        try:
            self.reader(rendered(value).body)
        except ValueError:
            return False
        return True

    def accepts(self, value, status=200, headers=()):
        """Tell whether the filter accepts a JSON value, having seen that the validator does as well."""
        assert self.wrongly_accepted(value, status, headers) == []
        return self.filter.accepts(rendered(value, status, headers), "application/json")

    def wrongly_accepted(self, value, status=200, headers=()):
        """Return why the validator refuses a JSON value that the filter accepts."""
        response = rendered(value, status, headers)
        if not self.filter.accepts(response, "application/json"):
            return []
        errors = self.validator.errors(self.operation, response, "application/json")
        return [each for each in errors if not each.startswith("cannot be validated")]


def rendered(value, status=200, headers=()):
    """Return a response with a JSON body."""
    return Rendered(status, list(headers), json.dumps(value).encode())


texts = st.text("ab1٣ é\n-Z", max_size=5) | st.sampled_from(
    [
        "2026-04-09",
        "2026-04-09T10:00:00Z",
        "2026-04-31T10:00:00.5+01:00",
        "2026-05-31T10:00:00.5+01:00",
        "2026-04-09 10:00:00+00:00",
        "2026-04-09T10:00:00+0000",
        "10:00:00Z",
        "aGk=",
        "aGk",
        "::1",
        "127.0.0.1",
        "a@b.c",
        "urn:x",
        "/a~0",
    ]
)
numbers = (
    st.integers(-3, 3)
    | st.sampled_from([1.0, 0.07, 0.1, 1.5, 2**31, 2**31 - 1, 2**53 + 1, 2**63, 2**64, 1e308, -0.0, 3e9])
    | st.floats(-4, 4)
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
