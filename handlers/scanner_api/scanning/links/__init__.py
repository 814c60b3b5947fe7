"""Untrusted URLs: knows which may be called and how to follow them, and not why."""
