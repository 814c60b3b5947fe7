"""What the options of the mock are checked for, and credentials that S3 accepts beside its own."""

from __future__ import annotations

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from typer.testing import CliRunner

import scanner_api.cli
from contract_first.signatures import fields_of
from scanner_mocks import scanner_mock
from scanner_mocks.cli.mock import ScannerMocks
from scanner_mocks.options import ScannerMockOptions
from strict_s3.options import credentials_of


def test_credentials_are_read():
    """An access key, a colon and what is behind it, as often as there are some."""
    given = [
        "AKIAEXAMPLE:abc/+=",
        "0555b35654ad1656d804:h7GhxuBLTrlhVUyxSPUKUV8r/2EI4ngqJxD7iBdBYLhwluN30JaT3Q==",
        "TEMPORARY:secret:to/ken==",
        "EXPIRING:secret:to/ken==:2030-01-01T12:00:00+01:00",
    ]
    assert credentials_of(given) == dict(text.split(":", 1) for text in given)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AKIAEXAMPLE",
        ":secret",
        "AKIA:",
        "AK:secret",
        "A-B-C:hunter2",
        "AKIA:ü",
        "AKIA:hunter2:",
        "AKIA:hunter2:token:",
        "AKIA:hunter2:token:soon",
        "AKIA:hunter2:token:2030-01-01T12:00:00",
        "AKIA:hunter2::2030-01-01T12:00:00Z",
        "AKIA:hunter2:token:2030-01-01T12:00:00Z:more",
    ],
)
def test_what_is_no_credential_is_reported_by_its_place(text):
    """The error says which one and what is expected, and does not repeat what may be a secret."""
    with pytest.raises(ValueError, match="Number 2 is not ACCESS_KEY:SECRET_KEY") as error:
        credentials_of(["AKIAEXAMPLE:secret", text])
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        ["--control-token", ""],
        ["--s3-credential", "hunter2"],
        ["--s3-account", "12345"],
        ["--stateful"],
        ["--validate-requests", "off"],
        ["--errors"],
        ["--formats", "warn"],
    ],
)
def test_wrong_options_end_it_with_2(options):
    """An option that cannot be used is reported before anything starts."""
    outcome = CliRunner().invoke(scanner_api.cli.app, ["mock", *options])
    assert (outcome.exit_code, options[0] in outcome.output, "hunter2" in outcome.output) == (2, True, False)


def test_given_credentials_may_do_everything():
    """They make buckets and objects, of the given account; a temporary one until the mock's clock says so."""
    account = "111122223333"
    given = credentials_of(
        ["OTHERKEY:other-secret", "TEMPORARY:public-secret:public-token:2030-01-01T12:00:00Z"]
    )
    with (
        scanner_mock(s3_credentials=given, s3_account=account) as mock,
        httpx2.Client(trust_env=False) as client,
    ):
        lasting, temporary = (
            boto3.client(
                "s3", endpoint_url=mock.s3, region_name=mock.region, aws_access_key_id=key,
                aws_secret_access_key=secret, aws_session_token=token,
                config=Config(retries={"max_attempts": 0}),
            )
            for key, secret, token in (
                ("OTHERKEY", "other-secret", None),
                ("TEMPORARY", "public-secret", "public-token"),
            )
        )  # fmt: skip
        lasting.create_bucket(Bucket="another", CreateBucketConfiguration={"LocationConstraint": mock.region})
        for bucket, s3 in (("another", lasting), (mock.bucket, temporary)):
            s3.put_object(Bucket=bucket, Key="k", Body=b"a photo", ExpectedBucketOwner=account)
            assert lasting.get_object(Bucket=bucket, Key="k")["Body"].read() == b"a photo"
        client.post(f"{mock.control}/clock", json={"now": "2030-01-01T12:00:00Z"}).raise_for_status()
        with pytest.raises(ClientError, match=r"\(ExpiredToken\).*has expired"):
            temporary.put_object(Bucket=mock.bucket, Key="k", Body=b"a photo")
        lasting.close()
        temporary.close()


def test_settings_of_the_environment_are_honoured(monkeypatch, capsys):
    """What means something to a mock is taken from the environment; what does not is named at the start."""
    for name, value in {
        "RATE_LIMIT_PER_MINUTE": "7",
        "S3_BUCKET": "elsewhere",
        "CORS_ORIGINS": "[]",
        "QUEUED_PER_KEY": "1",
        "EXTRACTOR": "bedrock",
    }.items():
        monkeypatch.setenv(f"SCANNER_{name}", value)
    options = {"host": "127.0.0.1", "port": 0, "s3_port": 0, "data": None, "s3_credentials": None}
    opened = ScannerMocks().open(None, watch=False, no_auth=False, **options)
    with opened as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        response = client.get("/scanner/api/v1/sessions", headers={"X-API-Key": mock.api_key})
        assert response.headers["RateLimit-Limit"] == "7"
        assert mock.bucket != "elsewhere"
        scan = {"session_short_id": mock.session_id, "capture_type": "BARCODE"}
        scan |= {"raw_value": "(01)09521234000358(21)MOCK-PENDING"}
        url, headers = "/scanner/api/v1/captures", {"X-API-Key": mock.keys["unlimited"]}
        statuses = [client.post(url, json=scan, headers=headers).status_code for _ in range(2)]
        assert statuses == [201, 429]
    line = "Settings of `serve` that this mock has no use for: extractor, s3_bucket."
    assert line in capsys.readouterr().err


def test_address_contract_and_region_of_the_environment(monkeypatch):
    """Host, port and contract are defaults of the options; S3 and the upload forms have the region."""
    for name, value in {
        "HOST": "localhost",
        "PORT": "8123",
        "CONTRACT": "own.yaml",
        "S3_ACL": "private",
    }.items():
        monkeypatch.setenv(f"SCANNER_{name}", value)
    defaults = {"host": "localhost", "port": 8123, "s3_port": 9000, "contract": "own.yaml"}
    assert ScannerMocks().defaults() == defaults
    monkeypatch.delenv("SCANNER_CONTRACT")
    monkeypatch.setenv("SCANNER_S3_REGION", "eu-west-1")
    options = {"host": "127.0.0.1", "port": 0, "s3_port": 0, "data": None, "s3_credentials": None}
    opened = ScannerMocks().open(None, watch=False, no_auth=False, **options)
    with opened as mock, httpx2.Client(base_url=mock.api, trust_env=False) as client:
        client.headers["X-API-Key"] = mock.api_key
        asked = client.get(
            f"/scanner/api/v1/sessions/{mock.session_id}/presigned-upload-url",
            params={"photo_type": "front", "original_filename": "a.png"},
        ).json()
        fields = asked["upload_fields"]
        posted = httpx2.post(asked["upload_url"], data=fields, files={"file": b"bytes"}, trust_env=False)
    assert mock.region == "eu-west-1"
    assert (fields["acl"], "/eu-west-1/s3/" in str(fields)) == ("private", True)
    assert posted.status_code in {201, 204}


def test_a_wrong_setting_ends_it_with_2(monkeypatch):
    """A wrong value is named, with its variable."""
    monkeypatch.setenv("SCANNER_PORT", "eighty")
    outcome = CliRunner().invoke(scanner_api.cli.app, ["mock"])
    assert (outcome.exit_code, "SCANNER_PORT" in outcome.stderr) == (2, True)


@pytest.mark.parametrize(
    ("target", "body", "near"),
    [
        ("faults", {"efect": {}, "effect": {"status": 500}}, "effect; known are id,"),
        ("clock", {"advance_second": 5}, "advance_seconds; known are reset"),
        ("journal?violatons=true", None, "violations; known are scope"),
    ],
)
def test_control_calls_name_the_nearest_field(mock, target, body, near):
    """An unknown field of a control call is reported with the nearest of those that are known."""
    url = f"{mock.control}/{target}"
    asked = httpx2.get(url, trust_env=False) if body is None else httpx2.post(url, json=body, trust_env=False)
    assert asked.status_code == 422
    assert f"close to it: {near}" in asked.json()["errors"][0]["detail"]


def test_every_field_is_described():
    """Its class says what it is for, or that of S3 whose option it is."""
    assert [name for name, field in fields_of(ScannerMockOptions).items() if not field.help] == []
