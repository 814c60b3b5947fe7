"""Rules of a running mock, by its control API."""

from collections.abc import Mapping
from ssl import create_default_context
from typing import Any

import httpx2

TIMEOUT_SECONDS = 30


class RuleRefusedError(ValueError):
    """The mock refuses a rule; the message names the part that is wrong."""


def add(url: str, rule: Mapping[str, Any], ca: str | None = None, token: str | None = None) -> str:
    """Activate a rule, and return its id.

    Args:
        url: of the rules, such as ``http://127.0.0.1:8000/_mock/overrides``.
        ca: file of the certificate that the mock's is to be signed by; None without TLS.
        token: for the control API; None where it needs none.

    Raises:
        RuleRefusedError: the mock refuses it.
    """
    # a proxy of this machine's environment has no business between us and loopback
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    verify = True if ca is None else create_default_context(cafile=ca)
    with httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False, verify=verify) as client:
        return added(client.post(url, json=rule, headers=headers))


def added(response: httpx2.Response) -> str:
    """Return the id of the rule that a response tells of; raises RuleRefusedError."""
    document = response.json()
    if response.is_error:
        wrong = [f"{error['pointer']}: {error['detail']}" for error in document.get("errors", ())]
        raise RuleRefusedError("; ".join(wrong) or document["detail"])
    return str(document["id"])
