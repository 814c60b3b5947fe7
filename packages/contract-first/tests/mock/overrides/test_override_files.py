"""Overrides in a file: read at the start and when it changes, with files of its folder; and strict ones."""

from __future__ import annotations

import json
import queue

import httpx2
import pytest

from contract_first.mock import contract_mock
from contract_first.mock.rule import RuleFileError

PATIENCE_SECONDS = 30


def write(path, text):
    """Write a file, whole from one moment to the next."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def get(mock, path="/pets"):
    """Return a response of a mock."""
    return httpx2.get(f"{mock.api}{path}", trust_env=False)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("o.yaml", "- match: {operation: list_pets}\n  effect: {respond: {body: []}}\n"),
        (
            "o.json",
            '{"overrides": [{"match": {"operation": "list_pets"}, "effect": {"respond": {"body": []}}}]}',
        ),
        ("o.toml", '[[overrides]]\nmatch.operation = "list_pets"\neffect.respond.body = []\n'),
    ],
)
def test_formats(name, text, contract, tmp_path):
    """The same is read from each format, and stays after a reset; what is added comes before it."""
    file = tmp_path / name
    file.write_text(text)
    with contract_mock(contract, overrides=file) as mock:
        assert get(mock).json() == []
        mock.override(respond={"body": 1})
        assert get(mock).json() == 1
        httpx2.post(f"{mock.control}/state/reset", json={}, trust_env=False).raise_for_status()
        (rule,) = httpx2.get(f"{mock.control}/overrides", trust_env=False).json()["overrides"]
        assert rule["struck"] == 0
        assert get(mock).json() == []


def test_a_change_is_seen(contract, tmp_path):
    """A file that changes is read again, and so is one that it names; what is wrong leaves all as it was."""
    file, body = tmp_path / "o.yaml", tmp_path / "pets.json"
    file.write_text("- effect: {respond: {file: pets.json}}\n")
    body.write_text("[]")
    sentences = queue.Queue()
    with contract_mock(contract, overrides=file, tell=sentences.put) as mock:
        first = get(mock)
        assert (first.json(), first.headers["content-type"]) == ([], "application/json")
        write(body, "[1]")
        assert sentences.get(timeout=PATIENCE_SECONDS) == f"Reloaded {file}."
        assert get(mock).json() == [1]
        write(file, "- effect: {respond: {body: 2}}\n- name: bent\n  effect: {respnd: {}}\n")
        sentence = sentences.get(timeout=PATIENCE_SECONDS)
        assert sentence.startswith(f"The overrides stay as they were: {file}:2: entry 2 (bent): /effect: ")
        assert "close to it: respond; known are latency_ms" in sentence
        assert get(mock).json() == [1]
        write(file, "- effect: {respond: {body: 2}}\n")
        assert sentences.get(timeout=PATIENCE_SECONDS) == f"Reloaded {file}."
        assert get(mock).json() == 2


def test_files_of_the_folder(contract, tmp_path):
    """Bytes are sent as they are; a sequence may name files, too."""
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("{{ counter }}")
    file = tmp_path / "o.yaml"
    file.write_text(
        "- effect: {sequence: [{respond: {file: photo.png}},"
        " {respond: {file: deep/a.txt, headers: {content-type: text/x-a}}}]}"
    )
    with contract_mock(contract, overrides=file) as mock:
        photo, text = get(mock), get(mock)
    assert (photo.content, photo.headers["content-type"]) == (b"\x89PNG\xff", "image/png")
    assert (text.text, text.headers["content-type"]) == ("2", "text/x-a")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../secret.json", "is not in the folder of the rule's file"),
        ("/etc/passwd", "is not in the folder of the rule's file"),
        ("link.json", "is not in the folder of the rule's file"),
        ("missing.json", "missing.json cannot be read: No such file"),
        (".", "cannot be read"),
        ("a\\0b", "null byte"),
        ("large.json", "has more than 1048576 bytes"),
    ],
)
def test_files_that_are_refused(name, reason, contract, tmp_path):
    """No file outside the folder is read, nor one without an end; the entry and the member are named."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (tmp_path / "secret.json").write_text("1")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "large.json").write_bytes(b" " * (1024 * 1024 + 1))
    file = folder / "o.yaml"
    file.write_text(f'- effect: {{respond: {{file: "{name}"}}}}\n')
    with pytest.raises(RuleFileError) as refused, contract_mock(contract, overrides=file):
        pass
    assert str(refused.value).startswith(f"{file}:1: entry 1: /effect/respond/file: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ({"effect": {"staus": 503}}, "close to it: status; known are latency_ms, status"),
        ({"effect": {"drop": True}, "match": {"pth": "/"}}, "close to it: path; known are operation, method"),
        ({"effect": {"respond": {"boddy": 1}}}, "close to it: body; known are status, headers, body"),
        (
            {"effect": {"latency_ms": {"distribution": "unform"}}},
            "close to it: uniform; known are uniform, normal, lognormal, exponential",
        ),
        ({"effect": {"status": 503}, "match": {"operation": "list_pet"}}, "close to it: list_pets"),
        ({"effect": {"respond": {"text": "{{ 1 | }}"}}}, "the template fails"),
    ],
)
def test_wrong_rules_alike(rule, advice, contract, client, tmp_path):
    """A wrong rule has the same error in a file as over HTTP: where, and the nearest known name."""
    response = client.post("/_mock/overrides", json=rule)
    assert response.status_code == 422
    violation = response.json()["errors"][0]
    file = tmp_path / "o.json"
    file.write_text(json.dumps([rule]))
    with pytest.raises(RuleFileError) as refused, contract_mock(contract, overrides=file):
        pass
    assert f"{violation['pointer']}: {violation['detail']}" in str(refused.value)
    assert advice in str(refused.value)


def test_too_many(contract, tmp_path):
    """A file has at most a thousand overrides."""
    file = tmp_path / "o.yaml"
    file.write_text("- effect: {drop: true}\n" * 1001)
    with pytest.raises(RuleFileError, match="at most 1000 can be"), contract_mock(contract, overrides=file):
        pass


@pytest.fixture(scope="module")
def strict(contract):
    """Run a mock that refuses overrides that violate the contract."""
    with contract_mock(contract, strict_overrides=True) as mock:
        yield mock


@pytest.mark.parametrize(
    ("match", "effect", "pointer"),
    [
        ({"operation": "get_pet"}, {"respond": {"body": {"id": 0, "name": "a"}}}, "/effect/respond/body/id"),
        ({"operation": "get_pet"}, {"respond": {"body": {}}}, "/effect/respond/body"),
        ({"operation": "list_pets"}, {"respond": {"status": 418}}, "/effect/respond/status"),
        ({"path": "/pets/7"}, {"patch": {"members": {"/name": 7}}}, "/effect/patch/body/name"),
        ({"path": "/pets/*", "method": "GET"}, {"patch": {"body": {"id": None}}}, "/effect/patch/body"),
        (
            {"operation": "list_pets"},
            {"sequence": [{"status": 404}, {"respond": {"body": [{}]}}]},
            "/effect/sequence/1/respond/body/0",
        ),
    ],
)
def test_strict(match, effect, pointer, strict):
    """What would violate the contract is refused, with a pointer to the part, over HTTP and in a file."""
    refused = httpx2.post(
        f"{strict.control}/overrides", json={"match": match, "effect": effect}, trust_env=False
    )
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert "violates the contract of" in refused.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("match", "effect"),
    [
        ({"operation": "get_pet"}, {"respond": {"body": {"id": 1, "name": "a"}}}),
        ({"operation": "get_pet"}, {"patch": {"members": {"/name": "b"}}}),
        ({"operation": "get_pet"}, {"respond": {"body": {"id": "{{ request.path.id | int }}", "name": "a"}}}),
        ({"operation": "remove_pet"}, {"respond": {"status": 204}}),
        ({"operation": "list_pets"}, {"respond": {"example": "two"}}),
        ({}, {"respond": {"status": 502, "text": "Bad Gateway"}}),
        ({"operation": "list_pets"}, {"latency_ms": 5}),
    ],
)
def test_strict_accepts(match, effect, strict):
    """What conforms is accepted, and what is not known before a request."""
    strict.override(match=match, effect=effect)


def test_a_strict_file(contract, tmp_path):
    """A file with a violation does not start a strict mock."""
    file = tmp_path / "o.yaml"
    file.write_text("- match: {operation: get_pet}\n  effect: {respond: {body: {id: 0, name: a}}}\n")
    with (
        pytest.raises(
            RuleFileError, match="entry 1: /effect/respond/body/id: violates the contract of get_pet"
        ),
        contract_mock(contract, overrides=file, strict_overrides=True),
    ):
        pass
