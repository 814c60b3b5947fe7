"""Reads documents from files and URLs, and embeds what they refer to; knows nothing of validity."""
