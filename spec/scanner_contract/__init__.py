"""The contract of the Scanner API: the vendor's document, and the overlays that complete it."""

from .loading import load_contract

__all__ = ["load_contract"]
