"""What went over the wire: every exchange with the API and with S3, and what the contract says of it."""

from .exchange import Exchange, Message, Verdict, Violation

__all__ = ["Exchange", "Message", "Verdict", "Violation"]
