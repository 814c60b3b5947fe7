"""Lifecycle rules, and the date on which they let an object expire; nothing expires here."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as ET

from strict_s3.messages.clock import time_of
from strict_s3.messages.errors import invalid_argument, invalid_request
from strict_s3.messages.integers import whole_number

_MAX_ID_LENGTH = 255
_ACTIONS = (
    "Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition",
    "AbortIncompleteMultipartUpload",
)  # fmt: skip


def check_rules(root: ET.Element, _bucket: object) -> None:
    """Raise `S3Error` unless a document can be put: MalformedXML, InvalidArgument, InvalidRequest."""
    rules = root.findall("Rule")
    for rule in rules:
        _check(rule)
    ids = [text for rule in rules if (text := rule.findtext("ID"))]
    if len(set(ids)) < len(ids):
        raise invalid_argument("Rule ID must be unique. Found same ID for more than one rule")


def _check(rule: ET.Element) -> None:
    if len(rule.findtext("ID", "")) > _MAX_ID_LENGTH:
        raise invalid_argument(f"ID length should not exceed allowed limit of {_MAX_ID_LENGTH}")
    if all(rule.find(action) is None for action in _ACTIONS):
        raise invalid_request("At least one action needs to be specified in a rule")
    days = rule.findtext("Expiration/Days")
    if days is not None and not whole_number(days):
        raise invalid_argument("'Days' for Expiration action must be a positive integer")
    for action in ("Expiration", "Transition"):
        for date in rule.findall(f"{action}/Date"):
            time = time_of(date.text or "")
            if time and time.time() != datetime.min.time():
                raise invalid_argument("'Date' must be at midnight GMT")


def expiration(key: Any, tags: Mapping[str, str], rules: Iterable[Any]) -> str:
    """Return the value of ``x-amz-expiration`` for an object; empty if no rule lets it expire."""
    expiring = [
        (time, rule.id) for rule in rules if _concerns(rule, key, tags) and (time := _expiry(rule, key))
    ]
    if not expiring:
        return ""
    time, rule_id = min(expiring)
    return f'expiry-date="{format_datetime(time, usegmt=True)}", rule-id="{rule_id}"'


def _concerns(rule: Any, key: Any, tags: Mapping[str, str]) -> bool:
    required, prefixes = {}, [rule.prefix]
    if rule.filter is not None:
        both = rule.filter.and_filter
        prefixes += [rule.filter.prefix, both.prefix if both else None]
        required = {rule.filter.tag_key: rule.filter.tag_value} if rule.filter.tag_key else {}
        required |= both.tags if both else {}
    return (
        rule.status == "Enabled"
        and all(key.name.startswith(prefix) for prefix in prefixes if prefix)
        and required.items() <= tags.items()
    )


def _expiry(rule: Any, key: Any) -> datetime | None:
    """Return the midnight at which a rule lets an object expire."""
    if not rule.expiration_days:
        return time_of(rule.expiration_date or "")
    try:
        due = key.last_modified.replace(tzinfo=UTC) + timedelta(days=int(rule.expiration_days) + 1)
    except OverflowError:  # after the year 9999
        return None
    return datetime(due.year, due.month, due.day, tzinfo=UTC)
