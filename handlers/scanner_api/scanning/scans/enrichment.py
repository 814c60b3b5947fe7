"""From findings in photos to proposals: the capture that a photo belongs to, and which findings are new."""

from collections.abc import Sequence
from typing import Final

from scanner_api.scanning.extraction import PhotoValue
from scanner_api.scanning.photos.photo import Photo

from .captures import Capture, CaptureStatus

CATALOGUE: Final = "local_database"
"""Source of a proposal that contradicts the catalogue."""

_LONGEST_QUOTE: Final = 200


def capture_for(photo: Photo, captures: Sequence[Capture]) -> Capture | None:
    """Return the capture that a photo belongs to, or None.

    It is the one that the photo names, else the only one that is linked to a product, else the first that
    is COMPLETED.
    """
    linked = [capture for capture in captures if capture.product_short_id]
    if photo.capture_id is not None:
        candidates = [capture for capture in captures if capture.id == photo.capture_id]
    elif len(linked) == 1:
        candidates = linked
    else:
        candidates = [capture for capture in captures if capture.status is CaptureStatus.COMPLETED]
    return next(iter(candidates), None)


def news(finding: PhotoValue, current_value: str, source: str) -> tuple[PhotoValue, str] | None:
    """Return a finding to propose and its source; None if the product has the value already.

    Labels are set in capitals and in lines, so case and spacing make no difference. The source of a
    contradiction to the catalogue is ``local_database``.
    """
    if _plain(finding.proposed_value) == _plain(current_value):
        return None
    if not current_value:
        return finding, source
    contradiction = f"The catalogue has {_quote(current_value)}, the photo {_quote(finding.proposed_value)}."
    return finding._replace(reasoning=f"{contradiction} {finding.reasoning}"), CATALOGUE


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _quote(text: str) -> str:
    return f'"{text}"' if len(text) <= _LONGEST_QUOTE else f'"{text[:_LONGEST_QUOTE]}..."'
