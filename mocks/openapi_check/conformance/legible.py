"""What a server said, as text that neither a terminal nor a reader takes for anything else."""

from __future__ import annotations


def legible(text: str) -> str:
    """Return a text with its invisible characters, such as those that steer a terminal, spelt out."""
    return "".join(one if one.isprintable() or one in "\n\t" else _spelt(one) for one in text)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
