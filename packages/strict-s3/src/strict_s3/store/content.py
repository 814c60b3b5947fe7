"""The content of an object: counted, hashed and written to a file block by block."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

from strict_s3.messages.checksums import Checksum, ContentMd5
from strict_s3.messages.errors import refusal
from strict_s3.messages.request import BLOCK_BYTES

AT_ONCE = 2
_turn = threading.BoundedSemaphore(AT_ONCE)
# More uploads at once would end no sooner, and keep the interpreter from other requests.


class Content:
    """Content that is being received into a new file.

    A context manager: the file is removed if the context raises.

    Attributes:
        path: of the file.
        size: in bytes.
        md5: of the bytes, which is the ETag.
        checksum: of the bytes, if the client asked for one.

    Args:
        durable: whether `check` waits until the disk has the bytes.
    """

    def __init__(
        self, folder: Path, md5: ContentMd5, checksum: Checksum | None = None, *, durable: bool = False
    ) -> None:
        self.path = folder / f"{uuid4().hex}.bin"
        self.size = 0
        self.md5 = md5
        self.checksum = checksum
        self._durable = durable
        self.path.touch(mode=0o600, exist_ok=False)
        self._file: BinaryIO = self.path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        if error is not None:
            self.path.unlink(missing_ok=True)

    def receive(
        self, blocks: Iterable[bytes], max_bytes: int, proposed: Callable[[int], int] = lambda size: size
    ) -> None:
        """Receive all blocks.

        Args:
            blocks: the bytes.
            max_bytes: how many at most; nothing is read after the block that exceeds it.
            proposed: returns the size of the whole, from the size so far.

        Raises:
            S3Error: EntityTooLarge.
        """
        for block in blocks:
            self.size += len(block)
            if self.size > max_bytes:
                raise refusal("EntityTooLarge", ProposedSize=proposed(self.size), MaxSizeAllowed=max_bytes)
            with _turn:
                self.md5.update(block)
                if self.checksum is not None:
                    self.checksum.update(block)
                self._file.write(block)
            del block  # the client may be slow to send the next one
        self._file.flush()

    def check(self) -> None:
        """Raise BadDigest unless MD5 and checksum are those expected; wait for the disk if durable."""
        for digest in filter(None, (self.md5, self.checksum)):
            digest.check()
        if self._durable:
            os.fsync(self._file.fileno())
            folder = os.open(self.path.parent, os.O_RDONLY)  # the name of the file is in it
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


class StoredFile:
    """A file of received content, with the methods of moto's buffers; open only while it is read."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.name = name
        self._at = 0

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._folder / self.name

    def seek(self, offset: int) -> None:
        """Set the offset, in bytes, that is read from."""
        self._at = offset

    def read(self, size: int = -1) -> bytes:
        """Read from the current offset; b"" if the file is gone."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self._at)
            block = file.read(size)
            self._at += len(block)
            return block
        return b""

    def close(self) -> None:
        """Do nothing; removing the object removes the file."""


def read_range(path: Path, begin: int, length: int) -> Iterator[bytes]:
    """Return blocks of a file, which is opened at once, as it may be removed before they are read."""
    file = path.open("rb")
    file.seek(begin)
    return _blocks(file, length)


def _blocks(file: BinaryIO, length: int) -> Iterator[bytes]:
    with file:
        while length > 0 and (block := file.read(min(BLOCK_BYTES, length))):
            length -= len(block)
            yield block
