"""Documents about buckets and tags: what S3 takes, refuses, and reads back as it was put."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from strict_s3.buckets import documents as bucket_documents
from strict_s3.buckets.documents import (
    check_bypass,
    check_ownership,
    check_tagging_header,
    check_tags,
    completed,
)
from strict_s3.messages import xml
from strict_s3.messages.errors import S3Error
from strict_s3.messages.operations import ON_BUCKETS, ROOTS
from strict_s3.messages.orders import Bucket, Order
from strict_s3.messages.request import BLOCK_BYTES
from strict_s3.messages.xml import parse
from strict_s3.objects import objects
from strict_s3.store.locks import check_bucket

from .conftest import code_of, refusal_of, response_to

BUCKET = Bucket(
    name="photos", region="us-west-2", cors=(), policy=None, public=frozenset(), has_acls=False,
    blocks=frozenset(), encrypts=False, encryption={}, kms_keys="", versioning="Enabled", has_lock=False,
    locks=False,
)  # fmt: skip
ALLOWED = json.dumps({"Statement": [{
    "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET.name}/*",
}]})  # fmt: skip
LOCKED = replace(BUCKET, has_lock=True)
DOTTED = replace(BUCKET, name="my.photos")
SUSPENDED = replace(BUCKET, versioning="Suspended")


def lock(inside: str) -> str:
    """Return a configuration of object locks with this default retention."""
    return f"<C>{LOCKS}<Rule><DefaultRetention>{inside}</DefaultRetention></Rule></C>"


def rule(algorithm: str, key: str = "") -> str:
    """Return a rule of default encryption."""
    inside = f"<SSEAlgorithm>{algorithm}</SSEAlgorithm>{key}"
    return f"<Rule><ApplyServerSideEncryptionByDefault>{inside}</ApplyServerSideEncryptionByDefault></Rule>"


def owned(*rules: str) -> str:
    """Return ownership controls with these rules."""
    inside = "".join(f"<Rule><ObjectOwnership>{one}</ObjectOwnership></Rule>" for one in rules)
    return f"<C>{inside}</C>"


def check(name: str, document: str, bucket: Bucket) -> None:
    """Check a document as it is checked when it is put."""
    check_bucket(Order("PUT", bucket.name, "", ((name, ""),), body=document.encode()), bucket)
    completed(name, document.encode(), bucket)


GOVERNANCE, DAYS, YEARS = "<Mode>GOVERNANCE</Mode>", "<Days>1</Days>", "<Years>1</Years>"
LOCKS = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
KEY = "<KMSMasterKeyID>k</KMSMasterKeyID>"


@pytest.mark.parametrize(
    ("name", "document", "bucket"),
    [
        ("versioning", '<C xmlns="urn:s3"><Status>Enabled</Status></C>', LOCKED),
        ("versioning", "<C><Status>Suspended</Status></C>", BUCKET),
        ("object-lock", f"<C>{LOCKS}</C>", BUCKET),
        ("object-lock", lock(GOVERNANCE + DAYS), BUCKET),
        ("ownershipControls", owned("ObjectWriter"), BUCKET),
        ("accelerate", "<C><Status>Enabled</Status></C>", BUCKET),
        ("encryption", f"<C>{rule('AES256')}</C>", BUCKET),
        ("encryption", f"<C>{rule('aws:kms', KEY)}</C>", BUCKET),
        ("policy", ALLOWED, BUCKET),
        ("tagging", "<Tagging><TagSet><Tag><Key>ö/1</Key><Value></Value></Tag></TagSet></Tagging>", BUCKET),
        ("requestPayment", "<C><Payer>BucketOwner</Payer></C>", BUCKET),
        (
            "website",
            "<W><RedirectAllRequestsTo><HostName>x.example</HostName></RedirectAllRequestsTo></W>",
            BUCKET,
        ),
    ],
)
def test_documents_that_are_taken(name, document, bucket):
    """A document that says what S3 knows is taken, in any namespace."""
    check(name, document, bucket)


@pytest.mark.parametrize(
    ("name", "document", "bucket", "refusal"),
    [
        ("versioning", "<C><Status>enabled</Status></C>", BUCKET, "MalformedXML"),
        ("versioning", "<C/>", BUCKET, "IllegalVersioningConfigurationException"),
        ("versioning", "<C><Status>Suspended</Status></C>", LOCKED, "InvalidBucketState"),
        ("versioning", "no document", BUCKET, "MalformedXML"),
        ("object-lock", lock(GOVERNANCE + DAYS), SUSPENDED, "InvalidBucketState"),
        ("object-lock", "<C/>", BUCKET, "MalformedXML"),
        ("object-lock", lock(""), BUCKET, "MalformedXML"),
        ("object-lock", f"<C>{LOCKS}<Rule/></C>", BUCKET, "MalformedXML"),
        ("object-lock", lock(GOVERNANCE), BUCKET, "MalformedXML"),
        ("object-lock", lock(f"<Mode>LAX</Mode>{DAYS}"), BUCKET, "MalformedXML"),
        ("object-lock", lock(GOVERNANCE + DAYS + YEARS), BUCKET, "MalformedXML"),
        ("ownershipControls", owned(), BUCKET, "MalformedXML"),
        ("ownershipControls", owned("Anyone"), BUCKET, "MalformedXML"),
        ("ownershipControls", owned("ObjectWriter", "ObjectWriter"), BUCKET, "MalformedXML"),
        ("accelerate", "<C><Status>enabled</Status></C>", BUCKET, "MalformedXML"),
        ("accelerate", "<C><Status>Enabled</Status></C>", DOTTED, "InvalidRequest"),
        ("encryption", "<C/>", BUCKET, "MalformedXML"),
        ("encryption", f"<C>{rule('AES256')}{rule('AES256')}</C>", BUCKET, "MalformedXML"),
        ("encryption", f"<C>{rule('AES256', KEY)}</C>", BUCKET, "InvalidArgument"),
        ("policy", "", BUCKET, "MalformedPolicy"),
        ("policy", "[]", BUCKET, "MalformedPolicy"),
        ("policy", "{}", BUCKET, "MalformedPolicy"),
    ],
)
def test_documents_that_are_refused(name, document, bucket, refusal):
    """A document that says anything else is refused, before anything changes."""
    with pytest.raises(S3Error) as caught:
        check(name, document, bucket)
    assert caught.value.code == refusal


@pytest.mark.parametrize(
    ("tags", "of_bucket", "message", "elements"),
    [
        ([("a", "1"), ("a", "2")], False, "multiple Tags with the same key", {"TagKey": "a"}),
        ([("a,b", "1")], False, "TagKey you have provided is invalid", {"TagKey": "a,b"}),
        ([("a", "1,2")], True, "TagValue you have provided is invalid", {"TagKey": "a", "TagValue": "1,2"}),
        ([("aws:a", "1")], True, "System tags cannot be added", {"TagKey": "aws:a"}),
        ([("aws:a", "1")], False, "cannot be prefixed with aws:", {"TagKey": "aws:a"}),
    ],
)
def test_tags_that_are_refused(tags, of_bucket, message, elements):
    """A tag that cannot be is named."""
    inside = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags)
    with pytest.raises(S3Error, match=message) as caught:
        check_tags(f"<Tagging><TagSet>{inside}</TagSet></Tagging>".encode(), of_bucket=of_bucket)
    assert (caught.value.code, caught.value.elements) == ("InvalidTag", elements)


def test_tags_that_are_too_many(client, bucket):
    """A bucket may have fifty, an object ten."""
    client.put_object(Bucket=bucket, Key="k")
    for most, put in (
        (50, client.put_bucket_tagging),
        (10, partial(client.put_object_tagging, Key="k")),
    ):
        tags = [{"Key": f"k{number}", "Value": ""} for number in range(most + 1)]
        put(Bucket=bucket, Tagging={"TagSet": tags[1:]})
        assert refusal_of(put, Bucket=bucket, Tagging={"TagSet": tags}) == (400, "BadRequest")


@pytest.mark.parametrize("value", ["a=1&a=2", "a=1,b=2"])
def test_headers_with_tags_that_are_refused(value):
    """The header has tags as a query, each once."""
    with pytest.raises(S3Error) as caught:
        check_tagging_header(value)
    assert caught.value.elements == {"ArgumentName": "x-amz-tagging", "ArgumentValue": value}
    check_tagging_header("a=1&b&&c=")


def test_headers_about_buckets():
    """Ownership is one of three, and nothing goes past locks that a bucket does not have."""
    with pytest.raises(S3Error, match="Invalid x-amz-object-ownership header: Anyone"):
        check_ownership({"x-amz-object-ownership": "Anyone"})
    bypass = {"x-amz-bypass-governance-retention": "true"}
    with pytest.raises(S3Error, match="only applicable to Object Lock enabled buckets"):
        check_bypass(bypass, BUCKET)
    check_bypass(bypass, LOCKED)


def test_documents_over_the_wire(client, bucket, keys):
    """What was put is read as it was put; what nobody put is what every new bucket has."""
    rules = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    ]
    tags = [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "1"}]
    client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert client.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    put = client.put_bucket_policy(Bucket=bucket, Policy=ALLOWED.replace(BUCKET.name, bucket))
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    client.delete_public_access_block(Bucket=bucket)
    with pytest.raises(ClientError) as caught:
        client.get_public_access_block(Bucket=bucket)
    assert caught.value.response["Error"]["BucketName"] == bucket
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configuration = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
    }
    client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    assert client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == configuration
    for call, refusal in (
        (lambda: client.put_object(Bucket=bucket, Key="k", Tagging="a=1&a=2"), "InvalidArgument"),
        (
            lambda: client.create_bucket(
                Bucket=f"photos-{uuid4().hex}",
                ObjectOwnership="Anyone",
                CreateBucketConfiguration={"LocationConstraint": keys.region},
            ),
            "InvalidArgument",
        ),
    ):
        with pytest.raises(ClientError, match=refusal):
            call()


def test_who_pays_for_requests(client, bucket, code):
    """The bucket's owner does: that can be put and read, and nothing else."""
    call = client.put_bucket_request_payment
    call(Bucket=bucket, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    assert client.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    other = {"Bucket": bucket, "RequestPaymentConfiguration": {"Payer": "Requester"}}
    assert code(call, **other) == "NotImplemented"
    client.head_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    ("configuration", "arn"),
    [
        ({"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:us-west-2:1:q"}]}, "arn:aws:sqs:us-west-2:1:q"),
        ({"TopicConfigurations": [{"TopicArn": "arn:aws:sns:us-west-2:1:t"}]}, "arn:aws:sns:us-west-2:1:t"),
        (
            {
                "LambdaFunctionConfigurations": [
                    {"LambdaFunctionArn": "arn:aws:lambda:us-west-2:1:function:f"}
                ]
            },
            "arn:aws:lambda:us-west-2:1:function:f",
        ),
    ],
)
def test_notifications_go_nowhere(configuration, arn, client, bucket):
    """Nothing is sent from here, so a destination is refused as one that does not exist; none is accepted."""
    events = {
        name: [one | {"Events": ["s3:ObjectCreated:*"]} for one in several]
        for name, several in configuration.items()
    }
    refused = response_to(
        client.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration=events
    )["Error"]
    assert refused["Message"] == "Unable to validate the following destination configurations"
    assert refused["ArgumentName1"] == arn
    bridge = {"EventBridgeConfiguration": {}}
    put = client.put_bucket_notification_configuration
    assert code_of(put, Bucket=bucket, NotificationConfiguration=bridge) == "NotImplemented"
    put(Bucket=bucket, NotificationConfiguration={})


@pytest.mark.parametrize(
    ("selector", "root", "inside"),
    [
        ("versioning", "VersioningConfiguration", "<s:Status>{}</s:Status>"),
        ("accelerate", "AccelerateConfiguration", "<s:Status>{}</s:Status>"),
        ("tagging", "Tagging", "<s:TagSet><s:Tag><s:Key>k</s:Key><s:Value>{}</s:Value></s:Tag></s:TagSet>"),
        (
            "cors",
            "CORSConfiguration",
            "<s:CORSRule><s:AllowedMethod>{}</s:AllowedMethod><s:AllowedOrigin/></s:CORSRule>",
        ),
    ],
)
def test_documents_with_prefixes_and_cdata(selector, root, inside, send, bucket):
    """XML may be written in many ways, all of which are read; a prefix that is not declared is an error."""
    send("PUT", f"{bucket}/k", b"x")
    text = "GET" if selector == "cors" else "Enabled"
    inside = inside.format(f"<![CDATA[{text}]]>")
    for path in (bucket, f"{bucket}/k") if selector == "tagging" else (bucket,):
        put = send("PUT", f"{path}?{selector}", f"<s:{root} xmlns:s='urn:s'>{inside}</s:{root}>".encode())
        assert (put.is_success, put.text) == (True, "")
        assert text in send("GET", f"{path}?{selector}").text
        refused = send("PUT", f"{path}?{selector}", f"<s:{root}>{inside}</s:{root}>".encode())
        assert (refused.status_code, "<Code>MalformedXML</Code>" in refused.text) == (400, True)


@pytest.mark.parametrize("root", ["CreateBucketConfiguration", "s:CreateBucketConstraint"])
def test_a_bucket_is_created_with_tags(root, send, client, bucket):
    """Its region and its tags are in one document; tags that cannot be are refused before it exists."""
    inside = "<Tags><Tag><Key>{}</Key><Value>1</Value></Tag></Tags>"
    for key, status in (("aws:k", 400), ("k", 200)):
        body = f"<{root} xmlns:s='urn:s'><LocationConstraint>us-west-2</LocationConstraint>{inside}</{root}>"
        assert send("PUT", f"new-{bucket}", body.format(key).encode()).status_code == status
    assert client.get_bucket_tagging(Bucket=f"new-{bucket}")["TagSet"] == [{"Key": "k", "Value": "1"}]


def test_access_logs_are_not_delivered(client, bucket, send):
    """Their configuration is read as it was put; the bucket that it names gets no other objects."""
    client.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    delivery = "uri=http://acs.amazonaws.com/groups/s3/LogDelivery"
    client.put_bucket_acl(Bucket=bucket, GrantWrite=delivery, GrantReadACP=delivery)
    status = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "logs/"}}
    client.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert client.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == status["LoggingEnabled"]
    assert send("PUT", f"{bucket}?logging", b"<BucketLoggingStatus/>").status_code == 200
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=bucket)
    assert [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_an_empty_set_of_tags_removes_them(client, bucket):
    """An object has no tags once none are put."""
    client.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=b")
    client.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": []})
    assert client.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_what_amazon_says_of_copies_and_lists(client, bucket):
    """A copy's checksum has a type, owners have no names, and page 2 does not repeat where page 1 began."""
    for key in ("a b", "c", "d"):
        client.put_object(Bucket=bucket, Key=key, Body=b"x", ChecksumAlgorithm="SHA256")
    copied = client.copy_object(Bucket=bucket, Key="e", CopySource=f"{bucket}/a b")["CopyObjectResult"]
    assert copied["ChecksumType"] == "FULL_OBJECT"
    page = client.list_objects_v2(Bucket=bucket, MaxKeys=1, StartAfter="a", FetchOwner=True)
    assert page["StartAfter"] == "a"
    assert page["Contents"][0]["Owner"].keys() == {"ID"}
    token = page["NextContinuationToken"]
    assert "StartAfter" not in client.list_objects_v2(Bucket=bucket, StartAfter="a", ContinuationToken=token)
    acl = client.get_bucket_acl(Bucket=bucket)
    assert "DisplayName" not in acl["Owner"] | acl["Grants"][0]["Grantee"]


@pytest.mark.parametrize("selector", ROOTS)
def test_documents_of_another_operation(selector, send, bucket):
    """A document with the root of another operation is refused."""
    method = "POST" if selector in ("delete", "uploadId") else "PUT"
    path = bucket if (method, selector) in ON_BUCKETS else f"{bucket}/k"
    inside = "<Status>Enabled</Status><TagSet/><Payer>BucketOwner</Payer><RedirectAllRequestsTo/>"
    for root in ("Another", "Tagging" if selector != "tagging" else "Delete"):
        response = send(method, f"{path}?{selector}", f"<{root}>{inside}</{root}>".encode())
        code = "MalformedACLError" if selector == "acl" else "MalformedXML"
        assert (response.status_code, f"<Code>{code}</Code>" in response.text) == (400, True)


EMPTY = b"<C>" + b"<a/>" * 60_001 + b"</C>"
TEXTS = b"<C>" + b"<a>x</a>" * 60_001 + b"</C>"
LINES = b"<C>" + (b"\n" * 60_000 + b"<a/>") * 2 + b"</C>"
REFERENCES = b"<C>" + (b"&lt;" * 10_000 + b"<a/>") * 7 + b"</C>"


@pytest.mark.parametrize(
    "text", ["<a>" * 60_001, EMPTY, TEXTS, LINES, REFERENCES, EMPTY.decode().encode("utf-16")]
)
def test_documents_of_many_pieces_are_not_parsed(text, monkeypatch):
    """Each element takes many times its size; ten thousand parts with checksums are fewer."""
    part = b"<Part>\n<PartNumber>1</PartNumber>\n<ETag>e</ETag>\n<ChecksumCRC32>=</ChecksumCRC32>\n</Part>\n"
    assert len(parse(b"<CompleteMultipartUpload>" + part * 10_000 + b"</CompleteMultipartUpload>")) == 10_000
    monkeypatch.setattr(xml.expat, "ParserCreate", None)
    with pytest.raises(S3Error, match="was not well-formed") as caught:
        parse(text)
    limit = "60000 elements and attributes, or line breaks and references"
    assert (caught.value.code, caught.value.elements) == ("MalformedXML", {"Limit": limit})


@pytest.mark.parametrize(
    "attributes", ["b=''", "xmlns:b='u'", " ".join(f"b{number}=''" for number in range(1000))]
)
def test_attributes_and_namespaces_count(attributes):
    """They count with the elements: as many as fit are parsed, one more is refused."""
    count = attributes.count("=") + 1
    tags = f"<a {attributes}/>" * (59_999 // count)
    rest = "<a/>" * (59_999 % count)
    assert len(parse(f"<C>{tags}{rest}</C>")) > 0
    with pytest.raises(S3Error) as caught:
        parse(f"<C><a/>{rest}{tags}</C>")
    assert caught.value.elements["Limit"].startswith("60000 elements")


@pytest.mark.parametrize(
    ("method", "selector", "most"),
    [
        *(("PUT", selector, 5_000) for selector in ("cors", "logging", "publicAccessBlock", "tagging")),
        ("POST", "delete", 10_000),
        ("PUT", "lifecycle", 20_000),
        ("PUT", "replication", 12_000),
    ],
)
def test_each_document_has_its_bound(method, selector, most, send, bucket, error):
    """S3 has none with more elements, and moto takes ten times as long for each."""
    root = ROOTS[selector]
    for count, is_bounded in ((most, True), (most - 1, False)):
        content = f"<{root}>{'<a/>' * count}</{root}>".encode()
        response = send(method, f"{bucket}?{selector}", content)
        assert response.text.count(f"<Limit>{most} elements") == is_bounded
        assert not is_bounded or error(response)["Code"] == "MalformedXML"


def test_a_thousand_rules_are_accepted(client, bucket):
    """As many rules as S3 accepts, with all that a rule may have."""
    rule = {
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": "v"}]}},
        "Expiration": {"Days": 9},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
    }
    rules = [{"ID": str(number), **rule} for number in range(1000)]
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    found = client.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert len(found["Rules"]) == 1000


@pytest.mark.parametrize(
    "text",
    [
        b"<a xmlns='" + b"u" * 70_000 + b"'/>",
        b"<a>" + b"x" * 70_000 + b"</a>",
        "<a/>".encode("utf-16"),
    ],
)
def test_documents_that_take_too_much_are_refused(text):
    """S3's have no tag of 64 KiB, of which expat takes many times the size; in UTF-16 none would be found."""
    with pytest.raises(S3Error, match="was not well-formed"):
        parse(text)


def test_a_long_namespace_is_not_repeated():
    """The names of elements have none, so that a document takes no multiple of its namespace."""
    names = b"".join(b"<n:a%d n:b=''/>" % number for number in range(1000))
    tree = parse(b"<n:T xmlns:n='" + b"u" * 60_000 + b"'>" + names + b"</n:T>")
    assert (tree.tag, tree[999].tag, tree[0].attrib) == ("T", "a999", {"b": ""})


def test_a_policy_that_is_too_long_is_not_parsed(monkeypatch):
    """It would take many times its size."""
    monkeypatch.setattr(bucket_documents.json, "loads", None)
    with pytest.raises(S3Error, match="Policies must be valid JSON"):
        check("policy", "[" * (20 * 1024 + 1), BUCKET)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_document_type_is_not_parsed(encoding, monkeypatch):
    """Its entities would make of four megabytes a hundred times as many before expat stops."""
    monkeypatch.setattr(xml.expat, "ParserCreate", None)
    text = '<!DOCTYPE a [<!ENTITY e "expanded">]><a>&e;</a>'
    for document in (text, text.encode(encoding)):
        with pytest.raises(S3Error, match="was not well-formed"):
            parse(document)


@pytest.mark.parametrize("encoding", ["zlib", "idna", "nothing", "cp037"])
def test_an_encoding_that_is_none_of_xml(encoding):
    """A codec of Python that is none of text, or nothing, is the client's error."""
    with pytest.raises(S3Error, match="was not well-formed"):
        parse(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())


def test_documents_share_memory(monkeypatch):
    """Beyond it a client has to slow down; a request that ends returns its share; small ones need none."""
    monkeypatch.setattr(objects, "MOST_DOCUMENTS_BYTES", 3 * BLOCK_BYTES)
    documents, (first, small, second) = objects.Documents(), (SimpleNamespace(held=[0]) for _ in range(3))
    documents.hold(first, 2 * BLOCK_BYTES)
    documents.hold(small, BLOCK_BYTES)
    with pytest.raises(S3Error, match="reduce your request rate"):
        documents.hold(second, BLOCK_BYTES + 1)
    documents.hold(first, 9 * BLOCK_BYTES)
    documents.release(first)
    documents.hold(second, 3 * BLOCK_BYTES)
