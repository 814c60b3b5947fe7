"""The console's files over HTTP."""

from __future__ import annotations

import re

import httpx2
import pytest

from contract_first.mock import contract_mock
from contract_first.mock.console.page import FOLDER, PATH, policy_with

THINGS = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths: {}
"""
SCRIPTS = sorted(FOLDER.glob("*.js"))
FILES = sorted(file for file in FOLDER.iterdir() if file.suffix in {".js", ".html", ".css"})
ELSEWHERE = re.compile(r"https?://|(?<![:/])//[a-z]")
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|localStorage"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Run a mock with a control token, and return a client of it that does not have the token."""
    document = tmp_path_factory.mktemp("contract") / "things.yaml"
    document.write_text(THINGS)
    with (
        contract_mock(str(document), control_token="secret") as mock,
        httpx2.Client(base_url=mock.api, trust_env=False) as client,
    ):
        yield client


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_the_page_is_public(client, path):
    """The page is there without the control token, which it asks for by itself."""
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_what_it_does_is_not_public(client):
    """The token is asked for where something is to be had."""
    assert client.get("/_mock/state").status_code == 401
    assert client.get("/_mock/state", params={"token": "secret"}).status_code == 200


@pytest.mark.parametrize("name", ["main.js", "style.css"])
def test_files(client, name):
    """What the page loads is below it, whole and with its media type."""
    response = client.get(f"{PATH}/{name}")
    assert response.content == (FOLDER / name).read_bytes()
    assert response.headers["content-type"].partition(";")[0] in {"text/javascript", "text/css"}
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["nothing.js", "page.py", "%2e%2e/page.py", "__init__.py"])
def test_nothing_else_is_served(client, name):
    """A name that is none of the page's files is not found, whatever it tries."""
    assert client.get(f"{PATH}/{name}").status_code == 404


def test_it_is_only_read(client):
    """Other methods than GET and HEAD are refused."""
    assert client.post(PATH).status_code == 405
    assert client.head(PATH).content == b""


def test_the_policy_allows_the_mock_and_its_s3_alone():
    """Nothing inline, nothing from elsewhere; S3 may be sent to, and its pictures be shown."""
    policy = dict(part.strip().split(" ", 1) for part in policy_with("http://127.0.0.1:9000").split(";"))
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://127.0.0.1:9000"
    assert "unsafe" not in str(policy)


def test_s3_at_an_ipv6_address_is_allowed():
    """A policy's grammar has no IPv6 addresses, so the scheme stands for one."""
    assert "connect-src 'self' http:;" in policy_with("http://[::1]:9000")


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.name)
def test_the_files_name_no_other_host(file):
    """No file refers to another host."""
    assert (
        ELSEWHERE.findall(re.sub(r"^ *(//|/?\*).*|replace\(/.*", "", file.read_text(), flags=re.MULTILINE))
        == []
    )


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda each: each.name)
def test_text_never_becomes_markup(file):
    """No script makes elements from text, runs text, or keeps anything beyond the tab."""
    assert MARKUP.findall(file.read_text()) == []


@pytest.mark.parametrize("line", ["x.innerHTML = y", "eval(text)", "localStorage.token = token"])
def test_markup_from_text_is_found(line):
    """Such a line is found."""
    assert MARKUP.findall(line) != []
