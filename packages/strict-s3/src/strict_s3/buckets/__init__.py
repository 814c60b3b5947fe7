"""Buckets, and the documents that are put to them."""
