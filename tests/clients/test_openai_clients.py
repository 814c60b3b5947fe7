"""OpenAI's own SDKs, unchanged, read the streams of the mock: the contract's, and those of an override."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx2
import openai
import pytest

from contract_first.mock import contract_mock

PROJECT = Path(__file__).with_name("openai")
LEAST_CHUNKS = 3
SECONDS = 60
ASKED = {"model": "any", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def chat():
    """Run the mock of a chat."""
    with contract_mock(PROJECT / "openapi.json", stream_interval=0.001) as mock:
        yield mock


@pytest.fixture
def client(chat):
    """Return OpenAI's client of the mock."""
    with openai.OpenAI(base_url=f"{chat.api}/v1", api_key="any", max_retries=0) as client:
        yield client


def contents(client):
    """Return the text of each chunk of a stream."""
    chunks = client.chat.completions.create(**ASKED, stream=True)
    return [chunk.choices[0].delta.content for chunk in chunks]


def test_python(chat, client):
    """The Python SDK has at least three chunks, up to the end that the contract has, and a whole response."""
    chunks = contents(client)
    assert len(chunks) >= LEAST_CHUNKS
    assert all(chunks)
    assert client.chat.completions.create(**ASKED).choices[0].message.content
    exchanges = httpx2.get(f"{chat.control}/journal", trust_env=False).json()["exchanges"]
    assert exchanges[0]["response"]["text"].endswith("data: [DONE]\n\n")
    assert [exchange["verdict"]["response"] for exchange in exchanges] == [[], []]


def test_python_has_what_an_override_says(chat, client):
    """A stream of one's own is a list of its items."""
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "any"}
    choices = [
        {"index": 0, "delta": {"content": "{{ request.body.messages[0].content }}"}, "finish_reason": None}
    ]
    items = [{**chunk, "choices": choices}, {**chunk, "choices": choices}, "[DONE]"]
    chat.override(
        operation="createChatCompletion",
        body={"/stream": True},
        respond={"headers": {"Content-Type": "text/event-stream"}, "body": items},
        times=1,
    )
    assert contents(client) == ["Hello", "Hello"]


def test_a_stream_breaks(chat, client):
    """The SDK reports a stream that a fault ends in the middle."""
    chat.override(operation="createChatCompletion", cut_after_bytes=300, times=1)
    with pytest.raises(openai.APIConnectionError):
        contents(client)


@pytest.mark.programs
def test_javascript(chat, npm_project):
    """The SDK for JavaScript has the same."""
    command = ["node", "chat.js", f"{chat.api}/v1"]
    finished = subprocess.run(  # noqa: S603 -- a program of ours
        command, cwd=npm_project(PROJECT), capture_output=True, text=True, check=True, timeout=SECONDS
    )
    printed = json.loads(finished.stdout)
    assert len(printed["chunks"]) >= LEAST_CHUNKS
    assert all([*printed["chunks"], printed["whole"]])
