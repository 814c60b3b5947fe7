"""A format is decided alike in requests and in responses, with and without openapi-core."""

import runpy
from pathlib import Path

import pytest

from contract_first.service.messages.response import Rendered

engines = runpy.run_path(str(Path(__file__).with_name("engines.py")))
Engines, rendered = engines["Engines"], engines["rendered"]

TEXTS = {
    "time": (["12:00:00Z", "12:00:00.5+02:00", "12:00:00"], ["x", "12", "25:00:00Z", "12:00:00 Z"]),
    "email": (["a@b.test"], ["a b@c", "a"]),
    "byte": (["YQ==", "YQ", "_-", ""], ["a.b", "é"]),
    "uri": (["https://example.com/a"], ["/a", "x y"]),
    "uri-reference": (["/a"], ["http://a b"]),
    "uri-template": (["/{a}"], ["/{a"]),
    "hostname": (["a.example.com"], ["a_b!", "-a"]),
    "idn-hostname": (["bücher.example"], ["a b", "a" * 1001]),
    "duration": (["P1DT2H"], ["1 day"]),
    "date": (["2024-02-29"], ["2023-02-29", "today"]),
    "date-time": (["2024-02-29T10:00:00Z", "2024-03-01t10:00:00z"], ["2024-02-29", "2024-03-01 10:00:00"]),
    "uuid": (["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], ["f81d4fae", "f" * 4000]),
    "regex": (["^a+$"], ["(", "a" * 1001]),
    "ipv6": (["::1"], ["1.2.3.4"]),
    "password": (["any"], []),
    "of-nobody": (["any"], []),
}
CASES = [
    (name, text, conforms)
    for name, (right, wrong) in TEXTS.items()
    for conforms, texts in ((True, right), (False, wrong))
    for text in texts
]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(("name", "text", "conforms"), CASES, ids=lambda value: str(value)[:20])
def test_requests_and_responses_are_validated_alike(openapi, name, text, conforms):
    """In a request, in a response by openapi-core, and where that is not asked."""
    schema = {"type": "string", "format": name}
    of_responses = Engines.over_schema(schema, openapi=openapi)
    schemas = of_responses.validator.contract.schemas.view(formats=True).for_requests
    assert schemas.of(schema).validator.is_valid(text) is conforms
    errors = of_responses.validator.errors(of_responses.operation, rendered(text), "application/json")
    assert errors == ([] if conforms else [f"body: violates format {name!r}"])
    assert of_responses.accepts(text) is conforms


def test_xml_is_validated_too():
    """A format in XML, which openapi-core does not read, is decided as in JSON."""
    schema = {
        "type": "object",
        "xml": {"name": "a"},
        "properties": {"at": {"type": "string", "format": "time"}},
    }
    engines_of_xml = Engines.over({"content": {"application/xml": {"schema": schema}}})
    errors = [
        engines_of_xml.validator.errors(
            engines_of_xml.operation,
            Rendered(200, [], f"<a><at>{text}</at></a>".encode()),
            "application/xml",
        )
        for text in ("12:00:00Z", "noon")
    ]
    assert errors == [[], ['body/at: value is not a "time"']]
