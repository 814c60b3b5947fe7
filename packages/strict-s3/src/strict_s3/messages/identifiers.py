"""What AWS accepts as the name of a bucket, and as the id of an account."""

import os
import re

ACCOUNT = os.environ.get("MOTO_ACCOUNT_ID", "123456789012")
"""The owner of all buckets, where none is set: moto's account."""
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_RESERVED_NAME = re.compile(
    r"(?:\d{1,3}\.){3}\d{1,3}|.*(?:\.[.-]|-\.).*|(?:xn--|sthree-|amzn-s3-demo-).*"
    r"|.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)",
    re.ASCII,
)
"""Names of buckets that are no host names, are IP addresses, or are S3's own."""
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


def is_bucket_name(text: str) -> bool:
    """Return whether S3 accepts this name for a new bucket."""
    return bool(BUCKET_NAME.fullmatch(text) and not _RESERVED_NAME.fullmatch(text))


def is_account(text: str) -> bool:
    """Return whether this can be the id of an AWS account."""
    return bool(_ACCOUNT.fullmatch(text))
