"""Errors of contracts and files, and their messages.

An error's class may have a `page` of the documentation that explains it, which commands name.
"""

import errno

ADVICE = {
    errno.ENOENT: "; check the path, whose folder has to exist",
    errno.ENOTDIR: "; check the path, of which a part is a file",
    errno.EISDIR: "; name a file",
    errno.EACCES: "; this user needs access to it",
    errno.ENOSPC: "; free some space",
}


SPLIT = "Split it: some of its paths, and what these refer to, are a document of their own."
"""What to do about a document that is too large."""


class ContractError(Exception):
    """A contract (or an overlay) that cannot be used; the message names the file and the JSON pointer.

    Attributes:
        pointer: JSON pointer (RFC 6901) of the part that is wrong; empty for the whole document.
        reason: what is wrong and what was expected, in a sentence.
    """

    page = "contracts"

    def __init__(self, source: str, pointer: str, reason: str) -> None:
        self.source = source
        self.pointer = pointer
        self.reason = reason
        super().__init__(f"{source}#{pointer}: {reason}" if pointer else f"{source}: {reason}")


class UnreadableContractError(ContractError):
    """A contract that cannot be read: there is no such file, or it holds no JSON or YAML object."""

    page = ""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, "", reason)


def reason_of(error: Exception) -> str:
    """Return the reason of an error; of a system error, also inside urllib's, without number and file."""
    cause = getattr(error, "reason", None)
    if isinstance(cause, OSError):
        return reason_of(cause)
    return getattr(error, "strerror", None) or str(error)


def explained(error: Exception) -> str:
    """Return the message of an error; that of a file names the file and says what to do."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}{ADVICE.get(error.errno or 0, '')}."
    return reason_of(error)
