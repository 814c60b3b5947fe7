"""Signatures, POST policies and bucket policies; it knows no objects."""
