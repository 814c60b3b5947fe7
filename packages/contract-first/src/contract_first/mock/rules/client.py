"""What a running mock is asked by its control API."""

from collections.abc import Mapping
from ssl import create_default_context
from typing import Any

import httpx2

TIMEOUT_SECONDS = 30


class RefusedError(ValueError):
    """The mock refuses a request; the message names the part that is wrong."""


def post(
    url: str, document: Mapping[str, Any], ca: str | None = None, token: str | None = None
) -> dict[str, Any]:
    """Send a document to the control API, and return that of the response.

    Args:
        url: of an operation, such as ``http://127.0.0.1:8000/_mock/overrides``.
        ca: file of the certificate that the mock's is to be signed by; None without TLS.
        token: for the control API; None where it needs none.

    Raises:
        RefusedError: the mock refuses it.
    """
    # a proxy of this machine's environment has no business between us and loopback
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    verify = True if ca is None else create_default_context(cafile=ca)
    with httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False, verify=verify) as client:
        return document_of(client.post(url, json=document, headers=headers))


def document_of(response: httpx2.Response) -> dict[str, Any]:
    """Return the document of a response; raises RefusedError."""
    document: dict[str, Any] = response.json()
    if response.is_error:
        wrong = [f"{error['pointer']}: {error['detail']}" for error in document.get("errors", ())]
        raise RefusedError("; ".join(wrong) or document["detail"])
    return document
