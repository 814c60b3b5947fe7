"""Texts of a document on a terminal."""


def printable(text: str) -> str:
    """Return a text of a document without what would move a terminal's cursor or end a line."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
