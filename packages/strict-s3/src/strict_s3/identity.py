"""The call of STS that tools make first: whose the credential is."""

from dataclasses import replace
from hashlib import sha256
from urllib.parse import parse_qsl

from .auth.authentication import Authenticator
from .auth.claims import PAYLOAD_HEADER
from .messages.errors import S3Error, refusal
from .messages.request import Request
from .messages.response import Response
from .messages.xml import document
from .objects.objects import read_document

_CALL = "GetCallerIdentity"


def is_of_sts(request: Request) -> bool:
    """Return whether a request is a call of STS: a form, for no bucket."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return request.method == "POST" and not request.bucket and is_form


def caller_identity(request: Request, authenticator: Authenticator, account: str) -> Response:
    """Respond to a call of STS with the account of the credential, or with an error as STS's."""
    metadata = {"RequestId": request.caller.request_id}
    try:
        _check(request, authenticator)
    except S3Error as error:
        content = {"Error": {"Type": "Sender", "Code": error.code, "Message": error.message}, **metadata}
        return Response.of_xml(document("ErrorResponse", content, is_qualified=False), status=error.status)
    identity = {"Arn": f"arn:aws:iam::{account}:root", "UserId": account, "Account": account}
    content = {f"{_CALL}Result": identity, "ResponseMetadata": metadata}
    return Response.of_xml(document(f"{_CALL}Response", content, is_qualified=False))


def _check(request: Request, authenticator: Authenticator) -> None:
    """Raise `S3Error` unless a call is the one that is served here, and signed."""
    body = read_document(request, None)
    action = dict(parse_qsl(body.decode("latin-1"))).get("Action", "")
    if action != _CALL:
        raise S3Error(501, "NotImplemented", f"{action[:128]} of STS is not implemented; only {_CALL} is.")
    headers = {**request.headers, PAYLOAD_HEADER: sha256(body).hexdigest()}  # calls of STS do not send it
    if authenticator.authenticate(replace(request, headers=headers), None, "sts") is None:
        raise refusal("AccessDenied")
