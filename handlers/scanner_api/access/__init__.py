"""Callers: knows keys, tokens, rate limits and what a caller may act on, and not what operations do."""
