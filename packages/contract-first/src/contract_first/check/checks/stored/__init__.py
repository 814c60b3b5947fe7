"""Whether what is sent is stored: things and the lists that they are in."""

from .things import StoredThings

__all__ = ["StoredThings"]
