"""Requests as they were sent: parameters, forms and XML are texts, of which an array is any number."""

from datetime import UTC, datetime
from typing import Any, Final

from schemathesis import Case, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

from contract_first.check.exchange import Message, RecordedExchange
from contract_first.check.target import Target
from contract_first.check.validation import ExchangeValidator
from contract_first.contract.document.media_types import essence, is_xml

FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class SentTexts:
    """Tells which failures are none, since what was sent is another than what was generated.

    The integer 0 among strings is sent as a text, an array of one number as that number, an empty array
    not at all, and no parameter is null.
    """

    def __init__(self, target: Target) -> None:
        self._validator = ExchangeValidator(target.contract, target.url, authentication=False)

    def refute(self, failure: Failure, case: Case[Any], response: Response) -> bool:
        """Return whether what was accepted conforms as it was sent, or what was rejected violates."""
        if isinstance(failure, AcceptedNegativeData):
            validation = self._validator.verdict(_exchange(response))
            return not validation.request and not validation.unjudged
        if isinstance(failure, RejectedPositiveData):
            if _has_null(case):
                return True
            if case.media_type not in FORMS and not is_xml(essence(case.media_type or "")):
                return False
            violations = self._validator.verdict(_exchange(response)).request
            return any(violation.part == "body" for violation in violations)
        return False


def _has_null(case: Case[Any]) -> bool:
    """Return whether a parameter is null, which is sent as a text."""
    holders = (case.path_parameters, case.query, case.headers, case.cookies)
    values = [value for holder in holders for value in (holder or {}).values()]
    texts = [text for value in values for text in (value if isinstance(value, list) else [value])]
    return any(text in (None, "null") for text in texts)


def _exchange(response: Response) -> RecordedExchange:
    request = response.request
    content = request.body
    body = content if isinstance(content, bytes) else str(content or "").encode()
    headers = [(name, str(value)) for name, value in request.headers.items()]
    return RecordedExchange(
        started=datetime.now(UTC),
        milliseconds=0,
        method=request.method or "",
        url=request.url or "",
        status=response.status_code,
        request=Message(headers=headers, body=body, body_bytes=len(body)),
        response=Message(),
    )
