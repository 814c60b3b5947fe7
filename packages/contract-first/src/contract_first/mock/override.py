"""What an override sends: a response, or a patch of the one that would have been sent."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from contract_first.contract.document import pointers

FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers that say how a message is sent: the server's."""
OF_MOCKS = ("access-control-", "x-mock-")
"""What the names of headers begin with that a mock adds; an upstream's own are not passed on."""
OF_PROXIES = ("x-contract-violations", "x-contract-violation")
"""Names of the headers that a proxy adds, the count first; an upstream's own are not passed on."""
TEXT = "text/plain; charset=utf-8"

Status = Annotated[int, Meta(ge=200, le=599)]
Body = Annotated[str, Meta(max_length=16 * 1024 * 1024)]
Pointer = Annotated[str, Meta(pattern="^(/.*)?$")]
FIELDS = Meta(extra_json_schema={"allOf": [{"$ref": "#/components/schemas/HeaderFields"}]})


class Respond(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A response.

    Attributes:
        status: by default that of the operation's success.
        headers: values by name.
        body: a JSON value.
        text: a body as it is.
        base64: a body of bytes.
        file: in a file of rules: a file in its folder; once it is read, it is ``text`` or ``base64``.
        example: name of an example of the contract.
        templates: false to send texts as they are, braces and all.
    """

    status: Status | None = None
    headers: Annotated[dict[str, str], FIELDS] = {}
    body: Any | UnsetType = UNSET
    text: Body | UnsetType = UNSET
    base64: Body | UnsetType = UNSET
    file: Annotated[str, Meta(min_length=1, max_length=1000)] | UnsetType = UNSET
    example: Annotated[str, Meta(min_length=1, max_length=300)] | UnsetType = UNSET
    templates: bool = True

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with it: JSON pointer, and a sentence."""
        bodies = [name for name in BODIES if getattr(self, name) is not UNSET]
        if len(bodies) > 1:
            yield f"/{bodies[1]}", f"there is a body already, in {bodies[0]}; choose one"
        yield from _framing(self.headers)
        if "file" in bodies:
            yield "/file", "is read for the rules of a file alone, and from its folder; try text or base64"
        try:
            b64decode(self.base64 or "", validate=True)
        except (Base64Error, ValueError) as error:
            yield "/base64", f"is not Base64: {error}"

    def content(self) -> tuple[bytes, str]:
        """Return the body and its media type, which is empty where there is no body."""
        if self.body is not UNSET:
            return msgspec.json.encode(self.body), "application/json"
        if self.base64 is not UNSET:
            return b64decode(self.base64), "application/octet-stream"
        return (b"", "") if self.text is UNSET else (self.text.encode(), TEXT)


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A patch of a response.

    Attributes:
        status: by default that of the response.
        headers: values by name; null for none.
        body: a JSON Merge Patch (RFC 7396).
        members: values by JSON pointer; ``-`` is behind the last item of an array.
    """

    status: Status | None = None
    headers: Annotated[dict[str, str | None], FIELDS] = {}
    body: Any | UnsetType = UNSET
    members: Annotated[dict[Pointer, Any], Meta(max_length=1000)] = {}

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with it: JSON pointer, and a sentence."""
        yield from _framing(self.headers)

    @property
    def is_of_body(self) -> bool:
        """Whether it changes the body."""
        return self.body is not UNSET or bool(self.members)

    def patched(self, content: bytes, agreed: Callable[[Any, Any], Any]) -> bytes:
        """Return a body with its members changed.

        Args:
            agreed: returns a value after the patch with what follows from it, given the value before.

        Raises:
            ValueError: it is not JSON, or has no place for a member.
        """
        try:
            before = msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise ValueError("the response that would have been sent is not JSON") from None
        value = self._applied(msgspec.json.decode(content), self.members)
        unnamed = agreed(before, value)
        if unnamed is not value:  # what the patch names is as the patch has it
            there = {
                pointer: member for pointer, member in self.members.items() if not pointer.endswith("/-")
            }
            value = self._applied(unnamed, there)
        return msgspec.json.encode(value)

    def _applied(self, value: Any, members: Mapping[str, Any]) -> Any:
        if self.body is not UNSET:
            value = merged(value, self.body)
        for pointer, member in members.items():
            value = _with_member(value, pointer, member)
        return value


def text_or_base64(content: bytes) -> dict[str, str]:
    """Return the member of a response that has a body: its text, or else Base64."""
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode()}


BODIES = ("body", "text", "base64", "file", "example")


def merged(value: Any, patch: Any) -> Any:
    """Return a JSON value after a JSON Merge Patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, member in patch.items():
        if member is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), member)
    return result


def _with_member(value: Any, pointer: str, member: Any) -> Any:
    holder = {"": value}
    *above, last = ["", *pointers.split(pointer)]
    try:
        parent = pointers.descend(holder, above)
        if isinstance(parent, list) and last == "-":
            parent.append(member)
        elif isinstance(parent, list):
            parent[[str(index) for index in range(len(parent))].index(last)] = member
        else:
            parent[last] = member
    except (LookupError, TypeError, ValueError):
        raise ValueError(f"the response that would have been sent has no place for {pointer}") from None
    return holder[""]


def _framing(headers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in headers:
        if name.lower() in FRAMING:
            yield pointers.join("/headers", name), "is set by the server"
