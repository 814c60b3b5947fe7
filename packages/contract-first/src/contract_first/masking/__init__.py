"""Masks secrets in whatever is recorded, reported or logged: one room decides for all."""

from .masking import MASK, Masking, spellings, whole

__all__ = ["MASK", "Masking", "spellings", "whole"]
