"""Facts about buckets and versions in responses, as S3's have them."""

import pytest

from .conftest import REGION


def test_the_arn_of_a_bucket(client, bucket):
    """Responses about a bucket name its ARN and its region."""
    arn = f"arn:aws:s3:::{bucket}"
    head = client.head_bucket(Bucket=bucket)
    assert (head["BucketArn"], head["BucketRegion"], head["AccessPointAlias"]) == (arn, REGION, False)
    location = {"LocationConstraint": REGION}
    created = client.create_bucket(Bucket=f"{bucket}-2", CreateBucketConfiguration=location)
    assert created["BucketArn"] == f"{arn}-2"
    assert arn in [listed["BucketArn"] for listed in client.list_buckets()["Buckets"]]


@pytest.mark.parametrize("version", ["list-type=1", "list-type=2"])
def test_the_region_of_a_list(version, bucket, send):
    """Clients learn a bucket's region from a list of its objects."""
    assert send("GET", f"{bucket}?{version}").headers["x-amz-bucket-region"] == REGION


def test_the_version_that_is_deleted(client, bucket):
    """A deletion names the version that it was asked for, though that is gone already."""
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = client.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    deletions = [client.delete_object(Bucket=bucket, Key="k", VersionId=version) for _ in range(2)]
    assert [deletion["VersionId"] for deletion in deletions] == [version, version]


def test_the_version_that_a_part_is_copied_from(client, bucket):
    """The response to a copy of a part names the version of its source, if that has one."""
    client.put_object(Bucket=bucket, Key="plain", Body=b"x")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = client.put_object(Bucket=bucket, Key="source", Body=b"x")["VersionId"]
    upload = {"Bucket": bucket, "Key": "k"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    copied = client.upload_part_copy(**upload, PartNumber=1, CopySource=f"{bucket}/source")
    assert copied["CopySourceVersionId"] == version
    client.put_object(Bucket=bucket, Key="source", Body=b"y")
    by_id = {"Bucket": bucket, "Key": "source", "VersionId": version}
    assert client.upload_part_copy(**upload, PartNumber=1, CopySource=by_id)["CopySourceVersionId"] == version
    plain = client.upload_part_copy(**upload, PartNumber=2, CopySource=f"{bucket}/plain")
    assert "CopySourceVersionId" not in plain
