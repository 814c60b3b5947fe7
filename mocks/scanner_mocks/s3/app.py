"""The WSGI app: put together here."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .archive import Archive
from .authentication import Authenticator
from .backend import Order
from .cors import OPEN
from .front import Front
from .signature import Credential
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def create_app(
    *,
    bucket: str,
    region: str = "us-west-2",
    credentials: Mapping[str, str],
    cors_open: bool = True,
    data_dir: str | Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Front:
    """Return S3 as a WSGI app. moto is there once in a process: making another app empties this one.

    Args:
        bucket: a bucket to begin with.
        region: the region of that bucket.
        credentials: by access key, ``SECRET_KEY[:SESSION_TOKEN[:EXPIRES]]``; each may do everything.
        cors_open: whether the bucket begins with CORS rules that admit every origin.
        data_dir: folder that keeps buckets and objects; None for one that ends with the app.
        now: tells the time, aware.
    """
    folder = Path(data_dir) if data_dir is not None else Path(tempfile.mkdtemp(prefix="scanner-s3-"))
    store = Store(Archive(folder))
    if store.bucket(bucket) is None:
        store.create_bucket(Order("PUT", bucket, region=region))
        if cors_open:
            store.change_bucket(Order("PUT", bucket, "", (("cors", ""),), {}, region, OPEN.document()))
    accepted = {access_key: Credential.parse(text) for access_key, text in credentials.items()}
    app = Front(store, Authenticator(accepted, now), now)
    if data_dir is None:
        weakref.finalize(app, shutil.rmtree, folder, ignore_errors=True)
    return app
