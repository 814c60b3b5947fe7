"""The response to a request that never reaches the app."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from contract_first.service.messages.problems import MEDIA_TYPE, Problem, ProblemProfile
from contract_first.service.messages.response import NO_SNIFFING, NO_STORING

from .exchange import STATUS_LINES


def refusal(problem: Problem, profile: ProblemProfile, default_fields: bytes) -> bytes:
    """Return a whole response with a problem, the last one of its connection."""
    request_id = uuid4()
    document = profile.document(
        problem, instance=request_id.urn, request_id=request_id.hex, now=datetime.now(UTC)
    )
    body = msgspec.json.encode(document)
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "x-request-id": request_id.hex,
        "connection": "close",
        **problem.headers,
    }
    lines = [f"\r\n{name.lower()}: {value}".encode() for name, value in headers.items()]
    lines += [b"\r\n%b: %b" % field for field in (NO_STORING, NO_SNIFFING)]
    return b"".join([STATUS_LINES[problem.status], default_fields, *lines, b"\r\n\r\n", body])
