"""The journal of a mock: exchanges with the API and with S3, and what the contract says of them."""

from openapi_check.exchange import Exchange, Message, Validation, Violation
from openapi_check.masking import Masking

from .calls import Calls
from .journal import Journal
from .recording import JournalMiddleware
from .selector import Selector

__all__ = [
    "Calls",
    "Exchange",
    "Journal",
    "JournalMiddleware",
    "Masking",
    "Message",
    "Selector",
    "Validation",
    "Violation",
]
