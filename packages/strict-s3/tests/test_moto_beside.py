"""moto is there as a whole for a program that has S3 as an app of its own process."""

import subprocess
import sys

PROGRAM = """
import strict_s3.app
import boto3
from moto import mock_aws
from moto.iam.models import iam_backends

with mock_aws():
    iam, sqs, s3 = (boto3.client(name, region_name="us-east-1") for name in ("iam", "sqs", "s3"))
    key = iam.create_access_key(UserName=iam.create_user(UserName="ann")["User"]["UserName"])
    s3.create_bucket(Bucket="photos")
    queue, buckets = sqs.create_queue(QueueName="jobs"), s3.list_buckets()["Buckets"]
    print(queue["QueueUrl"], len(iam_backends), buckets[0]["Name"])
"""


def test_moto_mocks_aws_in_the_same_process():
    """What S3 does not import of moto is imported when a program uses it."""
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own program
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"
    assert run.stdout.split() == [queue, "1", "photos"], run.stderr
