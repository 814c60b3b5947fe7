"""Text for a terminal and for the log of a CI."""

IN_MESSAGES = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
IN_PROPERTIES = {**IN_MESSAGES, ord(":"): "%3A", ord(","): "%2C"}


def printable(text: str) -> str:
    """Return a text with control characters escaped, which would move the cursor or end a line."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def annotation(kind: str, title: str, message: str) -> str:
    """Return the line by which GitHub Actions annotates a run: a notice, a warning or an error."""
    return f"::{kind} title={title.translate(IN_PROPERTIES)}::{message.translate(IN_MESSAGES)}"
