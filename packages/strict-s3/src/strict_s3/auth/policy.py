"""The policy of a POST form: conditions on its fields and its file.

Names are compared without regard to case, values with it. The form is given with its names in lower case and
with the bucket that it was posted to as the field ``bucket``.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strict_s3.messages.errors import S3Error, access_denied, refusal
from strict_s3.messages.orders import MAX_OBJECT_BYTES

from .relaxed_json import NotJSON, Text, loads

_MEMBERS = ("expiration", "conditions")
_EXEMPT = frozenset({"x-amz-signature", "file", "policy"})
_EXPIRATION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_OPERATORS = ("eq", "starts-with", "content-length-range")


@dataclass(frozen=True, slots=True)
class Condition:
    """``eq`` or ``starts-with`` for a field, or a ``content-length-range``.

    Attributes:
        operator: in lower case.
        operands: as in the policy: ``$name`` and value, or the two ends of the range.
        written: the condition as S3 prints it.
    """

    operator: str
    operands: tuple[str, str]
    written: str

    @property
    def field(self) -> str:
        """The name of the field in lower case; empty if the condition names none."""
        name = self.operands[0]
        return name[1:].lower() if self.operator != "content-length-range" and name.startswith("$") else ""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Return whether the form's fields meet this condition."""
        if self.operator == "content-length-range":
            return all(re.fullmatch(r"-?\d{1,18}", end, re.ASCII) for end in self.operands)
        value = fields.get(self.field)
        if value is None:
            return False
        if self.operator == "eq":
            return value == self.operands[1]
        # Browsers that pick several files send their types as a comma-separated list.
        values = re.split(r",\s*", value) if self.field == "content-type" else [value]
        return all(media_type.startswith(self.operands[1]) for media_type in values)


@dataclass(frozen=True, slots=True)
class Policy:
    """A POST policy: until when it holds, and what it allows."""

    expiration: datetime
    conditions: tuple[Condition, ...]

    def check(self, fields: Mapping[str, str], now: datetime) -> None:
        """Raise `S3Error` unless the policy is in time and allows all these fields and no others."""
        if now >= self.expiration:
            raise _refused("Policy expired.")
        for condition in self.conditions:
            if not condition.holds(fields):
                raise _refused(f"Policy Condition failed: {condition.written}")
        exempt = _EXEMPT if "x-amz-signature" in fields else {*_EXEMPT, "awsaccesskeyid", "signature"}
        extra = fields.keys() - {condition.field for condition in self.conditions} - exempt
        extra = {name for name in extra if not name.startswith("x-ignore-")}
        if extra:
            raise _refused(f"Extra input fields: {', '.join(name for name in fields if name in extra)}")

    @property
    def max_bytes(self) -> int:
        """The size of the largest file that is allowed, in bytes."""
        return min([int(condition.operands[1]) for condition in self._ranges()] + [MAX_OBJECT_BYTES])

    def check_size(self, size: int) -> None:
        """Raise `S3Error` unless a file of this size, in bytes, is allowed."""
        if size > self.max_bytes:
            raise refusal("EntityTooLarge", ProposedSize=size, MaxSizeAllowed=self.max_bytes)
        for condition in self._ranges():
            minimum = int(condition.operands[0])
            if size < minimum:
                raise refusal("EntityTooSmall", ProposedSize=size, MinSizeAllowed=minimum)

    def _ranges(self) -> list[Condition]:
        return [condition for condition in self.conditions if condition.operator == "content-length-range"]


def parse(encoded: str) -> Policy:
    """Read a policy as the form carries it, in base64.

    Raises:
        S3Error: InvalidPolicyDocument, with S3's own sentence for what is wrong.
    """
    document = _document(encoded)
    expiration = _expiration(document["expiration"])
    if not isinstance(document["conditions"], list):
        raise _invalid("Invalid 'conditions' value: must be a List.")
    return Policy(expiration, tuple(_condition(condition) for condition in document["conditions"]))


def _document(encoded: str) -> dict[str, Any]:
    if not encoded:
        raise _invalid("Expecting '{' but found End-of-Input")
    try:
        document = loads(base64.b64decode(encoded.encode(), validate=True).decode())
    except binascii.Error:
        raise _invalid("invalid Base64 encoding.") from None
    except (UnicodeDecodeError, NotJSON):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    for name in document:
        if name not in _MEMBERS:
            raise _invalid(f'Unexpected: "{name}"')
    for name in _MEMBERS:
        if name not in document:
            raise _invalid(f"Policy missing {name}.")
    return document


def _expiration(value: Any) -> datetime:
    if not isinstance(value, str):
        raise _invalid("Invalid JSON.")
    try:
        if _EXPIRATION.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise _invalid(f"Invalid 'expiration' value: '{value}'")


def _condition(condition: Any) -> Condition:
    if isinstance(condition, dict):
        return _simple_condition(condition)
    if isinstance(condition, list):
        return _operation(condition)
    raise _invalid("Invalid condition test: must be a List or Object.")


def _simple_condition(condition: Mapping[Text, Any]) -> Condition:
    if len(condition) != 1:
        raise _invalid(
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
        )
    ((name, value),) = condition.items()
    if not isinstance(value, Text):
        raise _invalid("Invalid Simple-Condition: value must be a string.")
    return Condition("eq", (f"${name}", value), _written("eq", f"${name.written}", value.written))


def _operation(condition: Sequence[Any]) -> Condition:
    if not condition:
        raise _invalid("Invalid Condition: missing operation identifier.")
    operator = str(condition[0]).lower()
    if operator not in _OPERATORS:
        raise _invalid(f"Invalid Condition: unknown operation '{condition[0]}'.")
    if len(condition) != 3:  # noqa: PLR2004 -- the operator and its two operands
        raise _invalid(f"Invalid {operator}: wrong number of arguments.")
    first, second = (_operand(operator, operand) for operand in condition[1:])
    return Condition(operator, (str(first), str(second)), _written(operator, first.written, second.written))


def _operand(operator: str, operand: Any) -> Text:
    if isinstance(operand, Text):
        return operand
    if operator != "content-length-range" or isinstance(operand, bool) or not isinstance(operand, int):
        raise _invalid("Invalid JSON.")
    number = Text(operand)
    number.written = str(operand)
    return number


def _written(*parts: str) -> str:
    return "[" + ", ".join(f'"{part}"' for part in parts) + "]"


def _invalid(message: str) -> S3Error:
    return S3Error(400, "InvalidPolicyDocument", f"Invalid Policy: {message}")


def _refused(message: str) -> S3Error:
    return access_denied(f"Invalid according to Policy: {message}")
