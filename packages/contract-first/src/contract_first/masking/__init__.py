"""Masks secrets in whatever is recorded, reported or logged: one room decides for all."""

from .masking import Masking, spellings, whole
from .tokens import MASK

__all__ = ["MASK", "Masking", "spellings", "whole"]
