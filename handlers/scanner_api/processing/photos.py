"""Photos out of the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanner_api.scanning.extraction import ExtractionError
from scanner_api.storage.photo_bucket import ObjectTooLarge

if TYPE_CHECKING:
    from scanner_api.storage.photo_bucket import PhotoBucket


async def read_photo(bucket: PhotoBucket, key: str, most_bytes: int) -> bytes:
    """Return a photo's file.

    Raises:
        ExtractionError: it is not in the bucket any more, or too large.
        ServiceUnavailable: S3 does not answer.
    """
    try:
        content = await bucket.get(key, most_bytes)
    except ObjectTooLarge as error:
        raise ExtractionError(str(error)) from error
    if content is None:
        raise ExtractionError("The photo is not in the bucket any more.")
    return content
