"""A photo in the gallery of a session."""

from collections.abc import Sequence
from datetime import datetime

import msgspec


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A registered photo as it is stored.

    Attributes:
        id: 22-character shortuuid.
        s3_key: object key, as it was issued for the session.
        file_size: bytes, as S3 has them.
        media_type: as S3 has it.
        sort_order: place in the gallery, dense from 0.
        capture_id: the barcode capture that the photo belongs to, if any.
    """

    id: str
    session_id: str
    photo_type: str
    s3_key: str
    original_filename: str
    file_size: int
    media_type: str
    sort_order: int
    metadata: dict[str, str]
    created: datetime
    capture_id: str | None = None


class OrderError(ValueError):
    """A new order that is not exactly the gallery's photos, each once.

    Attributes:
        missing: photos of the gallery that the order leaves out.
        extra: ids that are no photos of the gallery.
        repeated: ids that stand in the order more than once.
    """

    def __init__(self, missing: Sequence[str], extra: Sequence[str], repeated: Sequence[str]) -> None:
        self.missing, self.extra, self.repeated = tuple(missing), tuple(extra), tuple(repeated)
        super().__init__("An order names each photo of the gallery exactly once.")


def check_order(gallery: Sequence[str], order: Sequence[str]) -> None:
    """Raise OrderError unless the order has each id of the gallery exactly once."""
    ordered = set(order)
    missing = [photo for photo in gallery if photo not in ordered]
    extra = sorted(ordered.difference(gallery))
    repeated = sorted(photo for photo in ordered.intersection(gallery) if order.count(photo) > 1)
    if missing or extra or repeated:
        raise OrderError(missing, extra, repeated)
