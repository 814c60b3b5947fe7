"""What went over the wire: every exchange with the API and with S3, and what the contract says of it."""

from openapi_check.exchange import Exchange, Message, Verdict, Violation
from openapi_check.masking import Masking

from .calls import Calls
from .journal import Journal
from .journalled import Journalled
from .wanted import Wanted

__all__ = [
    "Calls",
    "Exchange",
    "Journal",
    "Journalled",
    "Masking",
    "Message",
    "Verdict",
    "Violation",
    "Wanted",
]
