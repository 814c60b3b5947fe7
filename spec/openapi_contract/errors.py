"""What can be wrong with a contract."""


class ContractError(Exception):
    """A contract (or an overlay) that cannot be used; the message names the file and the JSON pointer.

    Attributes:
        source: the file or URL.
        pointer: JSON pointer (RFC 6901) of the part that is wrong; empty for the whole document.
        reason: what is wrong and what was expected, in a sentence.
    """

    def __init__(self, source: str, pointer: str, reason: str) -> None:
        self.source = source
        self.pointer = pointer
        self.reason = reason
        super().__init__(f"{source}#{pointer}: {reason}" if pointer else f"{source}: {reason}")


class UnreadableContractError(ContractError):
    """There is no such file, or no object in JSON or YAML in it: nothing can be said of a contract."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, "", reason)
