"""A file that was sent in a form."""

from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

CHUNK_BYTES = 64 * 1024


class Upload(UploadFile):
    """A file that was sent in a form; it is closed, and gone, once the response is sent.

    Up to 16 KiB of it are in memory, more are in a temporary file. ``await upload.read()`` returns all of it,
    ``read(1024)`` the next 1024 bytes, and ``await upload.seek(0)`` goes back to its start.

    Attributes:
        size: in bytes.
    """

    @property
    def name(self) -> str:
        """The last part of the file name that the client sent; empty without one."""
        return PurePosixPath((self.filename or "").replace("\\", "/")).name

    @property
    def media_type(self) -> str:
        """The media type that the client says; empty where it says none."""
        return self.content_type or ""

    async def chunks(self, size: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        """Yield the file from its beginning, at most so many bytes at a time."""
        await self.seek(0)
        while chunk := await self.read(size):
            yield chunk

    async def save(self, path: Path) -> None:
        """Write the file to a path; FileExistsError if there is one."""
        with await run_in_threadpool(path.open, "xb") as file:
            async for chunk in self.chunks():
                await run_in_threadpool(file.write, chunk)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let a pydantic model have uploads as fields."""
        return {"type": "is-instance", "cls": cls}
