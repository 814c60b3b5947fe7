"""Recognition of the collections in a contract; knows contracts and the vocabulary, and no stored items."""

from .collection import Collection, Role
from .marks import Corrections
from .readings import BY_PATHS, Reading
from .recognizer import Recognition, recognize

__all__ = ["BY_PATHS", "Collection", "Corrections", "Reading", "Recognition", "Role", "recognize"]
