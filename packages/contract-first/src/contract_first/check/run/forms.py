"""Forms and XML, as they were sent: as texts of any generated type; an array is any number of them."""

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
    """Tells which failures are none, since the body that was sent is another than the one that was generated.

    The integer 0 among strings is sent as a text, and an empty array is not sent at all.
    """

    def __init__(self, target: Target) -> None:
        self._validator = ExchangeValidator(target.contract, target.url, authentication=False)

    def refute(self, failure: Failure, case: Case[Any], response: Response) -> bool:
        """Return whether an accepted body conforms to the contract as sent, or a rejected one violates it."""
        if case.media_type not in FORMS and not is_xml(essence(case.media_type or "")):
            return False
        if isinstance(failure, AcceptedNegativeData):
            validation = self._validator.verdict(_exchange(response))
            return not validation.request and not validation.unjudged
        if isinstance(failure, RejectedPositiveData):
            violations = self._validator.verdict(_exchange(response)).request
            return any(violation.part == "body" for violation in violations)
        return False


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
