"""Files that were sent in forms, each stored below the path of its item, with which it is removed."""

from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Final, NamedTuple

from starlette.datastructures import UploadFile

from contract_first.recognition import Collection
from contract_first.service.messages.problems import PayloadTooLarge, ServiceUnavailable

from .store import MOST_IN_ITEM, ItemStore
from .views import Item

MOST_BYTES: Final = MOST_IN_ITEM // 4 * 3 - 1024
"""Of a file that is kept, which takes a third more in Base64."""


class File(NamedTuple):
    """A file as it was sent; the media type is empty without one."""

    media_type: str
    content: bytes


def sent(upload: UploadFile) -> File:
    """Return a file of a form, as far as one is kept."""
    upload.file.seek(0)
    return File(upload.content_type or "", upload.file.read(MOST_BYTES + 1))


def keep(store: ItemStore, collection: Collection, item: Item, file: File) -> None:
    """Keep a file as an item's, instead of an earlier one; one that has no room is not kept."""
    for stored in _stored(store, collection, item):
        store.remove(stored)
    if len(file.content) > MOST_BYTES:
        return
    value = {"type": file.media_type, "content": b64encode(file.content).decode()}
    above = "/".join(collection.item.segments)
    with suppress(PayloadTooLarge, ServiceUnavailable):
        store.add(_name(collection), item.key, {**item.parents, above: item.key}, value)


def file_of(store: ItemStore, collection: Collection, item: Item) -> File | None:
    """Return the file that was sent with an item; None without one."""
    values = (stored.value for stored in _stored(store, collection, item))
    return next((File(value["type"], b64decode(value["content"])) for value in values), None)


def _stored(store: ItemStore, collection: Collection, item: Item) -> list[Item]:
    stored = store.keyed(_name(collection), item.key)
    return [candidate for candidate in stored if candidate.parents.items() >= item.parents.items()]


def _name(collection: Collection) -> str:
    return f"{collection.item_path}#file"
