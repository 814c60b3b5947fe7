"""Lists that a patch makes longer or shorter: what stands around them is changed with them."""

from typing import Any

from contract_first.contract import Contract, Operation
from contract_first.contract.document.media_types import essence
from contract_first.contract.schemas.schema import Schema
from contract_first.mock.shape.envelopes import ListPage, enclosed
from contract_first.mock.shape.pages import first_page
from contract_first.service.messages.response import Rendered
from contract_first.vocabulary.members import Meaning
from contract_first.vocabulary.words import plain


class ListAgreement:
    """Counts, and facts of pages, that agree with a patched list, which is the whole list from then on.

    Args:
        response: that is patched.
    """

    def __init__(self, response: Rendered, operation: Operation | None, contract: Contract) -> None:
        self._operation = operation
        self._schema = schema_of(response, operation, contract)

    def agreed(self, before: Any, after: Any) -> Any:
        """Return a JSON value after a patch with the facts that follow from its list."""
        if self._schema is None or self._operation is None or not isinstance(before, dict):
            return after
        members = after.items() if isinstance(after, dict) else ()
        lengths = {name: len(member) for name, member in before.items() if isinstance(member, list)}
        lists = {name: len(member) for name, member in members if isinstance(member, list)}
        changed = [name for name in lists if lists[name] != lengths.get(name)]
        if len(changed) != 1:
            return after
        items, number = after[changed[0]], first_page(self._operation, self._schema)
        page = ListPage(items, 0, _size_in(before) or len(items), len(items), number, "", "", "")
        return enclosed(after, self._schema, page, changed[0])


def _size_in(value: dict[str, Any]) -> int | None:
    """Return the size of a page as an object, or one in it, has it; None without one."""
    for name, member in value.items():
        if isinstance(member, dict) and (size := _size_in(member)) is not None:
            return size
        if type(member) is int and plain(name) in Meaning.SIZE:
            return member
    return None


def schema_of(response: Rendered, operation: Operation | None, contract: Contract) -> Schema | None:
    """Return the schema that an operation has for the body of a response, None without one."""
    fields = dict(response.headers)
    kind = essence(fields.get(b"content-type", b"").decode("latin-1"))
    content = ((operation and operation.response_for(response.status)) or {}).get("content", {})
    holder = next((holder for key, holder in content.items() if essence(key) == kind), None)
    return None if holder is None else contract.schemas.for_responses.in_media_type(holder)
