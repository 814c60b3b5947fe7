"""Bodies as they come off a socket."""

from __future__ import annotations

import io

import pytest

from strict_s3.http.body import Body, BodyCutShort


def read(stream: bytes) -> bytes:
    """Return the body that comes in chunks in a stream."""
    return Body(io.BufferedReader(io.BytesIO(stream)), None, None).read()


@pytest.mark.parametrize(
    "stream",
    [
        b"7\r\na photo\r\n0\r\n\r\n",
        b"1\r\na\r\n06;extension=1\r\n photo\r\n0\r\nTrailer: field\r\n\r\n",
        b'7;signature;quoted="; \\" ="\r\na photo\r\n000\r\nTrailer:\r\nOther: \xff\r\n\r\n',
    ],
)
def test_chunks(stream):
    """Chunks are put together, whatever else stands beside their sizes and after the last."""
    assert read(stream) == b"a photo"


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"7\r\na pho",
        b"8\r\na photo\r\n0\r\n\r\n",
        b"6\r\na photo\r\n0\r\n\r\n",
        b"-7\r\na photo\r\n0\r\n\r\n",
        b"+7\r\na photo\r\n0\r\n\r\n",
        b"0x7\r\na photo\r\n0\r\n\r\n",
        b"seven\r\na photo\r\n0\r\n\r\n",
        b"f" * 16 + b"\r\na photo\r\n0\r\n\r\n",
        b" 7\r\na photo\r\n0\r\n\r\n",
        b"7 \r\na photo\r\n0\r\n\r\n",
        b"7\r\r\na photo\r\n0\r\n\r\n",
        b"7 ;a=b\r\na photo\r\n0\r\n\r\n",
        b"7;a=b\rc\r\na photo\r\n0\r\n\r\n",
        b"7\r\na photo\r\n0\r\nTrailer\r\n\r\n",
        b"7\r\na photo\r\n0\r\n folded: 1\r\n\r\n",
        b"7\r\na photo\r\n0\r\n\rGET / HTTP/1.1\r\n\r\n",
        b"7\r\na photo\r\n0\r\nContent-Length: 7\r\n\r\n",
    ],
)
def test_chunks_that_are_none(stream):
    """What RFC 9112 gives no chunk, and no trailer section, ends the body at once."""
    with pytest.raises(BodyCutShort):
        read(stream)


def test_a_connection_that_breaks():
    """A client that breaks the connection off has cut its body short."""

    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise ConnectionResetError

    with pytest.raises(BodyCutShort):
        Body(io.BufferedReader(Broken()), 9, None).read()
