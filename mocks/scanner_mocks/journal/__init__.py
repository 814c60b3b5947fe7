"""What went over the wire: every exchange with the API and with S3, and what the contract says of it."""

from .calls import Calls
from .exchange import Exchange, Message, Verdict, Violation
from .journal import Journal
from .journalled import Journalled
from .masking import Masking
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
