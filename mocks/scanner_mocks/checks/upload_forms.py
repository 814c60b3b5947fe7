"""Presigned uploads: forms that a response hands out, by which a client puts a file into a bucket."""

import json
import re
from contextlib import suppress
from importlib.resources import files
from typing import Any, Final, NamedTuple

import httpx2

from contract_first.check.target import Target
from contract_first.contract import Contract
from contract_first.service.http.proxies import address_of

FORM: Final = re.compile(r'"(\w*)fields"')
"""The member of a presigned upload with its fields, beside that with its URL, such as ``upload_url``."""
AMAZON_S3: Final = re.compile(r"(^|\.)s3[.-]([a-z0-9-]+\.)*amazonaws\.com(\.cn)?$")
HOST: Final = re.compile(r"[a-z0-9_.:-]+")


def photo() -> bytes:
    """Return a real photo, a small JPEG."""
    return files(__package__).joinpath("photo.jpg").read_bytes()


class UploadForm(NamedTuple):
    """A presigned upload: where to, and the fields of the form that goes there before the file."""

    url: str
    fields: dict[str, str]


def has_forms(contract: Contract) -> bool:
    """Return whether a contract names the members of a presigned upload."""
    text = json.dumps(contract.document)
    return any(f'"{prefix}url"' in text for prefix in FORM.findall(text))


def form_of(value: Any) -> UploadForm | None:
    """Return the presigned upload that a JSON value is, if it is one."""
    for name in value if isinstance(value, dict) else ():
        url, fields = value.get(f"{name.removesuffix('fields')}url"), value[name]
        texts = isinstance(fields, dict) and all(isinstance(value, str) for value in fields.values())
        if name.endswith("fields") and texts and isinstance(url, str):
            return UploadForm(url, fields)
    return None


def post_form(client: httpx2.Client, form: UploadForm, content: bytes) -> httpx2.Response:
    """Post a presigned upload as a browser does: the fields first, the file last."""
    return client.post(form.url, data=form.fields, files={"file": ("photo.jpg", content)})


def may_upload(target: Target, url: str) -> bool:
    """Return whether a photo may be posted to a URL that the target hands out, which can lead anywhere."""
    host, base = host_of(url), host_of(target.url)
    is_own = host in {"", base} or host.endswith(f".{base}") or (_is_loopback(host) and _is_loopback(base))
    return is_own or host in target.upload_hosts or AMAZON_S3.search(host) is not None


def host_of(url: str) -> str:
    """Return the host of a URL as the client reads it; empty if it is relative, or none at all."""
    try:
        return httpx2.URL(url).raw_host.decode("ascii").rstrip(".")
    except httpx2.InvalidURL:
        return ""


def _is_loopback(host: str) -> bool:
    address = address_of(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def upload_photo(target: Target, body: Any) -> None:
    """Put a photo into the presigned upload that a response is, if it is one: what is linked needs it."""
    if (form := form_of(body)) and not target.read_only and may_upload(target, form.url):
        with suppress(httpx2.HTTPError, httpx2.InvalidURL):  # whether it is taken, presigned_upload asks
            post_form(target.client, form, photo())
