"""URLs that are signed for others, as clients do it: a console needs no secret then."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit

from .signature import (
    ALGORITHM,
    UNSIGNED_PAYLOAD,
    Credential,
    Scope,
    canonical_request,
    signature,
    string_to_sign,
)


def presigned_url(
    endpoint: str,
    method: str,
    path: str,
    query: Mapping[str, str],
    *,
    credential: tuple[str, Credential],
    region: str,
    now: datetime,
    seconds: int,
) -> str:
    """Return the URL of a request, which is good for so many seconds from now.

    Args:
        endpoint: URL of S3, whose host is signed.
        path: of the bucket or the object, beginning with a slash, decoded.
        query: further parameters.
        credential: access key, and the rest.
    """
    access_key, rest = credential
    time = f"{now:%Y%m%dT%H%M%SZ}"
    scope = Scope(access_key, time[:8], region)
    signed = {
        **query,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{access_key}/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
        **({"X-Amz-Security-Token": rest.session_token} if rest.session_token else {}),
    }
    host = {"host": urlsplit(endpoint).netloc}
    canonical = canonical_request(method, path, signed.items(), host, ("host",), UNSIGNED_PAYLOAD)
    signed["X-Amz-Signature"] = signature(rest.secret_key, scope, string_to_sign(time, scope, canonical))
    return f"{endpoint}{quote(path, safe='/-_.~')}?{urlencode(signed, quote_via=quote, safe='-_.~')}"
