"""The extractor that the settings name."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scanner_api.scanning.extraction import Extractor
    from scanner_api.settings import Settings

_VISION: Final = ("PIL", "numpy", "rapidocr")

_log = logging.getLogger(__name__)


def open_extractor(settings: Settings) -> Extractor | None:
    """Return the extractor that is set, or None if photos are not to be read, or cannot be."""
    if settings.extractor == "bedrock":
        from .bedrock import BedrockExtractor  # noqa: PLC0415 -- boto3 is slow to import

        return BedrockExtractor(settings.bedrock_model, settings.bedrock_region)
    if settings.extractor == "none":
        return None
    if not all(map(find_spec, _VISION)):
        _log.warning("photos are not read: the extractor is local, and scanner-api[vision] is not installed")
        return None
    from scanner_api.scanning.extraction.local import LocalExtractor  # noqa: PLC0415 -- not all need it

    return LocalExtractor()
