"""Faults in a file: JSON, YAML and TOML say the same, and an error names file, entry and part."""

from __future__ import annotations

import json

import httpx2
import pytest

from contract_first.contract import Contract
from contract_first.mock import contract_mock
from contract_first.mock.extension import NO_EXTENSION
from contract_first.mock.rule import Effect, Match, Rule, RuleFileError
from contract_first.mock.rules.reading import RuleReader

faults_in = RuleReader(NO_EXTENSION).file
FAULTS = [
    {"name": "slow", "on": "s3", "match": {"operation": "PostObject"}, "effect": {"latency_ms": 200}},
    {"effect": {"status": 503}, "times": 1},
]
READ = [
    Rule(name="slow", on="s3", match=Match(operation="PostObject"), effect=Effect(latency_ms=200)),
    Rule(effect=Effect(status=503), times=1),
]
YAML = """
- name: slow
  on: s3
  match: {operation: PostObject}
  effect: {latency_ms: 200}
- effect: {status: 503}
  times: 1
"""
TOML = """
[[faults]]
name = "slow"
on = "s3"
match.operation = "PostObject"
effect.latency_ms = 200

[[faults]]
times = 1
effect.status = 503
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("faults.json", json.dumps(FAULTS)),
        ("faults.json", json.dumps({"faults": FAULTS})),
        ("faults.yaml", YAML),
        ("faults", YAML),
        ("faults.toml", TOML),
        ("faults.TOML", "\ufeff" + TOML),
    ],
)
def test_formats(name, text, tmp_path):
    """The same faults are read from each format, alone or as the control API tells them."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert faults_in(tmp_path / name) == READ


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.json", b"[", "Invalid JSON at line 1"),
        ("f.yaml", b"- effect: {status: 503", "Invalid YAML"),
        ("f.toml", b"[[faults]", "is not TOML"),
        ("f.json", b"\xff", "is not UTF-8 at byte 0"),
        ("f.json", b"[" * 200_000, "is nested deeper"),
        ("f.toml", b"a = " + b"[" * 5000, "is not TOML"),
        ("f.json", b" " * (1024 * 1024 + 1), "has more than 1048576 bytes"),
        ("f.json", b"{}", "expected a list of faults"),
        ("f.json", b'{"fautls": []}', "expected a list of faults"),
        ("f.json", b'"faults"', "expected a list of faults"),
        ("f.json", b"[7]", "entry 1: the whole: value is not of type"),
        ("f.json", b'[{"effect": {"drop": true}}, {"name": "x"}]', 'entry 2 (x): the whole: "effect" is a'),
        (
            "f.yaml",
            b"- name: x\n  effect: {latency_ms: -1}",
            "entry 1 (x): /effect/latency_ms: value is less",
        ),
        (
            "f.yaml",
            b"- efect: {}\n",
            "close to it: effect; known are id, struck, name, on, match, scope, skip, times",
        ),
        ("f.yaml", b"- effect: {expired_upload: true}\n", "known are latency_ms, status"),
        ("f.yaml", b'- name: "\\e[31m"\n  effect: {}', "entry 1: /effect"),
        ("f.toml", b"faults = [{effect = {status = 1979-05-27}}]", "/effect/status: value is not of type"),
        ("f.toml", b"faults = [{effect = {latency_ms = nan}}]", "NaN"),
    ],
)
def test_what_is_wrong_is_reported(name, content, message, tmp_path):
    """The message names the file, the entry by number and name, and the part with its rule."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RuleFileError) as refused:
        faults_in(tmp_path / name)
    assert str(refused.value).startswith(
        (f"{tmp_path / name}:", f"{tmp_path / name} is not UTF-8", f"{tmp_path / name} has")
    )
    assert message in str(refused.value)


def test_a_mock_begins_with_them(tmp_path):
    """The faults of a file are on from the first request; one that would never apply is refused."""
    file = tmp_path / "faults.yaml"
    file.write_text("- effect: {status: 502}\n  match: {operation: list_things}\n  times: 1\n")
    operation = {"operationId": "list_things", "responses": {"204": {"description": "None."}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/v1": {"get": operation}},
    }
    contract = Contract(document, "things.json")
    with contract_mock(contract, faults=file) as mock:
        statuses = [httpx2.get(f"{mock.api}/v1", trust_env=False).status_code for _ in range(2)]
    assert statuses == [502, 204]
    file.write_text("- effect: {status: 502}\n- effect: {drop: true}\n  match: {operation: list_thinks}\n")
    message = "entry 2: /match/operation: is not an operation of api; close to it: list_things"
    with pytest.raises(RuleFileError, match=message), contract_mock(contract, faults=file):
        pass


def test_a_file_that_is_not_there(tmp_path):
    """A file that cannot be read is named, with the reason."""
    with pytest.raises(RuleFileError, match=r"missing\.json cannot be read: No such file"):
        faults_in(tmp_path / "missing.json")
