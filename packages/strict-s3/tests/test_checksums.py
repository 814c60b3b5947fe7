"""Checksums, against values that other implementations computed."""

from __future__ import annotations

import base64

import pytest

from strict_s3.messages.checksums import ALGORITHMS, Checksum, ContentMd5, claimed_checksum
from strict_s3.messages.errors import S3Error

OF_TEST_DATA = {
    "CRC32": "0wiusg==",
    "CRC32C": "M3m0yg==",
    "CRC64NVME": "rsrzr5yYqFU=",
    "SHA1": "9I3YU4IIYIFsddVND1hNyGMyenw=",
    "SHA256": "kW8AJ6V1B0znKjMXd8NHjWUT94alkb2JLaGld78jNfk=",
    "SHA512": "Dh4h7PEF7IU9JNcohnrXBhPCFmOkaTB0sqNhnBvTnWa1iMM3I7tGbHJCToDjymPCSQeKs0e6uUKFAOfuQwWdDQ==",
    "MD5": "63M6AMDJ0zbmVpGjerVCkw==",
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_known_values(algorithm):
    """Each algorithm gives the known value, block by block, and refuses a text with another byte."""
    checksum = Checksum(algorithm, OF_TEST_DATA[algorithm])
    checksum.update(b"test ")
    checksum.update(b"data")
    checksum.check()
    assert checksum.value == OF_TEST_DATA[algorithm]
    checksum.update(b"!")
    with pytest.raises(S3Error, match=f"The {algorithm} you specified did not match"):
        checksum.check()


@pytest.mark.parametrize("value", ["", "=", "AAAA", "not base64", "ä"])
def test_values_that_cannot_be(value):
    """A value that is no base64, or of another length, is refused at once."""
    with pytest.raises(S3Error, match="Value for x-amz-checksum-sha256 header is invalid"):
        Checksum("SHA256", value)
    with pytest.raises(S3Error, match="Content-MD5 you specified was invalid"):
        ContentMd5(value)


def test_content_md5():
    """Content-MD5 is compared with the content; the ETag is its hexadecimal form."""
    md5 = ContentMd5(base64.b64encode(bytes.fromhex("900150983cd24fb0d6963f7d28e17f72")).decode())
    md5.update(b"abc")
    md5.check()
    assert md5.etag == "900150983cd24fb0d6963f7d28e17f72"


@pytest.mark.parametrize(
    ("headers", "algorithm", "claimed"),
    [
        ({}, None, None),
        ({"x-amz-checksum-crc32": "0wiusg=="}, "CRC32", "0wiusg=="),
        ({"x-amz-trailer": "x-amz-checksum-sha1"}, "SHA1", None),
        ({"x-amz-trailer": "x-amz-checksum-sha1", "x-amz-sdk-checksum-algorithm": "SHA1"}, "SHA1", None),
        ({"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-mode": "ENABLED"}, None, None),
    ],
)
def test_what_headers_claim(headers, algorithm, claimed):
    """A checksum is named by its own header, or by the trailer to come."""
    checksum = claimed_checksum(headers)
    assert (checksum and checksum.algorithm, checksum and checksum.claimed) == (algorithm, claimed)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-amz-sdk-checksum-algorithm": "CRC32"}, "no corresponding"),
        (
            {"x-amz-checksum-crc32": "0wiusg==", "x-amz-sdk-checksum-algorithm": "SHA1"},
            "algorithm header is inv",
        ),
        (
            {"x-amz-checksum-crc32": "0wiusg==", "x-amz-trailer": "x-amz-checksum-crc32"},
            "single x-amz-checksum-",
        ),
        ({"x-amz-trailer": "x-amz-checksum-crc32, x-amz-checksum-sha1"}, "single x-amz-checksum-"),
        ({"x-amz-checksum-crc32": "0wiusg==,0wiusg=="}, "Value for x-amz-checksum-crc32 header is invalid"),
        ({"x-amz-trailer": "x-amz-meta-a"}, "algorithm type you specified"),
    ],
)
def test_checksums_that_are_refused(headers, message):
    """One is announced and not there, there twice, or not that which was announced."""
    with pytest.raises(S3Error, match=message):
        claimed_checksum(headers)


def test_unknown_algorithm():
    """A checksum that S3 does not know is refused."""
    with pytest.raises(S3Error, match="algorithm type you specified"):
        claimed_checksum({"x-amz-checksum-crc99": "AA=="})
