"""A POST form as S3 reads it: fields up to the part named ``file``, then that file, then nothing more."""

import re
from collections.abc import Iterator

from strict_s3.messages.errors import invalid_argument, refusal
from strict_s3.messages.request import BLOCK_BYTES, Readable

MAX_FIELDS_BYTES = 20 * 1024
"""The most that may come before the file, in bytes."""

_LOOK_AHEAD_BYTES = 1024 * 1024
_MEDIA_TYPE = re.compile(r"multipart/form-data\s*(?:;|\Z)", re.IGNORECASE)
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:\s*form-data\b(.*)$", re.IGNORECASE | re.MULTILINE)
_PARAMETER = re.compile(rb';\s*(name|filename)=(?:"((?:\\"|[^"])*)"|([^\s;"]*))', re.IGNORECASE)
_FILENAME = "${filename}"
_AS_SENT = frozenset({"policy", "x-amz-signature"})


class Form:
    """A form that is being read.

    Args:
        stream: the body.
        content_type: the request's Content-Type, which names the boundary.
        body_length: the announced length of the body in bytes.

    Attributes:
        fields: values by name in lower case, those of one name joined by commas, ``${filename}`` replaced;
            complete after `read_fields`.

    Raises:
        S3Error: PreconditionFailed, MalformedPOSTRequest; the Content-Type is not that of such a form.
    """

    def __init__(self, stream: Readable, content_type: str, body_length: int) -> None:
        self._stream = stream
        self._body_length = body_length
        self._delimiter = b"\r\n--" + _boundary(content_type)
        # The first delimiter can be the first line; with a line end before it, it looks like all the others.
        self._buffer = b"\r\n"
        self._consumed = -len(self._buffer)
        self._file_begins_at = 0
        self.fields: dict[str, str] = {}

    def read_fields(self) -> None:
        """Read the fields; the file is then next.

        Raises:
            S3Error: MaxPostPreDataLengthExceeded, MalformedPOSTRequest; InvalidArgument if there is no file.
        """
        self._take_until(self._delimiter)
        while (after := self._peek(2)) == b"\r\n":
            # The line end stays, so that a part without headers looks like all the others.
            name, filename = _names(self._take_until(b"\r\n\r\n"))
            if name == "file":
                self._file_begins_at = self._consumed
                self._replace_filename(filename)
                return
            value = self._take_until(self._delimiter)
            if name:
                self._add_field(name, value)
        if after != b"--":
            raise refusal("MalformedPOSTRequest")
        raise invalid_argument("POST requires exactly one file upload per request.", "file", "0")

    def file_blocks(self) -> Iterator[bytes]:
        """Yield the file, and read what comes after it to the body's end.

        Raises:
            S3Error: MalformedPOSTRequest, if no whole boundary ends the file.
        """
        while (end := self._buffer.find(self._delimiter)) < 0:
            # What may be the beginning of the delimiter stays.
            sure = max(len(self._buffer) - len(self._delimiter) + 1, 0)
            if sure:
                yield self._take(sure)
            self._fill(BLOCK_BYTES)
        if end:
            yield self._take(end)
        while len(self._buffer) < len(self._delimiter) + 2:
            self._fill(BLOCK_BYTES)
        if not self._buffer.startswith((self._delimiter + b"--", self._delimiter + b"\r\n")):
            raise refusal("MalformedPOSTRequest")
        while self._stream.read(BLOCK_BYTES):
            pass

    def proposed_size(self, seen: int) -> int:
        """Return how large the file is, `seen` bytes of it being read.

        It is read on for a little; if it does not end there, its size follows from the body's, which is exact
        when nothing comes after the file.
        """
        enough = seen + _LOOK_AHEAD_BYTES
        for block in self.file_blocks():
            seen += len(block)
            if seen > enough:
                end = len(self._delimiter) + len(b"--\r\n")
                return max(seen, self._body_length - self._file_begins_at - end)
        return seen

    def _add_field(self, name: str, value: bytes) -> None:
        text = _decoded(value)
        self.fields[name] = f"{self.fields[name]},{text}" if name in self.fields else text

    def _replace_filename(self, filename: str | None) -> None:
        if filename is None:
            return
        short = re.split(r"[/\\]", filename)[-1]
        for name in self.fields.keys() - _AS_SENT:
            self.fields[name] = self.fields[name].replace(_FILENAME, short)

    def _take_until(self, mark: bytes) -> bytes:
        """Consume and return the bytes before `mark`, and consume `mark`."""
        while (end := self._buffer.find(mark)) < 0:
            self._fill_fields()
        text = self._take(end)
        self._take(len(mark))
        return text

    def _peek(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill_fields()
        return self._buffer[:size]

    def _take(self, size: int) -> bytes:
        block, self._buffer = self._buffer[:size], self._buffer[size:]
        self._consumed += size
        return block

    def _fill_fields(self) -> None:
        left = MAX_FIELDS_BYTES - self._consumed - len(self._buffer)
        if left <= 0:
            raise refusal("MaxPostPreDataLengthExceeded", MaxPostPreDataLengthBytes=MAX_FIELDS_BYTES)
        self._fill(left)

    def _fill(self, size: int) -> None:
        block = self._stream.read(size)
        if not block:
            raise refusal("MalformedPOSTRequest")
        self._buffer += block


def _boundary(content_type: str) -> bytes:
    if not _MEDIA_TYPE.match(content_type):
        condition = "Bucket POST must be of the enclosure-type multipart/form-data"
        raise refusal("PreconditionFailed", Condition=condition)
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise refusal("MalformedPOSTRequest")
    return (match[1] or match[2]).encode("latin-1", "replace")


def _names(headers: bytes) -> tuple[str, str | None]:
    """Return the part's name, in lower case, and the name of its file; None if it has no such name."""
    disposition = _DISPOSITION.search(headers.replace(b"\r\n", b"\n"))
    parameters: dict[bytes, str] = {}
    for name, quoted, token in _PARAMETER.findall(disposition[1] if disposition else b""):
        parameters.setdefault(name.lower(), _decoded((quoted or token).replace(b'\\"', b'"')))
    return parameters.get(b"name", "").lower(), parameters.get(b"filename")


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise refusal("MalformedPOSTRequest") from None
