"""Values generated from schemas; knows schemas and the vocabulary, no operations and no responses."""

from .generator import Generator
from .locales import strings_of

__all__ = ["Generator", "strings_of"]
