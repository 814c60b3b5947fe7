"""Masks secrets in all that is recorded, reported or logged."""

from .masking import Masking, spellings, whole
from .tokens import MASK

__all__ = ["MASK", "Masking", "spellings", "whole"]
