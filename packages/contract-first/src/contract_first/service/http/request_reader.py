"""Reads the requests on a connection one by one, on httptools' parser, within limits."""

import re
from enum import Enum, auto
from typing import Protocol

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Scope

from contract_first.service.messages.problems import BadRequest, HeadTooLarge, Problem

from .request_head import MOST_HEAD_BYTES, RequestHead

_REQUEST_LINE = re.compile(rb"(?:\r\n)*\S+ \S+ HTTP/")
"""How one begins (RFC 9112, section 3), behind blank lines; httptools also reads RTSP, ICE and lone CR."""
_LINE_BYTES = 64
"""Of a request line beside its target, with room to spare."""
_CHUNK_BYTES = 32
"""Of what is around the bytes of a chunk, with room to spare."""
_CHUNKED_BYTES = 8192
"""How much of a chunked body is read at once: it may be all chunks of one byte."""
_MOST_BLANK_LINES = 1000
"""In a body without a length, each of which might be its end; beyond that no other request is read."""


class RequestPart(Enum):
    """Which part of a request is being read.

    BETWEEN -> HEAD: the request line begins
    HEAD -> BODY: the head is whole, and handed over
    BODY -> BETWEEN: the end of the request has come in, also where it has no body
    """

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


BETWEEN, HEAD, BODY = RequestPart


class Receiver(Protocol):
    """Receives what was read."""

    def begin_request(self, scope: Scope, *, keep_alive: bool, expects_continue: bool) -> None:
        """Take the head of a request."""

    def add_to_body(self, piece: bytes) -> None:
        """Take a piece of its body."""

    def end_request(self, *, is_last: bool) -> None:
        """Take the end of the request; after the last one no other is read."""


class RequestReader:
    """Reads one request after the other; a caller may stop where one ends.

    Limits are counted by what the parser is fed: it collects a target or field until it is whole, and passes
    over extensions of chunks.

    Args:
        facts: those of each scope that are the connection's.

    Attributes:
        requests: how many have started.
        part: which part of the last one is being read.
        fed_bytes: how much has been read of the head or, since its last byte, of the body.
        body_bytes: how much of all bodies has been read.
        chunks: how many of them have been read.
    """

    def __init__(self, receiver: Receiver, facts: Scope, most_target_bytes: int) -> None:
        self._receiver = receiver
        self._facts = facts
        self._head = RequestHead(most_target_bytes)
        self.on_url, self.on_header = self._head.on_url, self._head.on_header
        self._parser = HttpRequestParser(self)
        self.part = BETWEEN
        self._line = b""  # what has come in of the head, while its request line may not be whole
        self._tail = b""  # the last three bytes of an unfinished part: a blank line may span two reads
        self._is_last = False
        self.requests = self.body_bytes = self.chunks = 0
        self.fed_bytes = self._left_bytes = self._spare_bytes = self._blank_lines = 0

    @property
    def has_endless_body(self) -> bool:
        """Whether a body is coming in that does not say how long it is."""
        return self.part is BODY and self._left_bytes <= 0

    def drop(self) -> None:
        """Drop what has come in of a head: nothing more is read."""
        self._parser = HttpRequestParser(self)
        self._head.begin()

    def beginning(self) -> Scope | None:
        """Return the scope of a request whose head is not whole, if there is any of its target."""
        if self.part is not HEAD or not self._head.target:
            return None
        return self._head.beginning(self._facts, self._parser.get_method())

    def read(self, data: bytes, begin: int) -> int:
        """Read on from an index, to where a head or body ends or may end, and return that index.

        Raises:
            Problem: what comes in cannot be read, or is beyond a limit; no more of it can be read.
        """
        end = self._end_of_part(data, begin)
        fed_bytes, body_bytes = end - begin, self.body_bytes
        self.fed_bytes += fed_bytes
        piece = data[begin:end]
        if self.part is BETWEEN or (self.part is HEAD and not self._head.fields):
            self._line += piece
        try:
            try:
                self._parser.feed_data(piece)
            except HttpParserUpgrade:
                self._read_upgrading()
        except HttpParserError as error:
            raise problem_of(error) from None
        if self.body_bytes != body_bytes:
            self.fed_bytes = 0  # since the last piece of a body
        elif self.fed_bytes > MOST_HEAD_BYTES + (
            0 if self.part is BODY else len(self._head.target) + _LINE_BYTES
        ):
            raise HeadTooLarge
        if self.part is BODY and self._left_bytes <= 0:
            self._spare_bytes -= fed_bytes - (self.body_bytes - body_bytes)
            if self._spare_bytes < 0:
                raise HeadTooLarge
        if self.part is BETWEEN:
            self._tail = b""
        elif end == len(data):
            self._tail = (self._tail + data[-3:])[-3:]
        return end

    def _end_of_part(self, data: bytes, begin: int) -> int:
        """Return where the head or body that goes on at an index ends, or may end."""
        if self.part is BODY and self._left_bytes > 0:
            return min(begin + self._left_bytes, len(data))
        if not begin and data[0] in b"\r\n":  # the rest of a blank line that began in the last piece?
            straddling = (self._tail + data[:3]).find(b"\r\n\r\n")
            if straddling >= 0:
                return straddling + 4 - len(self._tail)
        end = len(data)
        if self.part is BODY:  # a blank line may start in the slice before
            end = min(begin + _CHUNKED_BYTES, end)
            tail = 0 if data.endswith(b"\r\n\r\n", 0, begin) else 3
            blank_line = data.find(b"\r\n\r\n", max(begin - tail, 0), end)
            self._blank_lines += blank_line >= 0
        else:
            blank_line = data.find(b"\r\n\r\n", begin)
        is_end = blank_line >= 0 and self._blank_lines <= _MOST_BLANK_LINES  # each costs a call of the parser
        return blank_line + 4 if is_end else end

    def on_message_begin(self) -> None:
        if self._is_last:
            raise BadRequest  # which is not sent: what comes in is discarded
        self.requests += 1
        self.part = HEAD
        self._head.begin()

    def on_headers_complete(self) -> None:
        head, parser = self._head, self._parser
        if self.fed_bytes > MOST_HEAD_BYTES:
            head.check_size()
        if not _REQUEST_LINE.match(self._line):
            raise BadRequest(
                "The request line is malformed; expected METHOD TARGET HTTP/1.1, as RFC 9112 has it."
            )
        self._line = b""
        version = parser.get_http_version()
        self._receiver.begin_request(
            head.scope(self._facts, parser.get_method(), version),
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            expects_continue=head.expects_continue,
        )
        head.end()
        self.part = BODY
        self._left_bytes = head.body_bytes
        self._spare_bytes = MOST_HEAD_BYTES + self.fed_bytes  # which the head uses up
        self.fed_bytes = self._blank_lines = 0

    def on_chunk_header(self) -> None:
        self.chunks += 1
        self._spare_bytes += _CHUNK_BYTES

    def on_body(self, body: bytes) -> None:
        """Hand over a piece of the body."""
        self.body_bytes += len(body)
        self._left_bytes -= len(body)
        self._receiver.add_to_body(body)

    def on_message_complete(self) -> None:
        if self._head.has_body and self._parser.should_upgrade():
            return  # of which the parser has not read the body
        self.part = BETWEEN
        self.fed_bytes = 0
        self._head.target = b""
        self._is_last = self._blank_lines > _MOST_BLANK_LINES
        self._receiver.end_request(is_last=self._is_last)

    def _read_upgrading(self) -> None:
        """Read on in HTTP/1.1: an offer of another protocol is not taken (RFC 9110, section 7.8).

        The parser takes what follows such a head for that protocol, so that another parser reads the body.
        """
        if self._head.has_body:
            self._parser = HttpRequestParser(_UpgradingBody(self))
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % self._head.framing)

    def end_upgrading(self) -> None:
        """End a request whose body another parser has read; this one goes on behind it."""
        self._parser = HttpRequestParser(self)
        self.on_message_complete()


class _UpgradingBody:
    """The callbacks of a parser that reads a body alone."""

    def __init__(self, reader: RequestReader) -> None:
        self.on_header = reader.on_header
        self.on_chunk_header = reader.on_chunk_header
        self.on_body = reader.on_body
        self.on_message_complete = reader.end_upgrading


def problem_of(error: HttpParserError) -> Problem:
    """Return the problem of what httptools stopped at; its words name a part and a rule, never a value."""
    is_ours = isinstance(error, HttpParserCallbackError)
    if is_ours and isinstance(error.__context__, Problem):
        return error.__context__
    # of our callbacks only the parser of targets raises anything else
    return BadRequest(f"The request cannot be read as HTTP/1.1: {'Invalid target' if is_ours else error}.")
