"""What a check may call with, and that it is kept out of what the check says."""

import base64
import json
import re
from shlex import quote as quote_for_shell
from urllib.parse import quote

import pytest

from contract_first.check import Credentials
from contract_first.check.credentials import (
    altered,
    from_environment,
    from_file,
    header_fields,
    runnable,
)
from contract_first.contract import Contract
from contract_first.masking import Masking

SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "token": {"type": "http", "scheme": "Bearer"},
    "login": {"type": "oauth2"},
    "basic": {"type": "http", "scheme": "basic"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
}


def test_each_scheme_is_met_by_the_credential_that_is_for_it():
    """A credential goes where the contract's scheme wants it, and schemes without one are left out."""
    credentials = Credentials(api_key="key-1", bearer="token-1", cookie="cookie-1")
    assert credentials.by_scheme(SCHEMES) == {
        "key": {"X-Key": "key-1"},
        "cookie": {"Cookie": "sid=cookie-1"},
        "token": {"Authorization": "Bearer token-1"},
        "login": {"Authorization": "Bearer token-1"},
    }


def test_basic_authentication_has_a_user_and_a_password():
    """A user and a password satisfy a scheme of Basic authentication; without a colon they are none."""
    expected = {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="}
    assert Credentials(basic="user:password").by_scheme(SCHEMES) == {"basic": expected}
    with pytest.raises(ValueError, match="basic has no colon; expected user:password"):
        Credentials(basic="user")


def test_a_short_credential_is_masked_where_it_is_a_whole_value():
    """A credential that is an ordinary word leaves the words that contain it as they are."""
    credentials = Credentials(bearer="live", api_key="any")
    assert credentials.mask("deliver to live, alive") == "deliver to [masked], alive"
    command = "curl -H 'Authorization: Bearer live' 'http://a.example/company?alive=any'"
    masked = runnable(command, credentials)
    assert masked == (
        "curl -H 'Authorization: Bearer '\"$CHECK_BEARER\"''"
        " 'http://a.example/company?alive='\"$CHECK_API_KEY\"''"
    )
    masking = Masking()
    masking.presented = (b"live",)
    assert masking.body(b'{"deliver": "live"}').startswith(b'{"deliver": "***')


@pytest.mark.parametrize("field", ["Basic a2VlcGVyOmNvcnJlY3QtaG9yc2U=", "Bearer correct-horse"])
def test_what_follows_a_scheme_in_a_header_is_masked_alone(field):
    """A server that repeats the token or the password of a given Authorization field gives nothing away."""
    mask = Credentials(headers={"authorization": field}).mask
    assert mask(f"{field.split()[1]}: correct-horse") == "[masked]: [masked]"


def test_a_cookie_with_a_name_keeps_it():
    """A cookie given as name=value is sent as it is."""
    assert Credentials(cookie="other=1234").by_scheme(SCHEMES) == {"cookie": {"Cookie": "other=1234"}}


def test_the_other_organization_has_nothing_without_its_key():
    """The other organization's fields are empty unless its key was given."""
    assert Credentials(api_key="key-1").of_the_other(SCHEMES) == {}
    assert Credentials(other_api_key="key-2").of_the_other(SCHEMES) == {"X-Key": "key-2"}


@pytest.mark.parametrize(
    "write", [str, json.dumps, quote_for_shell, lambda text: quote_for_shell(f"X: {text}")]
)
def test_no_spelling_of_a_credential_is_left(write):
    """A credential is masked as it is, in JSON and quoted for a shell."""
    secret = 'it\'s "quoted" \\ once'
    masked = Credentials(headers={"X-Edge": secret}).mask(f"before {write(secret)} after")
    assert "once" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


SECRET = "csk_live/9f8e7d6c5b4a+Zz=="
ECHOES = {
    "as it is": SECRET,
    "URL-encoded": quote(SECRET, safe=""),
    "URL-encoded in lower case": quote(SECRET, safe="").lower(),
    "in capitals": SECRET.upper(),
    "reversed": SECRET[::-1],
    **{
        f"in {encode.__name__} behind {offset} bytes": encode(b"x" * offset + SECRET.encode() + b"!").decode()
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        for offset in range(4)
    },
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_no_echo_of_a_credential_is_left(echo, minimal):
    """However a server repeats a credential, reports and HAR files have next to nothing of it."""
    credentials = Credentials(api_key=SECRET)
    masked = credentials.mask(f"before <{echo}> after")
    body = Masking(Contract(minimal, "pets"), credentials.secrets()).body(echo.encode())
    for text in (masked.removeprefix("before <").removesuffix("> after"), body.decode()):
        assert len(re.sub(r"\[masked\]|\*{3}[0-9a-f]{1,12}\**", "", text)) <= 8
        assert not any(echo[at : at + 8] in text for at in range(len(echo) - 7))


def test_the_value_of_a_cookie_is_masked_alone_too():
    """A server that repeats a cookie's value without its name gives nothing away."""
    assert "9876" not in Credentials(cookie="sid=98765").mask("98765 is unknown")


@pytest.mark.parametrize("secret", ["key-12345", "key-67890-of-many-characters", "an-A-at-the-endAAAAAAAAAA"])
def test_a_wrong_credential_is_as_secret_as_the_right_one(secret):
    """What is wrong by one character tells the rest of the right one, and is masked like it."""
    wrong = altered(secret)
    assert sum(one != other for one, other in zip(secret, wrong, strict=True)) == 1
    assert Credentials(bearer=secret).mask(f"with {wrong}") == "with [masked]"
    assert Credentials(cookie=f"sid={secret}").mask(altered(f"sid={secret}")[4:]) == "[masked]"


def test_no_credential_is_in_a_representation():
    """What a traceback or a log shows of credentials is their kinds alone."""
    credentials = Credentials(api_key="key-12345", headers={"X-Edge": "edge-12345"})
    assert repr(credentials) == "Credentials(given: api_key, headers)"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "ä", "  ", "a\x00"])
def test_what_no_header_can_carry_is_refused_unrepeated(value):
    """A credential that would break a header is refused, and the message does not repeat it."""
    with pytest.raises(ValueError, match="api_key has characters that a header field cannot carry") as error:
        Credentials(api_key=f"secret{value}secret")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("line", ["", "X-Edge", ": value", "X Edge: value", "X-Edge: a\nb", "X-Edge:"])
def test_a_header_is_a_name_and_a_value(line):
    """What is no 'Name: value' is refused, and the message does not repeat it."""
    with pytest.raises(ValueError, match="a header is not 'Name: value'") as error:
        header_fields([line], "--header")
    assert "Edge" not in str(error.value)


def test_the_stronger_source_wins():
    """An option takes precedence over the environment, and headers of both are sent."""
    environment = from_environment(
        {
            "SCANNER_CHECK_API_KEY": "of-the-environment",
            "SCANNER_CHECK_BEARER": "token-of-the-environment",
            "SCANNER_CHECK_HEADERS": "X-One: 1111\n\n X-Two: 2222 \n",
        },
        "SCANNER_CHECK",
    )
    together = Credentials(api_key="of-an-option", headers={"X-Two": "3333"}).over(environment)
    assert (together.api_key, together.bearer) == ("of-an-option", "token-of-the-environment")
    assert together.headers == {"X-One": "1111", "X-Two": "3333"}


def test_a_file_has_all_credentials(tmp_path):
    """A TOML file gives each credential by the name of its attribute."""
    file = tmp_path / "credentials.toml"
    file.write_text('api_key = "key-1"\ncookie = "sid=1"\n[headers]\nX-Edge = "edge-1"\n')
    assert from_file(file) == Credentials(api_key="key-1", cookie="sid=1", headers={"X-Edge": "edge-1"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"api_key = secret-1", "is not TOML"),
        (b"\xff", "is not UTF-8"),
        (b'key = "secret-1"', "unknown field `key`"),
        (b"api_key = 1", r"Expected `str`, got `int` - at `\$.api_key`"),
        (b'api_key = "secret-1\\n"', "api_key has characters"),
        (b'api_key = "secret-1"\nbearer = ""', "bearer is empty"),
        (b"#" * 70_000, "has more than 65536 bytes"),
    ],
)
def test_a_wrong_file_is_reported_without_what_is_in_it(tmp_path, content, message):
    """A file that has no credentials is refused with its name and the rule, and nothing of its content."""
    file = tmp_path / "credentials.toml"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        from_file(file)
    assert str(file) in str(error.value)
    assert "secret" not in str(error.value)


def test_a_missing_file_is_reported(tmp_path):
    """A file that is not there is refused with its name."""
    with pytest.raises(ValueError, match="cannot be read"):
        from_file(tmp_path / "none.toml")
