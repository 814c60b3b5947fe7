"""Documents about buckets come back with every member that was sent, in S3's order."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from strict_s3.buckets.documents import completed
from strict_s3.buckets.shapes import shapes
from strict_s3.messages.errors import S3Error
from strict_s3.messages.operations import ROOTS
from strict_s3.messages.orders import Bucket
from strict_s3.messages.xml import SCHEMA_INSTANCE, parse

BUCKET = Bucket(
    name="photos", region="us-east-1", cors=(), policy=None, public=frozenset(), has_acls=True,
    blocks=frozenset(), encrypts=False, encryption={}, kms_keys="", versioning="Enabled", has_lock=True,
    locks=False,
)  # fmt: skip
LEFT_OUT = {"RedirectAllRequestsTo", "KMSMasterKeyID"}
"""Members that others exclude, or that only one value of another allows."""
TEXTS = {"Suffix": "index.html", "Payer": "BucketOwner", "HttpRedirectCode": "301", "Protocol": "https"}
BY_TYPE = {"boolean": "true", "integer": "7", "long": "7", "timestamp": "2030-01-01T00:00:00.000Z"}


def largest(name, shape):
    """Return an element with each member that its shape has, the last one first."""
    element = ET.Element(name)
    if shape.type == "structure":
        for member_name, member in reversed(shape.members.items()):
            if member.attribute:
                element.attrib = {"type": member.values[0]}
            elif member_name not in LEFT_OUT:
                is_repeated = member.item is not None and not member.name
                element.append(largest(member_name, member.item if is_repeated else member))
    elif shape.item is not None:
        element.append(largest(shape.name, shape.item))
    else:
        element.text = TEXTS.get(name) or next(iter(shape.values), BY_TYPE.get(shape.type, f"a {name}"))
        if name == "HttpErrorCodeReturnedEquals":
            element.text = "404"
    return element


def facts(element):
    """Return name, text and kind of each element, regardless of the order of members."""
    inside = sorted(map(facts, element), key=str)
    kind = element.get("type") or element.get(f"{{{SCHEMA_INSTANCE}}}type")
    return element.tag, (element.text or "") if not inside else "", kind, inside


def in_order(element, shape):
    """Tell whether all members are in the order of their shape."""
    if shape.type != "structure":
        return all(in_order(child, shape.item) for child in element)
    names = [name for name in shape.members if any(child.tag == name for child in element)]
    inside = (
        (child, member.item if member.item is not None and not member.name else member)
        for child in element
        for member in [shape.members[child.tag]]
    )
    return [child.tag for child in element] == names and all(in_order(*pair) for pair in inside)


@pytest.mark.parametrize("selector", sorted(shapes()))
def test_the_largest_document_comes_back(selector):
    """Each member that botocore's model of S3 has in a document is kept, in S3's order; none is added."""
    root = largest(ROOTS[selector], shapes()[selector])
    shown = parse(completed(selector, ET.tostring(root), BUCKET))
    assert facts(shown) == facts(root)
    assert in_order(shown, shapes()[selector])


@pytest.mark.parametrize("selector", sorted(shapes()))
def test_an_unknown_member_is_refused(selector):
    """It is not left out in silence."""
    root = largest(ROOTS[selector], shapes()[selector])
    ET.SubElement(root, "Surprise")
    with pytest.raises(S3Error) as caught:
        completed(selector, ET.tostring(root), BUCKET)
    assert caught.value.code == "MalformedXML"


def test_every_document_of_the_operations_has_a_shape():
    """Those that are put to buckets: a new one has to have one, too."""
    from strict_s3.messages.operations import ON_BUCKETS  # noqa: PLC0415 -- for this test alone

    put = {
        selector
        for (method, selector), operation in ON_BUCKETS.items()
        if method == "PUT" and operation.is_served and operation.root
    }
    assert put - {"", "acl"} == set(shapes())


def test_defaults_are_filled_in(client, bucket):
    """S3 says what a document leaves out: IDs of rules, blocks, and the least size that lifecycles move."""
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    block = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    rule = {
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "a/", "ObjectSizeGreaterThan": 5, "Tags": [{"Key": "k", "Value": "v"}]}},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2},
    }
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    got = client.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert got["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert len(got["Rules"][0].pop("ID")) > 10
    assert got["Rules"] == [rule]
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    shown = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert shown["BucketKeyEnabled"] is False


def test_an_empty_set_of_tags_is_none(client, bucket):
    """Afterwards there is no such set."""
    client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    with pytest.raises(client.exceptions.ClientError, match="NoSuchTagSet"):
        client.get_bucket_tagging(Bucket=bucket)
