"""Credentials are found at start and renewed while others sign."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from boto3.session import Session
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.storage.photo_bucket.credentials import SigningCredentials
from scanner_api.storage.photo_bucket.errors import PhotoBucketError


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch, tmp_path):
    """No credentials of the machine."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "DEFAULT_PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


class Role:
    """A source of temporary credentials, as a role is, under the control of a test."""

    def __init__(self):
        self.number = 0
        self.error = None
        self.permitted = threading.Event()
        self.permitted.set()
        self.threads = []

    def fetch(self):
        """Return the next credentials, once it is permitted."""
        self.threads.append(threading.get_ident())
        assert self.permitted.wait(10)
        if self.error:
            raise self.error
        self.number += 1
        return {
            "access_key": f"key-{self.number}",
            "secret_key": "secret",
            "token": f"token-{self.number}",
            "expiry_time": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }

    async def credentials(self, *, minutes):
        """Return credentials that were found and have so many minutes left."""
        session = Session()
        session._session._credentials = RefreshableCredentials.create_from_metadata(
            self.fetch(), self.fetch, "role"
        )
        credentials = SigningCredentials(session)
        await credentials.find()
        session.get_credentials()._expiry_time = datetime.now(UTC) + timedelta(minutes=minutes)
        return credentials


async def look_again(credentials):
    """Ask for credentials when the second between two looks at the expiry is over."""
    credentials._next_check = 0
    return (await credentials.current()).access_key


async def test_no_credentials_is_a_clear_error_at_start():
    """Where boto3's chain ends without credentials, the error says how they can be given."""
    with pytest.raises(PhotoBucketError, match=r"AWS_ACCESS_KEY_ID.*AWS_PROFILE.*role"):
        (await SigningCredentials(None).find())


async def test_a_profile_that_is_not_there_is_a_clear_error_at_start(monkeypatch):
    """A wrong AWS_PROFILE is named."""
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(PhotoBucketError, match="nowhere"):
        (await SigningCredentials(None).find())


async def test_half_a_credential_is_a_clear_error_at_start(monkeypatch):
    """A key without its secret is reported, and not repeated."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(PhotoBucketError, match="AWS_SECRET_ACCESS_KEY") as caught:
        (await SigningCredentials(None).find())
    assert "AKIAIOSFODNN7EXAMPLE" not in str(caught.value)


async def test_the_environment_is_found(monkeypatch):
    """boto3's own chain is walked: here its first link, with a session token."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.setenv(f"AWS_{name}", name)
    credentials = SigningCredentials(None)
    await credentials.find()
    result = await credentials.current()
    assert result[:3] == ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")


async def test_credentials_that_were_never_found_are_a_503():
    """Signing without a start gets a problem, not a crash."""
    with pytest.raises(ServiceUnavailable):
        (await SigningCredentials(None).current())


async def test_fresh_credentials_are_kept():
    """Credentials that are far from their expiry are not fetched again."""
    role = Role()
    credentials = await role.credentials(minutes=60)
    assert ([await look_again(credentials) for _ in range(3)], role.number) == (["key-1"] * 3, 1)


async def test_a_renewal_that_is_due_keeps_no_one_waiting():
    """Well before the expiry the old ones still sign, while new ones are fetched, once and in a thread."""
    role = Role()
    credentials = await role.credentials(minutes=14)
    role.permitted.clear()
    meanwhile = [await look_again(credentials) for _ in range(3)]
    role.permitted.set()
    await credentials._renewal
    renewed = await look_again(credentials)
    assert meanwhile == ["key-1"] * 3
    assert renewed == "key-2"
    assert role.number == 2
    assert role.threads[-1] != threading.get_ident()


async def test_credentials_about_to_expire_are_renewed_first():
    """Just before the expiry everyone waits for the new ones, and the event loop goes on meanwhile."""
    role = Role()
    credentials = await role.credentials(minutes=9)
    role.permitted.clear()
    waiting = [asyncio.create_task(look_again(credentials)) for _ in range(3)]
    done, _ = await asyncio.wait(waiting, timeout=0.05)
    role.permitted.set()
    assert (len(done), await asyncio.gather(*waiting), role.number) == (0, ["key-2"] * 3, 2)


async def test_credentials_that_cannot_be_renewed_are_a_503_until_they_can():
    """While the role fails no one signs with what is about to expire; afterwards everyone does again."""
    role = Role()
    credentials = await role.credentials(minutes=9)
    role.error = CredentialRetrievalError(provider="role", error_msg="hunter2")
    with pytest.raises(ServiceUnavailable) as caught:
        await look_again(credentials)
    with pytest.raises(ServiceUnavailable):
        await credentials.current()
    role.error = None
    message, renewed = str(caught.value), await look_again(credentials)
    assert "hunter2" not in message
    assert renewed == "key-2"


async def test_giving_up_the_wait_does_not_stop_the_renewal():
    """A cancelled request leaves the renewal to the others."""
    role = Role()
    credentials = await role.credentials(minutes=9)
    role.permitted.clear()
    impatient = asyncio.create_task(look_again(credentials))
    await asyncio.wait([impatient], timeout=0.05)
    impatient.cancel()
    patient = asyncio.create_task(credentials.current())
    await asyncio.wait([impatient])
    role.permitted.set()
    assert (impatient.cancelled(), (await patient).access_key) == (True, "key-2")
