"""The front: every request to S3 is judged here before moto hears of it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any

from .access import ACL_PERMISSIONS, action_of, verdict
from .answer import Answer
from .attributes import check_acl, handed_over
from .backend import Order
from .body import BodyCutShort
from .cors import granted, preflight
from .errors import (
    S3Error,
    access_denied,
    incomplete_body,
    internal_error,
    no_such_bucket,
    not_implemented,
    request_timeout,
)
from .exchanges import described
from .faults import Dropped, PacedBody, S3Faults
from .objects import Objects, read_document
from .post_object import PostObject
from .request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from scanner_api.clock import Clock

    from .authentication import Authenticator, Signed
    from .backend import Bucket
    from .request_ids import RequestIds
    from .store import Store

_log = logging.getLogger(__name__)
_NOT_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SUBRESOURCES = ("acl", "tagging", "legal-hold")
_NOT_IMPLEMENTED = ("retention", "torrent", "select", "restore", "renameObject", "encryption")


class Front:
    """S3 as a WSGI app.

    Args:
        store: the buckets and objects.
        authenticator: verifies signatures.
        clock: tells the time.
        ids: makes the ids of requests.
        report: is told of every exchange.

    Attributes:
        faults: what goes wrong on purpose.
    """

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        clock: Clock,
        ids: RequestIds,
        report: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.store = store
        self._clock = clock
        self._ids = ids
        self.faults = S3Faults()
        self._authenticator = authenticator
        self._objects = Objects(store)
        self._post_object = PostObject(store, authenticator, clock, self.faults)
        self._report = report

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request.

        Raises:
            Dropped: a fault wants the connection closed.
        """
        begun = monotonic()
        request_id, host_id = self._ids.draw()
        request = Request.from_environ(environ)
        answer = self._answer(request, request_id, host_id)
        if answer is None:
            self._tell(request, Answer(0), [], begun)
            raise Dropped
        status = HTTPStatus(answer.status)
        fields = [
            ("x-amz-id-2", host_id),
            ("x-amz-request-id", request_id),
            ("Date", formatdate(self._clock.now().timestamp(), usegmt=True)),
            ("Server", "AmazonS3"),
            *((name, _NOT_IN_HEADER.sub(" ", value)) for name, value in answer.headers),
        ]
        without_body = status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        if not without_body:
            fields.append(("Content-Length", str(answer.length)))
        self._tell(request, answer, fields, begun)
        start_response(f"{status.value} {status.phrase}", fields)
        return () if without_body or environ["REQUEST_METHOD"] == "HEAD" else answer.body

    def reset(self) -> None:
        """Be as in the beginning with an empty archive."""
        self._ids.begin_again()
        self.store.reset()

    def close(self) -> None:
        """Forget everything that is not in the archive."""
        self.store.close()

    def _answer(self, request: Request, request_id: str, host_id: str) -> Answer | None:
        try:
            if self.faults.may_strike(request):
                request = replace(request, body=PacedBody(request.body))
            with self.faults.around(request):
                answer = self._judge(request)
        except S3Error as error:
            answer = Answer.of_error(error, request_id, host_id)
        except BodyCutShort:
            answer = Answer.of_error(incomplete_body(), request_id, host_id)
        except TimeoutError:
            answer = Answer.of_error(request_timeout(), request_id, host_id)
        except Dropped:
            return None
        except Exception:  # noqa: BLE001 -- whatever it is, the client gets an answer, and the log the cause
            _log.exception("S3 failed at request %s", request_id)
            answer = Answer.of_error(internal_error(), request_id, host_id)
        if request.method != "OPTIONS" and request.origin:
            bucket = self.store.bucket(request.bucket)
            answer.headers += granted(bucket.cors, request.headers, request.method) if bucket else []
        return answer

    def _tell(self, request: Request, answer: Answer, headers: list[tuple[str, str]], begun: float) -> None:
        if self._report is not None:
            self._report(described(request, answer, headers, monotonic() - begun))

    def _judge(self, request: Request) -> Answer:
        if not request.is_utf8:
            raise S3Error(400, "InvalidURI", "Couldn't parse the specified URI.")
        if request.method == "OPTIONS":
            return self._preflight(request)
        if request.is_form:
            return self._post_object(request)
        bucket = self.store.bucket(request.bucket)
        signed = self._authenticator.authenticate(request, bucket.region if bucket else None)
        request = request.unsigned()
        if not request.bucket:
            return self._list_buckets(request, signed)
        if bucket is None:
            return self._create_bucket(request, signed)
        self._authorize(request, signed, bucket)
        if request.key:
            return self._answer_object(request, signed, bucket)
        return self._answer_bucket(request, signed, bucket)

    def _preflight(self, request: Request) -> Answer:
        bucket = self.store.bucket(request.bucket)
        rules = bucket.cors if bucket else None
        resource_type = "OBJECT" if request.key else "BUCKET"
        return Answer(HTTPStatus.OK, preflight(rules, request.headers, resource_type))

    def _authorize(self, request: Request, signed: Signed | None, bucket: Bucket) -> None:
        """Raise AccessDenied unless the caller may; who signs may what is not denied to everyone."""
        action = action_of(request.method, request.key, [name for name, _ in request.query])
        judged = verdict(bucket.policy, action, bucket.name, request.key)
        changes_policy = request.asks_for("policy")
        if judged == "Deny" and not (signed and changes_policy):
            raise access_denied()
        if signed is None and judged != "Allow" and not self._granted_by_acl(request, action, bucket):
            raise access_denied()

    def _granted_by_acl(self, request: Request, action: str, bucket: Bucket) -> bool:
        permission = ACL_PERMISSIONS.get(action)
        if not request.key or permission == "WRITE":
            return permission in bucket.public
        public = self.store.public_permissions(bucket.name, request.key, request.parameter("versionId"))
        if public is None and "READ" in bucket.public:
            # Who may list the bucket is told that the object is missing.
            return True
        return permission in (public or ())

    def _list_buckets(self, request: Request, signed: Signed | None) -> Answer:
        if signed is None:
            raise access_denied()
        return self.store.ask(Order(request.method, "", "", request.query, request.headers))

    def _create_bucket(self, request: Request, signed: Signed | None) -> Answer:
        if request.method != "PUT" or request.key or request.query:
            raise no_such_bucket(request.bucket)
        if signed is None:
            raise access_denied()
        body = read_document(request, signed)
        order = Order("PUT", request.bucket, "", (), handed_over(request.headers), signed.region, body)
        return self.store.create_bucket(order)

    def _answer_bucket(self, request: Request, signed: Signed | None, bucket: Bucket) -> Answer:
        headers = handed_over(request.headers)
        if request.method in ("GET", "HEAD"):
            return self.store.ask(_order(request, bucket, headers))
        if request.method not in ("PUT", "DELETE", "POST"):
            raise _not_allowed(request)
        order = _order(request, bucket, headers, read_document(request, signed))
        if request.method == "PUT" and not request.query:
            return self.store.create_bucket(replace(order, region=signed.region if signed else bucket.region))
        return self.store.change_bucket(order)

    def _answer_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Answer:
        answers = {
            "GET": self._read_object,
            "HEAD": self._read_object,
            "PUT": self._put_object,
            "POST": self._post_to_object,
            "DELETE": self._delete_object,
        }
        if request.method not in answers:
            raise _not_allowed(request)
        if request.asks_for(*_NOT_IMPLEMENTED):
            raise not_implemented()
        return answers[request.method](request, signed, bucket)

    def _read_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Answer:
        if request.asks_for(*_SUBRESOURCES, "uploadId", "attributes", "partNumber"):
            return self.store.ask(_order(request, bucket, handed_over(request.headers)))
        return self._objects.get(request, signed, bucket)

    def _put_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Answer:
        copies = "x-amz-copy-source" in request.headers
        if request.asks_for("uploadId"):
            if copies:
                return self._objects.copy_part(request, bucket)
            return self._objects.put_part(request, signed, bucket)
        if request.asks_for(*_SUBRESOURCES):
            check_acl(request.headers, bucket)
            document = read_document(request, signed)
            return self.store.change_object(_order(request, bucket, handed_over(request.headers), document))
        if copies:
            return self._objects.copy(request, bucket)
        return self._objects.put(request, signed, bucket)

    def _post_to_object(self, request: Request, signed: Signed | None, bucket: Bucket) -> Answer:
        if request.asks_for("uploads"):
            return self._objects.begin_upload(request, bucket)
        if request.asks_for("uploadId"):
            return self._objects.complete_upload(request, signed, bucket)
        raise _not_allowed(request)

    def _delete_object(self, request: Request, _signed: Signed | None, bucket: Bucket) -> Answer:
        order = _order(request, bucket, handed_over(request.headers))
        if request.asks_for("uploadId"):
            return self.store.uploads.abort(order)
        return self.store.change_object(order)


def _order(request: Request, bucket: Bucket, headers: Mapping[str, str], body: bytes = b"") -> Order:
    return Order(request.method, bucket.name, request.key, request.query, headers, bucket.region, body)


def _not_allowed(request: Request) -> S3Error:
    message = "The specified method is not allowed against this resource."
    elements = {"Method": request.method, "ResourceType": "OBJECT" if request.key else "BUCKET"}
    return S3Error(405, "MethodNotAllowed", message, elements)
