"""Objects by PUT, GET and HEAD, and the parts of uploads; content bypasses moto, block by block."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from strict_s3.auth.authentication import Signed, check_encryption
from strict_s3.auth.claims import PAYLOAD_HEADER
from strict_s3.auth.payload import ChunkedBody, VerifiedBody, open_payload
from strict_s3.auth.signature import UNSIGNED_PAYLOAD
from strict_s3.messages import checksums
from strict_s3.messages.errors import S3Error, invalid_argument, invalid_request, refusal
from strict_s3.messages.integers import whole_number
from strict_s3.messages.operations import MOST_PIECES, ROOTS
from strict_s3.messages.orders import MAX_OBJECT_BYTES, Bucket, Order
from strict_s3.messages.request import BLOCK_BYTES, Request
from strict_s3.messages.response import Response
from strict_s3.messages.version_ids import NULL
from strict_s3.messages.xml import check_pieces, document, has_root
from strict_s3.store.content import Content, read_range
from strict_s3.store.customer_keys import ENCRYPTION, check_read

from .attributes import SYSTEM, check_attributes, check_key, check_verified, moto_headers, stored_headers
from .multipart import MAX_PART_NUMBER, parse_parts
from .preconditions import changes_nothing, unmet
from .store import Store

MAX_DOCUMENT_BYTES = 4 * 1024**2
"""The longest XML document that is read, in bytes: enough for 10,000 parts or 1000 keys."""
MOST_DOCUMENTS_BYTES = 32 * 1024**2
"""Of all documents and what they are parsed to; those of a block need no share."""
TAG_BYTES = 128
"""What a tag or an attribute takes once it is parsed, about."""


class Documents:
    """The memory of this process for documents, from their arrival to the end of their request."""

    def __init__(self) -> None:
        self._bytes = 0
        self._lock = threading.Lock()

    def hold(self, request: Request, size: int) -> None:
        """Let a request hold so many bytes in all, or raise SlowDown while there is no room."""
        size = min(size, MOST_DOCUMENTS_BYTES)  # there is room for one of any size
        if size <= BLOCK_BYTES:
            return
        with self._lock:
            if self._bytes + size - request.held[0] > MOST_DOCUMENTS_BYTES:
                raise refusal("SlowDown")
            self._bytes += size - request.held[0]
            request.held[0] = size

    def release(self, request: Request) -> None:
        """Return what a request holds."""
        with self._lock:
            self._bytes -= request.held[0]
            request.held[0] = 0


documents = Documents()

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Objects:
    """Handles the requests that carry content."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        check_key(request.key)
        check_attributes(request.headers, bucket, signed)
        check_verified(request.headers, bucket)
        with self._received(request, signed, bucket, checksums.DEFAULT) as content:
            return self._store.put_object(_order(request, bucket), content)

    def put_part(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        """Serve UploadPart."""
        _check_part_number(request)
        upload = self._store.uploads.headers(bucket.name, request.parameter("uploadId") or "")
        check_encryption(signed, upload.get(ENCRYPTION))
        with self._received(request, signed, bucket) as content:
            return self._store.uploads.put_part(_order(request, bucket), content)

    def copy(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        check_key(request.key)
        check_attributes(request.headers, bucket, signed)
        for name in ("metadata", "tagging"):
            directive = request.headers.get(f"x-amz-{name}-directive", "COPY")
            if directive.upper() not in ("COPY", "REPLACE"):
                raise invalid_argument(f"Unknown {name} directive.", f"x-amz-{name}-directive", directive)
        if not bucket.encrypts and changes_nothing(request.headers, bucket.name, request.key):
            raise invalid_request(
                "This copy request is illegal because it is trying to copy an object to itself without "
                "changing the object's metadata, storage class, website redirect location or encryption "
                "attributes."
            )
        return self._store.copy_object(
            _order(request, bucket, **checksums.checksum_of_upload(request.headers))
        )

    def copy_part(self, request: Request, _signed: Signed | None, bucket: Bucket) -> Response:
        """Serve UploadPartCopy."""
        _check_part_number(request)
        return self._store.uploads.copy_part(_order(request, bucket))

    def begin_upload(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        """Serve CreateMultipartUpload."""
        check_key(request.key)
        check_attributes(request.headers, bucket, signed)
        return self._store.uploads.begin(
            _order(request, bucket, **checksums.checksum_of_upload(request.headers))
        )

    def complete_upload(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        try:
            parts = parse_parts(read_document(request, signed))
            completed = self._store.uploads.complete(Order.of(request, bucket, request.headers), parts)
        except S3Error as error:
            if error.code in ("InvalidPart", "InvalidPartOrder"):
                error.elements["UploadId"] = request.parameter("uploadId") or ""
            raise
        content = {
            "Location": request.object_url(request.key),
            "Bucket": request.bucket,
            "Key": request.key,
            "ETag": completed.etag,
        }
        if completed.checksum_value:
            content |= {f"Checksum{completed.checksum_algorithm}": completed.checksum_value}
            content |= {"ChecksumType": completed.checksum_type or ""}
        headers = [("x-amz-version-id", completed.version_id)] if completed.version_id != NULL else []
        if completed.encryption:
            headers.append(("x-amz-server-side-encryption", completed.encryption))
        result = document("CompleteMultipartUploadResult", content, is_qualified=False)
        return Response.of_xml(result, headers)

    def get(self, request: Request, signed: Signed | None, bucket: Bucket) -> Response:
        """Serve GetObject and HeadObject."""
        overrides = _overrides(request, signed)
        check_read(request.headers)
        _check_part_read(request)
        headers = {n: value for n, value in moto_headers(request.headers).items() if not n.startswith("if-")}
        headers["x-amz-checksum-mode"] = "ENABLED"  # moto compares the case; what was not asked for goes
        left_out = ["partNumber"]
        if not bucket.versioning and request.parameter("versionId") == NULL:
            left_out.append("versionId")  # moto finds no version of an object in a bucket without versions
        query = tuple(pair for pair in request.query if pair[0] not in left_out)
        order = Order("HEAD", bucket.name, request.key, query, headers, bucket.region)
        with self._store.look_up(order) as (response, path):
            if response.status != HTTPStatus.OK or path is None:
                return self._missing(Order.of(request, bucket, headers), response)
            check_encryption(signed, response.header(ENCRYPTION))
            condition = unmet(request.headers, response)
            if condition in ("If-None-Match", "If-Modified-Since"):
                response.status, response.length = HTTPStatus.NOT_MODIFIED, 0
                _select_checksums(request, response, is_whole=False)
                return response
            if condition:
                raise refusal("PreconditionFailed", Condition=condition)
            size, part = response.length, ""
            if request.has("partNumber"):
                parts = self._store.parts(order)
                begin, length = _part(request, response, parts)
                if parts and response.header(checksums.TYPE) == checksums.COMPOSITE:
                    _, part = parts[int(request.parameter("partNumber") or 0) - 1]
            else:
                begin, length = _range(request.headers.get("range", ""), response)
            _select_checksums(request, response, part, is_whole=length == size)
            if request.method == "GET":
                response.body = read_range(path, begin, length)
        for name, value in overrides.items():
            response.set_header(name, value)
        return response

    def _missing(self, order: Order, response: Response) -> Response:
        """Return the response to HEAD for a missing object; raise `S3Error` with its headers for GET."""
        if order.method == "HEAD":
            return response
        try:
            if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
                raise refusal("MethodNotAllowed", Method=order.method, ResourceType="DeleteMarker")
            return self._store.read(order)
        except S3Error as error:
            error.headers = [
                pair for pair in response.headers if pair[0].lower().startswith(("allow", "x-amz-"))
            ]
            raise

    @contextmanager
    def _received(
        self, request: Request, signed: Signed | None, bucket: Bucket, algorithm: str | None = None
    ) -> Iterator[Content]:
        """Yield the content of a request, whole and verified; it is removed if the block fails."""
        _check_length(request)
        payload = _payload(request, signed)
        checksum = checksums.claimed_checksum(request.headers) or (
            checksums.Checksum(algorithm) if algorithm else None
        )
        with self._store.new_content(
            bucket.name, checksums.ContentMd5(request.headers.get("content-md5")), checksum
        ) as content:
            content.receive(payload.blocks(), MAX_OBJECT_BYTES)
            _read_trailers(request, payload, checksum)
            if str(content.size) != request.headers.get("x-amz-decoded-content-length", str(content.size)):
                raise refusal("IncompleteBody")
            content.check()
            yield content


def _order(request: Request, bucket: Bucket, **headers: str) -> Order:
    """Return the order to make an object, or a part of one, with further headers."""
    return Order.of(request, bucket, {**stored_headers(request.headers, bucket), **headers})


def read_document(request: Request, signed: Signed | None) -> bytes:
    """Return the body of a request that is a document.

    Raises:
        S3Error: it is too long, or not what was signed, or what a digest says; SlowDown while others take
            the memory for it; MalformedXML, of ACLs MalformedACLError, if it has another root than those of
            its operation.
    """
    document, payload = b"", _payload(request, signed)
    for block in payload.blocks():
        document += block
        if len(document) > MAX_DOCUMENT_BYTES:
            raise refusal("MaxMessageLengthExceeded", MaxMessageLengthBytes=MAX_DOCUMENT_BYTES)
        documents.hold(request, len(document))
    if request.operation.name != "CompleteMultipartUpload":  # whose checksum is the object's
        _check_digests(request, payload, document)
    documents.hold(request, len(document) + TAG_BYTES * (document.count(b"<") + document.count(b"=")))
    selector = next(iter(request.selectors), "")
    if selector in MOST_PIECES:
        check_pieces(document, MOST_PIECES[selector])
    root = ROOTS.get(selector)
    if root and not document and request.method == "PUT" and selector != "acl":
        raise refusal("MissingRequestBodyError")
    if document and root and request.method != "DELETE" and not has_root(document, root):
        raise refusal("MalformedACLError" if selector == "acl" else "MalformedXML")
    return document


def _check_digests(request: Request, payload: ChunkedBody | VerifiedBody, document: bytes) -> None:
    """Raise `S3Error` unless a document has the MD5 and the checksum that its request says."""
    checksum = checksums.claimed_checksum(request.headers)
    _read_trailers(request, payload, checksum)
    for digest in filter(None, (checksums.ContentMd5(request.headers.get("content-md5")), checksum)):
        digest.update(document)
        digest.check()


def _read_trailers(
    request: Request, payload: ChunkedBody | VerifiedBody, checksum: checksums.Checksum | None
) -> None:
    """Take the checksum from the trailers of a body; raise MalformedTrailerError unless it was announced."""
    if {request.headers.get("x-amz-trailer", "").strip().lower()} - {""} != payload.trailers.keys():
        raise refusal("MalformedTrailerError")
    if checksum is not None and checksum.header in payload.trailers:
        checksum.claim(payload.trailers[checksum.header])


def _payload(request: Request, signed: Signed | None) -> ChunkedBody | VerifiedBody:
    if signed is None:
        return open_payload(request.body, UNSIGNED_PAYLOAD, None)
    return open_payload(request.body, signed.payload, signed.signer)


def _check_length(request: Request) -> None:
    """Raise `S3Error` unless the length of the content is announced, and not too large."""
    decoded = request.headers.get("x-amz-decoded-content-length")
    if "transfer-encoding" in request.headers and decoded is None:
        raise refusal("NotImplemented", Header="Transfer-Encoding")
    length = whole_number(decoded or request.headers.get("content-length"))
    is_chunked = request.headers.get(PAYLOAD_HEADER, "").startswith("STREAMING-")
    if length is None or (is_chunked and decoded is None):
        raise refusal("MissingContentLength")
    if length > MAX_OBJECT_BYTES:
        raise refusal("EntityTooLarge", ProposedSize=length, MaxSizeAllowed=MAX_OBJECT_BYTES)


def _check_part_number(request: Request) -> None:
    number = request.parameter("partNumber")
    if not 1 <= (whole_number(number) or 0) <= MAX_PART_NUMBER:
        message = f"Part number must be an integer between 1 and {MAX_PART_NUMBER}, inclusive"
        raise invalid_argument(message, "partNumber", number or "")


def _check_part_read(request: Request) -> None:
    if request.has("partNumber"):
        _check_part_number(request)
        if "range" in request.headers:
            raise invalid_request("Cannot specify both Range header and partNumber query parameter")


def _overrides(request: Request, signed: Signed | None) -> dict[str, str]:
    """Return the headers of the response that the query overrides."""
    parameters = {name: request.parameter(f"response-{name}") for name in SYSTEM}
    overrides = {name: value for name, value in parameters.items() if value is not None}
    if overrides and signed is None:
        raise invalid_request("Request specific response headers cannot be used for anonymous GET requests.")
    return overrides


def _select_checksums(request: Request, response: Response, part: str = "", *, is_whole: bool) -> None:
    """Remove checksums from a response unless they are requested, and are those of its body.

    If the checksum of the object is one of its parts' checksums, a part has its own.
    """
    of_object = [pair for pair in response.headers if pair[0].lower().startswith(checksums.PREFIX)]
    response.headers = [pair for pair in response.headers if pair not in of_object]
    if request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and (part or is_whole):
        response.headers += [
            (name, value if name.lower() == checksums.TYPE else part or value)
            for name, value in of_object
            if name.lower() != f"{checksums.PREFIX}algorithm"
        ]


def _part(request: Request, response: Response, parts: list[tuple[int, str]]) -> tuple[int, int]:
    """Turn the response into that for a part; return begin and length, or raise InvalidPartNumber."""
    number, size = int(request.parameter("partNumber") or 0), response.length
    sizes = [length for length, _ in parts] or [size]
    if number > len(sizes):
        raise refusal("InvalidPartNumber", PartNumberRequested=number, ActualPartCount=len(sizes))
    if parts:
        response.set_header("x-amz-mp-parts-count", str(len(parts)))
    if size:
        begin, length = sum(sizes[: number - 1]), sizes[number - 1]
        response.status, response.length = HTTPStatus.PARTIAL_CONTENT, length
        response.set_header("Content-Range", f"bytes {begin}-{begin + length - 1}/{size}")
        return begin, length
    return 0, 0


def _range(field: str, response: Response) -> tuple[int, int]:
    """Turn the response into that for a range, if any; return begin and length, or raise InvalidRange."""
    size = response.length
    match = _RANGE.fullmatch(field)
    if match is None or match.groups() == ("", ""):
        return 0, size
    first, last = match.groups()
    begin = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < begin:
        return 0, size
    if begin > end:
        raise refusal("InvalidRange", RangeRequested=field, ActualObjectSize=size)
    response.status, response.length = HTTPStatus.PARTIAL_CONTENT, end - begin + 1
    response.set_header("Content-Range", f"bytes {begin}-{end}/{size}")
    return begin, response.length
