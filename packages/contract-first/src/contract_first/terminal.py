"""Text for a terminal and for the log of a CI."""


def printable(text: str) -> str:
    """Return a text with control characters escaped, which would move the cursor or end a line."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
