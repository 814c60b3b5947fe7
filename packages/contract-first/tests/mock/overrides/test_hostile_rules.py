"""Rules, templates and files of them are hostile: what is wrong is refused with a reason."""

from __future__ import annotations

import json

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.rule import RuleFileError
from contract_first.mock.rules.files.recording import recorded_responses
from contract_first.mock.rules.reading import RuleReader
from contract_first.mock.stateful.recorded import RecordedItems
from contract_first.mock.templates import process

DOUBLED = "{% set x.a = [x.a, x.a] %}"
ENDLESS = f"{{% set x = namespace(a=1) %}}{{% for i in range(60) %}}{DOUBLED}{{% endfor %}}{{{{ x.a }}}}"
CHAIN = "{{ 1" + "+1" * 200_000 + " }}"
NAMES = ("list_pets", "get_pet", "add_pet", "", "/pets", "/pets/*", "/0/name", "-", "x" * 50)
PIECES = (
    "{{ ",
    " }}",
    "{% for i in ",
    "range(9)",
    " %}",
    "{% endfor %}",
    "request",
    ".body",
    "|",
    "list",
    "~",
    "*",
    "9",
    "'a'",
    "[",
    "]",
    "uuid()",
    "{#",
)
templates = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | templates
    | st.sampled_from(NAMES)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def members(*names, inner=values):
    """Return objects with some of these members, and now and then another one."""
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=3), inner, max_size=3)


responds = st.fixed_dictionaries(
    {},
    optional={
        "status": st.integers(100, 700),
        "headers": st.dictionaries(
            st.text(max_size=4) | st.just("Content-Type"), st.text(max_size=6) | templates, max_size=2
        ),
        "body": values,
        "text": templates,
        "base64": st.text(max_size=8),
        "file": st.sampled_from(("../../etc/passwd", "/etc/passwd", "a\0b", "x" * 300)),
        "example": st.sampled_from(("two", "none")),
        "templates": st.booleans(),
    },
)
patches = st.fixed_dictionaries(
    {},
    optional={"body": values, "members": members("/0/name", "/-", "", "/~"), "status": st.integers(100, 700)},
)
conditions = members(
    "kind",
    "/0",
    "",
    inner=values | st.sampled_from([{"equals": 1}, {"all": [1]}, {"pattern": "*"}, {"present": True}]),
)
matches = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(NAMES),
        "path": st.sampled_from(NAMES),
        "query": conditions,
        "body": conditions,
        "item": conditions,
        "headers": conditions,
    },
)
effects = st.one_of(
    st.fixed_dictionaries({"respond": responds}),
    st.fixed_dictionaries({"patch": patches}),
    st.fixed_dictionaries({"sequence": st.lists(st.fixed_dictionaries({"respond": responds}), max_size=3)}),
    members("status", "respond", "patch", "forward", "sequence", "cut_after_bytes", "bytes_per_second"),
)
rules = (
    st.fixed_dictionaries(
        {"effect": effects},
        optional={"match": matches, "times": values, "skip": values, "probability": values},
    )
    | values
)
fuzz = settings(
    deadline=None, max_examples=60, suppress_health_check=list(HealthCheck), database=None, derandomize=True
)


@fuzz
@given(
    text=st.text(max_size=60) | st.lists(rules, max_size=2).map(json.dumps),
    suffix=st.sampled_from(("yaml", "json", "toml")),
)
def test_files(text, suffix, tmp_path_factory):
    """A file of rules is read, or refused by its name."""
    file = tmp_path_factory.getbasetemp() / f"rules.{suffix}"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    reason = str(file)
    try:
        RuleReader(NO_EXTENSION).file(file, kind="override")
    except RuleFileError as error:
        reason = str(error)
    assert reason.startswith(str(file))


messages = st.fixed_dictionaries(
    {},
    optional={
        "method": values,
        "url": st.just("https://api.test/pets/7?a=%ff") | values,
        "status": st.just(200) | values,
        "headers": st.lists(members("name", "value"), max_size=2) | values,
        "content": st.fixed_dictionaries({"text": values, "mimeType": st.just("application/json") | values}),
        "postData": members("text", "mimeType", "params"),
    },
)
entries = st.fixed_dictionaries({"request": messages, "response": messages}) | values


@fuzz
@given(recorded=st.lists(entries, max_size=3) | values)
def test_recordings(recorded, contract, tmp_path_factory):
    """A HAR is read, or refused by its name; what it shows is a mock's, or left out."""
    file = tmp_path_factory.getbasetemp() / "traffic.har"
    file.write_text(json.dumps({"log": {"entries": recorded}}))
    items, reason = RecordedItems(contract), str(file)
    try:
        for response in recorded_responses(file):
            items.see(*response)
        assert isinstance(items.document(lambda _: None), dict)
    except RuleFileError as error:
        reason = str(error)
    finally:
        items.end()
    assert reason.startswith(str(file))


@fuzz
@given(rule=rules)
def test_over_http(rule, pets):
    """A rule is refused with a reason, or made; a request that it fails gets a 500 that names it."""
    with httpx2.Client(base_url=pets.api, trust_env=False, timeout=30) as client:
        made = client.post(
            "/_mock/overrides", content=json.dumps(rule), headers={"Content-Type": "application/json"}
        )
        assert made.status_code in {201, 400, 409, 422}, made.text
        assert made.status_code == 201 or made.json()["detail"]
        try:
            for request in (("GET", "/pets?kind=cat"), ("GET", "/pets/7"), ("POST", "/pets")):
                body = {"json": {"name": "a"}} if request[0] == "POST" else {}
                try:
                    response = client.request(*request, **body)
                except httpx2.RemoteProtocolError:
                    continue  # an effect of the rule
                reasons = ("override-", "A fault of the mock")
                assert response.status_code != 500 or any(map(response.text.__contains__, reasons)), (
                    response.text
                )
        finally:
            client.delete("/_mock/overrides")


@pytest.mark.parametrize("effect", [{"drop": False}, {"latency_ms": 0}, {"patch": {"members": {}}}])
def test_no_effect(effect, client):
    """A rule that does nothing is refused: it could not be shown."""
    assert client.post("/_mock/overrides", json={"effect": effect}).status_code == 422
    sequence = {"sequence": [{"drop": True}, effect]}
    response = client.post("/_mock/overrides", json={"effect": sequence})
    assert response.json()["errors"][0]["pointer"].startswith("/effect/sequence/1")


def test_a_template_without_end(client, override, monkeypatch):
    """A template that would take for ever is a 500 that says so, and holds up nothing."""
    override({"respond": {"text": ENDLESS}}, match={"operation": "list_pets"})
    override({"respond": {"text": "{{ [1] * 99999999 }}"}}, match={"operation": "get_pet"})
    with monkeypatch.context() as patch:
        patch.setattr(process, "MOST_SECONDS", 0.5)
        responses = [client.get(path) for path in ("/pets", "/pets/7")]
    assert [response.status_code for response in responses] == [500, 500]
    assert all("the template takes longer" in response.json()["detail"] for response in responses)
    override({"respond": {"text": "{{ 1 + 1 }}"}})
    assert client.get("/pets").text == "2"


def test_a_template_that_ends_its_process(client):
    """A template with more operators than there is stack for is refused, and the mock goes on."""
    refused = client.post("/_mock/overrides", json={"effect": {"respond": {"text": CHAIN}}})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["pointer"], "too many operators" in error["detail"]) == ("/effect/respond", True)
    assert client.get("/pets").status_code == 200


def test_values_that_templates_cannot_have(client, override):
    """A number that is too large is a reason, too."""
    override({"respond": {"text": "{{ request.body.n }}"}}, match={"operation": "add_pet"})
    sent = client.post(
        "/pets", content=b'{"n": 1' + b"0" * 40 + b"}", headers={"Content-Type": "application/json"}
    )
    assert sent.status_code in {200, 201, 400, 500}
    assert sent.status_code != 500 or "override-" in sent.text
