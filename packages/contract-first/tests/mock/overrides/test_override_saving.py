"""Overrides that are validated before they are added, and moved into the file that a mock was given."""

from __future__ import annotations

import json
import tomllib

import httpx2
import pytest
import yaml

from contract_first.mock import contract_mock
from contract_first.mock.rules.files.saving import with_rule

RULE = {"match": {"operation": "list_pets"}, "effect": {"respond": {"body": [{"id": 1, "name": 'a "b"\n'}]}}}


def test_violations_of_an_override(client):
    """They have their places in the override, which is not added; what is no override is refused."""
    body = {"match": {"operation": "list_pets"}, "effect": {"respond": {"body": [{"id": 0}], "status": 200}}}
    found = client.post("/_mock/overrides/violations", json=body).json()["violations"]
    places = {(violation["pointer"], violation["rule"]) for violation in found}
    assert places == {("/effect/respond/body/0/id", "minimum"), ("/effect/respond/body/0", "required")}
    assert client.post("/_mock/overrides/violations", json=RULE).json() == {"violations": []}
    refused = client.post("/_mock/overrides/violations", json={"effect": {"respnd": 1}})
    assert refused.json()["errors"][0]["pointer"] == "/effect"
    unknown = {"match": {"operation": "lst_pets"}, "effect": {"drop": True}}
    assert client.post("/_mock/overrides/violations", json=unknown).status_code == 422
    assert client.get("/_mock/overrides").json() == {"overrides": []}


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("o.yaml", "# Ours.\n- effect: {status: 503}  # down\n  times: 1\n", yaml.safe_load),
        ("o.yaml", "faults: []\noverrides:\n    # Ours.\n    - effect: {status: 503}\n", yaml.safe_load),
        ("o.yaml", "# Ours.\n", yaml.safe_load),
        ("o.json", '{"overrides": [{"effect": {"status": 503}}]}', json.loads),
        (
            "mock.toml",
            "seed = 1\n[[overrides]] # Ours.\neffect = {status = 503}\n[[faults]]\n",
            tomllib.loads,
        ),
        ("mock.toml", "# Ours.\nseed = 1", tomllib.loads),
    ],
)
def test_a_file_keeps_what_it_has(name, text, read):
    """A rule comes before the others, comments and other members stay, and the file is read as meant."""
    result = with_rule(text, name.partition(".")[2], "overrides", RULE)
    before, after = read(text), read(result)
    if isinstance(after, dict):
        assert {**after, "overrides": None} == {**before, "overrides": None}
        before, after = before.get("overrides", []), after["overrides"]
    assert after == [RULE, *(before or [])]
    assert text.count("Ours") == result.count("Ours")


@pytest.mark.parametrize(
    ("suffix", "text", "rule"),
    [
        ("yaml", "[{effect: {status: 503}}]", RULE),
        ("yaml", "[{effect: {status: 503}},\n {effect: {status: 503}}]", RULE),
        ("toml", "", {"effect": {"respond": {"body": None}}}),
    ],
)
def test_what_has_no_place(suffix, text, rule):
    """A text that would be read otherwise is left as it was."""
    with pytest.raises(ValueError, match=r"no place|no null|YAML"):
        with_rule(text, suffix, "overrides", rule)


def test_an_override_is_saved(contract, tmp_path):
    """It moves into the file, where it is the first; without a file nothing is saved."""
    file = tmp_path / "overrides.yaml"
    file.write_text("- {match: {operation: list_pets}, effect: {respond: {body: old}}}\n")
    with contract_mock(contract, overrides=file) as mock, httpx2.Client(base_url=mock.control) as client:
        path = (
            f"{mock.control}/overrides/{mock.override(operation='list_pets', respond={'body': 'new'})}/save"
        )
        assert [client.post(path).status_code for _ in range(2)] == [204, 404]
        saved = yaml.safe_load(file.read_text())[0]
        assert saved == {"match": {"operation": "list_pets"}, "effect": {"respond": {"body": "new"}}}
        client.post(f"{mock.control}/state/reset", json={}).raise_for_status()
        assert httpx2.get(f"{mock.api}/pets", trust_env=False).json() == "new"
        assert len(client.get(f"{mock.control}/overrides").json()["overrides"]) == 2
    with contract_mock(contract) as mock, httpx2.Client(base_url=mock.control) as client:
        refused = client.post(f"{mock.control}/overrides/{mock.override(drop=True)}/save")
        assert (refused.status_code, "--overrides FILE" in refused.json()["detail"]) == (409, True)
