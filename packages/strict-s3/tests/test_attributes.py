"""What objects are stored with: KMS keys and tags; and how copies and queries say it."""

import pytest

from .conftest import code_of, response_to

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-west-2:123456789012:key/{KEY}"


@pytest.mark.parametrize("named", [KEY, ARN])
def test_kms_keys_are_named_by_their_arns(named, client, bucket):
    """Responses name a key by its ARN, whether the request or the bucket says which."""
    kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": named}
    said = [client.put_object(Bucket=bucket, Key="k", Body=b"x", **kms)]
    said.append(client.create_multipart_upload(Bucket=bucket, Key="k", **kms))
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": named}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    said.append(client.put_object(Bucket=bucket, Key="l", Body=b"x"))
    said.append(client.head_object(Bucket=bucket, Key="l"))
    said.append(client.copy_object(Bucket=bucket, Key="m", CopySource=f"{bucket}/k"))
    said.append(client.create_multipart_upload(Bucket=bucket, Key="k"))
    assert {one["ServerSideEncryption"] for one in said} == {"aws:kms"}
    assert {one["SSEKMSKeyId"] for one in said} == {ARN}
    assert [one.get("BucketKeyEnabled") for one in said[:5]] == [None, None, True, True, True]


def test_a_key_that_nobody_names(client, bucket):
    """Without a key of the customer's, S3 names its own, the same each time."""
    puts = [
        client.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms") for _ in "ab"
    ]
    (arn,) = {one["SSEKMSKeyId"] for one in puts}
    assert arn.startswith("arn:aws:kms:us-west-2:123456789012:key/")


@pytest.mark.parametrize("name", ["Metadata", "Tagging"])
def test_directives_of_copies(name, client, bucket):
    """A copy takes from its source, or replaces."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    copy = {"Bucket": bucket, "Key": "l", "CopySource": f"{bucket}/k"}
    error = response_to(client.copy_object, **copy, **{f"{name}Directive": "MOVE"})["Error"]
    assert error["Message"] == f"Unknown {name.lower()} directive."
    assert (error["ArgumentName"], error["ArgumentValue"]) == (f"x-amz-{name.lower()}-directive", "MOVE")


def test_attributes_that_can_be_asked_for(client, bucket):
    """GetObjectAttributes asks for something that objects have."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    call = client.get_object_attributes
    error = response_to(call, Bucket=bucket, Key="k", ObjectAttributes=["ETag", "Colour"])["Error"]
    assert (error["Code"], error["ArgumentValue"]) == ("InvalidArgument", "Colour")
    assert code_of(call, Bucket=bucket, Key="k", ObjectAttributes=[]) == "InvalidRequest"


def test_tags_have_a_length(client, bucket):
    """A key of a tag has 128 characters at most, and its value 256."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    for key, value, wrong in (("k" * 128, "v" * 257, "TagValue"), ("k" * 129, "", "TagKey")):
        tags = {"TagSet": [{"Key": key, "Value": value}]}
        error = response_to(client.put_object_tagging, Bucket=bucket, Key="k", Tagging=tags)["Error"]
        assert error["Message"] == f"The {wrong} you have provided is invalid"


def test_parts_that_do_not_fit_name_their_upload(client, bucket):
    """An error about the parts of an upload names the upload."""
    one = {"Bucket": bucket, "Key": "k"}
    one["UploadId"] = client.create_multipart_upload(**one)["UploadId"]
    call = client.complete_multipart_upload
    for numbers, code in (([1], "InvalidPart"), ([2, 1], "InvalidPartOrder")):
        listed = {"Parts": [{"PartNumber": number, "ETag": "0" * 32} for number in numbers]}
        error = response_to(call, **one, MultipartUpload=listed)["Error"]
        assert (error["Code"], error["UploadId"]) == (code, one["UploadId"])
