"""Configurations by ID: of analytics, intelligent tiering, inventories and metrics."""

from __future__ import annotations

import pytest

from strict_s3.buckets import configurations

from .conftest import refusal_of

DESTINATION = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::reports", "Format": "CSV"}}
EXPORT = {"OutputSchemaVersion": "V_1", "Destination": DESTINATION}
SCHEDULE = {"Schedule": {"Frequency": "Daily"}, "IsEnabled": True, "IncludedObjectVersions": "All"}
KINDS = {
    "metrics": {"Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "<v>"}]}}},
    "analytics": {"StorageClassAnalysis": {"DataExport": EXPORT}},
    "inventory": {"Destination": DESTINATION, **SCHEDULE},
    "intelligent_tiering": {"Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]},
}


@pytest.mark.parametrize(("kind", "content"), KINDS.items())
def test_they_are_stored_and_shown(kind, content, client, bucket):
    """What is put is read, listed, replaced and deleted by its ID."""

    def call(verb: str, plural: str = "", **arguments):
        return getattr(client, f"{verb}_bucket_{kind}_configuration{plural}")(Bucket=bucket, **arguments)

    member = "".join(word.capitalize() for word in kind.split("_")) + "Configuration"
    assert f"{member}List" not in call("list", "s")
    for name in ("b", "a"):
        call("put", Id=name, **{member: {"Id": name, **content}})
    call("put", Id="a", **{member: {"Id": "a", **content}})
    assert call("get", Id="a")[member] == {"Id": "a", **content}
    assert [one["Id"] for one in call("list", "s")[f"{member}List"]] == ["a", "b"]
    call("delete", Id="a")
    assert [one["Id"] for one in call("list", "s")[f"{member}List"]] == ["b"]
    assert refusal_of(call, verb="get", Id="a") == (404, "NoSuchConfiguration")
    assert refusal_of(call, verb="delete", Id="a") == (404, "NoSuchConfiguration")
    client.head_bucket(Bucket=bucket)


def test_what_is_refused(client, bucket):
    """An ID that is not that of the document or is none, and a document without what it must have."""
    put = client.put_bucket_metrics_configuration
    for name, of_document in (("a", "b"), ("a b", "a b")):
        about = {"Bucket": bucket, "Id": name, "MetricsConfiguration": {"Id": of_document}}
        assert refusal_of(put, **about) == (400, "InvalidArgument")
    with pytest.raises(Exception, match=r"MalformedXML|not well-formed"):
        configurations._content("analytics", "a", b"<C><Id>a</Id></C>")
    assert "MetricsConfigurationList" not in client.list_bucket_metrics_configurations(Bucket=bucket)


def test_a_website_has_an_index(client, bucket):
    """It needs a suffix of its index, without a slash, unless it redirects everything."""
    put = client.put_bucket_website
    for website in ({"ErrorDocument": {"Key": "e"}}, {"IndexDocument": {"Suffix": "a/b"}}):
        assert refusal_of(put, Bucket=bucket, WebsiteConfiguration=website) == (400, "InvalidArgument")
    put(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    assert client.get_bucket_website(Bucket=bucket)["IndexDocument"] == {"Suffix": "index.html"}
