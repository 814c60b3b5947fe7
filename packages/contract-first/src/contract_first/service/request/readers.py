"""What reads a body into the JSON value that its schema is about: JSON, sequences of items, XML."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from contract_first.contract.document.media_types import essence, is_json, is_xml
from contract_first.contract.schemas.schema import Schema

from .decoding import LIMITS, read_json
from .json_bounds import JsonCount, JsonLimits
from .sequences import count_of_items, is_sequence, items_of
from .xml_reader import read_xml


def reader_of(
    media_type: str, holder: Mapping[str, Any], schema: Schema, limits: JsonLimits | None = LIMITS
) -> Callable[[bytes], Any] | None:
    """Return the reader of a body, which raises BadRequest or PayloadTooLarge; None without a schema.

    Args:
        media_type: as it was sent; without any, a value that no text is, is JSON.
        holder: the Media Type Object that declares it.
        limits: of JSON and XML; None for a body that is not a stranger's.
    """
    kind = essence(media_type)
    if _holds_json(kind, schema):
        return partial(read_json, where="body", limits=limits)
    if "itemSchema" in holder and is_sequence(kind):
        return partial(items_of, media_type=kind, limits=limits)
    if is_xml(kind) and "string" not in schema.types:  # which is the document, if it may be a text
        return partial(read_xml, schema=schema, media_type=media_type, limits=limits)
    return None


def count_of(
    media_type: str, holder: Mapping[str, Any], schema: Schema, limits: JsonLimits
) -> JsonCount | None:
    """Return what counts members and items while a body comes in; None if it holds no JSON."""
    kind = essence(media_type)
    if _holds_json(kind, schema):
        return JsonCount(limits, "body")
    return count_of_items(kind, limits) if "itemSchema" in holder and is_sequence(kind) else None


def _holds_json(kind: str, schema: Schema) -> bool:
    return is_json(kind) or not (kind or "string" in schema.types)
