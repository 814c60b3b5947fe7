"""A presigned upload takes a photo, and nothing but what was signed."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import httpx2

from contract_first.check.checks import Severity
from contract_first.check.checks.check import CheckFailure, NothingToCheck, RunCheck, json_of
from contract_first.check.checks.links import Step, steps
from contract_first.check.checks.samples import NoResponse
from contract_first.check.target import Target

from .upload_forms import HOST, UploadForm, form_of, has_forms, host_of, may_upload, photo, post_form

LARGEST_UPLOAD: Final = 64 * 1024**2
"""Bytes; a limit that is higher is not tried."""
LONGEST_WAIT_SECONDS: Final = 90
SIGNATURES: Final = ("x-amz-signature", "signature")


class PresignedUpload(RunCheck):
    """Uploads a photo with a form of each operation that hands one out, then with the form spoiled."""

    name = "presigned_upload"
    sentence = "A presigned upload takes a photo, and nothing but what was signed."
    rules: ClassVar[dict[str, str]] = {
        "photo": "the form as it was handed out takes a real photo",
        "key": "another key is refused",
        "type": "another Content-Type is refused",
        "size": "the policy limits the size, and one byte more is refused",
        "signature": "an altered signature is refused",
        "policy": "an altered policy, such as one with a later expiration, is refused",
        "expired": "the form is refused once its time is over",
    }
    change = "Sign these conditions into the policy."
    severity = Severity.CRITICAL
    source = "Amazon S3, POST policies"

    @classmethod
    def missing(cls, target: Target) -> str:
        """Return the finding that no form is available, if so."""
        if target.read_only:
            return "uploads are not read-only"
        return "" if has_forms(target.contract) else "the contract has no presigned uploads"

    def run(self) -> Iterator[CheckFailure]:
        """Yield each form that is refused unspoiled, or taken spoiled."""
        tried, elsewhere = 0, ""
        for step in steps(self.target, self.samples):
            if step.operation.method == "get" and step.operation in self.target.operations:
                try:
                    fetched = self.samples.send(step.case(self.samples), self.target.headers)
                except NoResponse:
                    continue
                response = json_of(fetched.content)
                form = form_of(response)
                if form and (may_upload(self.target, form.url) or not HOST.fullmatch(host_of(form.url))):
                    tried += 1
                    yield from self._try(step, form, response.get("expires_in"))
                elif form:
                    host = host_of(form.url)
                    elsewhere = f"a form is for {host}, which gets a photo only with --upload-host {host}"
                    self.note(f"photo: untried, {elsewhere}")
        if not tried:
            raise NothingToCheck(elsewhere or "no form was handed out")

    def _try(self, step: Step, form: UploadForm, seconds: Any) -> Iterator[CheckFailure]:
        label = step.operation.label
        response = self._post(form)
        if response is None or not response.is_success:
            yield self.failure("photo", f"the photo got {_described(response)}", label, response)
        if response is not None:
            for rule, spoiled in _spoiled(form.fields):
                yield from self._refused(rule, label, self._post(form._replace(fields=spoiled)))
            yield from self._try_size(form, label)
            yield from self._try_expired(form, label, seconds)

    def _try_size(self, form: UploadForm, label: str) -> Iterator[CheckFailure]:
        limit = _largest(form.fields)
        if limit is None:
            yield self.failure("size", "the policy has no content-length-range", label)
        elif limit >= LARGEST_UPLOAD:
            self.note(f"size: untried, the limit is {limit} bytes")
        else:
            content = photo().ljust(limit + 1, b"\0")
            yield from self._refused("size", label, self._post(form, content))

    def _try_expired(self, form: UploadForm, label: str, seconds: Any) -> Iterator[CheckFailure]:
        longest = min(LONGEST_WAIT_SECONDS, self.target.remaining() / 2)  # the rest is for later callers
        if type(seconds) is not int or not 0 <= seconds < longest:
            message = f"the form is good for {seconds} s, so only its policy was sent with a later expiration"
            self.note(f"expired: untried, {message}")
            return
        self.target.sleep(seconds + 1)
        self.note(f"expired: the form was sent again after {seconds + 1} s")
        yield from self._refused("expired", label, self._post(form))

    def _post(self, form: UploadForm, content: bytes | None = None) -> httpx2.Response | None:
        """Post a form, and return the response; None if the connection ends without one."""
        if not may_upload(self.target, form.url):
            return None  # that is no host at all
        try:
            return post_form(self.target.client, form, content or photo())
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return None

    def _refused(self, rule: str, label: str, response: httpx2.Response | None) -> Iterator[CheckFailure]:
        if response is not None and not response.is_client_error:
            yield self.failure(
                rule, f"the response was {_described(response)}, not a refusal", label, response
            )


def _spoiled(fields: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the fields with one of them altered, and the rule that it violates."""
    names = {name.lower(): name for name in fields}
    if "key" in names:
        yield "key", {**fields, names["key"]: fields[names["key"]] + ".other"}
    if "content-type" in names:
        yield "type", {**fields, names["content-type"]: "text/html"}
    else:
        yield "type", {**fields, "Content-Type": "text/html"}
    for name in SIGNATURES:
        if name in names:
            signature = fields[names[name]]
            altered = ("0" if signature[:1] != "0" else "1") + signature[1:]
            yield "signature", {**fields, names[name]: altered}
    if (later := _with_later_expiration(fields)) is not None:
        yield "policy", {**fields, names["policy"]: later}


def _policy(fields: Mapping[str, str]) -> dict[str, Any]:
    encoded = next((value for name, value in fields.items() if name.lower() == "policy"), "")
    try:
        policy = json.loads(base64.b64decode(encoded))
    except (binascii.Error, ValueError):
        return {}
    return policy if isinstance(policy, dict) else {}


def _with_later_expiration(fields: Mapping[str, str]) -> str | None:
    policy = _policy(fields)
    if not policy:
        return None
    return base64.b64encode(json.dumps({**policy, "expiration": "2999-12-31T00:00:00Z"}).encode()).decode()


def _largest(fields: Mapping[str, str]) -> int | None:
    """Return the largest file that the policy takes, in bytes."""
    conditions = _policy(fields).get("conditions")
    for condition in conditions if isinstance(conditions, list) else ():
        match condition:
            case [str(operator), _, int(most)] if operator.lower() == "content-length-range":
                return most
    return None


def _described(response: httpx2.Response | None) -> str:
    return "by nothing" if response is None else f"{response.status_code} {response.text[:200]}".strip()
