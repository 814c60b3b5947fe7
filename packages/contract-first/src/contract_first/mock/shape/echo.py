"""What a response repeats of its request: members of the body, what a form says of its file, the path."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile

from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.contract.schemas.violations import holds_more
from contract_first.generation import Generator
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain, words_of

from .fields import Place
from .record import Record, readable

MOST_REPAIRED = 100
"""Values in a member of a body that is repaired to conform."""


class Echo:
    """Repeats members of a request's body in a response.

    Args:
        name: another name, other values where a member is repaired.
    """

    def __init__(self, generator: Generator, name: str) -> None:
        self._generator, self._name = generator, name

    def members(
        self, body: dict[str, Any], members: Mapping[str, Schema], value: dict[str, Any]
    ) -> dict[str, Any]:
        """Return an object with the members of a request's body that it may have."""
        echoed = dict(value)
        for name, member in body.items():
            if name in members:
                candidate = self._member(member, value.get(name), members[name])
                if members[name].conforms(candidate):
                    echoed[name] = candidate
                elif isinstance(candidate, dict | list) and not holds_more(candidate, MOST_REPAIRED):
                    repaired = self._generator.repaired(members[name], candidate, self._name)
                    echoed |= {} if repaired is MISSING else {name: repaired}
        return echoed

    def _member(self, member: Any, value: Any, schema: Schema) -> Any:
        """Return what a member of a body is in a response: without what that does not show."""
        if isinstance(member, list):
            return [self._member(item, None, schema.items) for item in member]
        if isinstance(member, dict) and schema.members:
            value = value if isinstance(value, dict) else {}
            return self.members(member, readable(schema.members_of(value or member)), value)
        return member


def without_files(body: Any) -> Any:
    """Return a request's body without its files, and with what it says of the one file of a form."""
    if not isinstance(body, dict) or not any(isinstance(part, UploadFile) for part in body.values()):
        return body
    parts = {name: part for name, part in body.items() if not isinstance(part, UploadFile)}
    return {**about_file(body), **parts}


def upload_in(body: Any) -> UploadFile | None:
    """Return the one file of a form; None without one, or with several."""
    files = [part for part in body.values() if isinstance(part, UploadFile)] if isinstance(body, dict) else []
    return files[0] if len(files) == 1 else None


def about_file(body: Any) -> Mapping[str, Any]:
    """Return what the one file of a form says of the item that it belongs to."""
    file = upload_in(body)
    if file is None:
        return {}
    names = dict.fromkeys(("name", "filename"), file.filename)
    sizes = dict.fromkeys(("size", "bytes"), file.size)
    types = dict.fromkeys(("content_type", "mime_type"), file.content_type)
    return {name: value for name, value in {**names, **sizes, **types}.items() if value is not None}


def members_of_path(path: str, places: list[Place], record: Record) -> dict[Place, str]:
    """Return the member for each path parameter: of its name, and where that ends the path, of its last word.

    There, ``id`` is the member of a parameter that no other is named by.
    """
    by_name = {plain(name): name for name in record.members}
    in_path = {}
    for place, name in places:
        if place == "path":
            ends = path.rstrip("/").endswith(f"{{{name}}}") and not record.is_list
            spellings = [plain(name), *words_of(name)[-1:], "id"] if ends else [plain(name)]
            member = next((by_name[spelling] for spelling in spellings if spelling in by_name), None)
            # of a list it identifies what the list belongs to, not each of its items
            if member is not None and not (record.is_list and member in Meaning.IDENTIFIER):
                in_path[place, name] = member
    return in_path
