"""What reads a body into the JSON value that its schema is about: JSON, sequences of items, XML."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from contract_first.contract.document.media_types import essence, is_json, is_xml
from contract_first.contract.schemas.schema import Schema

from .decoding import read_json
from .sequences import is_sequence, items_of
from .xml_reader import MOST_ELEMENTS, read_xml


def reader_of(
    media_type: str, holder: Mapping[str, Any], schema: Schema, *, is_bounded: bool = True
) -> Callable[[bytes], Any] | None:
    """Return the reader of a body, which raises BadRequest or PayloadTooLarge; None without a schema.

    Args:
        media_type: as it was sent; without any, a value that no text is, is JSON.
        holder: the Media Type Object that declares it.
        is_bounded: refuse what has too many members or elements, as of strangers.
    """
    kind = essence(media_type)
    if is_json(kind) or not (kind or "string" in schema.types):
        return partial(read_json, where="body", is_bounded=is_bounded)
    if "itemSchema" in holder and is_sequence(kind):
        return partial(items_of, media_type=kind)
    if is_xml(kind) and "string" not in schema.types:  # which is the document, if it may be a text
        most = MOST_ELEMENTS if is_bounded else math.inf
        return partial(read_xml, schema=schema, media_type=media_type, most_elements=most)
    return None
