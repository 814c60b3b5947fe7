"""Commands that repeat a request, and name the variable that holds the credential."""

import subprocess
from hashlib import sha256

import httpx2
import pytest

from contract_first.check import Credentials
from contract_first.check.credentials import altered, runnable
from contract_first.check.excerpts import curl, curl_of, cut

SHELL = "/bin/sh"


@pytest.mark.parametrize("send", [str, altered], ids=["right", "wrong"])
@pytest.mark.parametrize("secret", ["key-1", 'a"b$c`d\\e', 'a"b$c`d\\e&/ of more than 20'])
def test_the_shell_puts_the_credential_in(secret, send):
    """The command carries no credential, right or wrong; a shell makes it of its environment."""
    sent = send(secret)
    request = httpx2.Request("POST", "http://a.example/?q='1'", headers={"X-Key": sent}, content="it's")
    command = runnable(curl_of(request), Credentials(api_key=secret))
    assert sent not in command
    arguments = command.removeprefix("curl ")
    done = subprocess.run(  # noqa: S603 -- what is run is what was just written
        [SHELL, "-c", f"printf '%s\\n' {arguments}"],
        check=True,
        capture_output=True,
        text=True,
        env={"CHECK_API_KEY": secret},
    )
    assert done.stdout.splitlines() == [
        "-X", "POST", "-H", f"x-key: {sent}", "--data-binary", "it's", "http://a.example/?q='1'",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [None, "wrong"], ids=["right", "wrong"])
@pytest.mark.parametrize("login", ["keeper:secret-1", "keeper:a password of more than 20"])
def test_the_shell_encodes_a_password(login, kind):
    """User and password stand in the environment as they are; the command encodes them."""
    credentials = Credentials(basic=login)
    sent = (credentials.wrong if kind else credentials).by_scheme({"b": {"type": "http", "scheme": "basic"}})
    request = httpx2.Request("GET", "http://a.example/", headers=sent["b"])
    command = runnable(curl_of(request), credentials)
    done = subprocess.run(  # noqa: S603 -- what is run is what was just written
        [SHELL, "-c", f"printf '%s\\n' {command.removeprefix('curl ')}"],
        check=True,
        capture_output=True,
        text=True,
        env={"CHECK_BASIC": login, "PATH": "/usr/bin:/bin"},
    )
    assert f"authorization: {sent['b']['Authorization']}" in done.stdout.splitlines()
    assert sent["b"]["Authorization"].split()[1] not in command


def test_what_curl_sends_by_itself_is_left_out():
    """A command has only the header fields that make the request what it is."""
    command = curl_of(
        httpx2.Request("GET", "http://a.example/", headers={"Accept": "*/*", "User-Agent": "x"})
    )
    assert command == "curl -X GET http://a.example/"


def test_a_form_with_a_file_is_repeated():
    """A form that was sent as a stream is read again, and no reason to fail."""
    form = httpx2.Request("POST", "http://a.example/", data={"key": "k"}, files={"file": ("a.txt", b"hello")})
    assert "hello" in curl_of(form)


def test_a_large_body_is_a_recipe():
    """A body that is long, or no text, is made by a program and piped into the command."""
    body = b'--x\r\n"it\'s"\\\xff\xd8' + b"\0" * 2 * 2**20 + b"\r\n--x--"
    command = curl("POST", "http://a.example/", [("Content-Type", "a/b")], body)
    assert len(command) < 500
    program, _, rest = command.partition(" | ")
    assert rest == "curl -X POST -H 'Content-Type: a/b' --data-binary @- http://a.example/"
    made = subprocess.run([SHELL, "-c", program], check=True, capture_output=True).stdout  # noqa: S603 -- as above
    assert made == body


def test_a_large_body_without_a_pattern_is_named():
    """A body that is as large as any recipe for it is left out, and the command says where it is."""
    command = curl(
        "POST", "http://a.example/", [], b"".join(sha256(bytes([at])).digest() for at in range(250)) * 13
    )
    assert len(command) < 200
    assert command.endswith("# with a body of 104,000 bytes, which --har FILE --har-bodies writes")


def test_a_long_text_is_cut():
    """What is cut of a text is counted."""
    assert cut("a" * 2_010) == "a" * 2_000 + "... (10 more characters)"
    assert cut("a" * 10, 4, 100) == "aaaa... (96 more characters)"
    assert cut("short") == "short"
