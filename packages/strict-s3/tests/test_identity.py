"""The call of STS that tools make first."""

import boto3
import httpx2
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from .conftest import ACCESS_KEY, REGION, SECRET_KEY

CONFIG = Config(retries={"total_max_attempts": 1})


def _sts(server, secret=SECRET_KEY):
    return boto3.client(
        "sts", endpoint_url=server.url, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=secret,
        region_name="eu-west-1", config=CONFIG,
    )  # fmt: skip


def test_the_account_of_a_credential(server):
    """It is that of the buckets, for a credential that S3 accepts."""
    identity = _sts(server).get_caller_identity()
    account = server.options.account
    assert (identity["Account"], identity["Arn"]) == (account, f"arn:aws:iam::{account}:root")


def test_callers_that_sts_does_not_know(server):
    """A wrong signature, and none, are refused with STS's own form of an error."""
    with pytest.raises(ClientError) as caught:
        _sts(server, "wrong").get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    response = httpx2.post(server.url, data={"Action": "GetCallerIdentity"})
    assert response.status_code == 403
    assert "<Code>AccessDenied</Code>" in response.text


def test_other_calls_of_sts(server):
    """They are refused by their name."""
    arguments = {"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "session"}
    with pytest.raises(ClientError, match="AssumeRole of STS is not implemented") as caught:
        _sts(server).assume_role(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_signatures_for_sts_are_none_for_s3(server):
    """A request to a bucket is signed for S3."""
    request = AWSRequest("GET", f"{server.url}/the-photos", {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "sts", REGION).add_auth(request)
    response = httpx2.get(request.url, headers=dict(request.headers))
    assert 'incorrect service "sts"' in response.text
