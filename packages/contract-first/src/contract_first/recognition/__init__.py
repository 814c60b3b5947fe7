"""Recognition of the collections in a contract; knows contracts and the vocabulary, and no stored items."""

from .collection import Collection, Role
from .recognizer import recognize

__all__ = ["Collection", "Role", "recognize"]
