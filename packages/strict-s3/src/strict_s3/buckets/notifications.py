"""Notification configurations of buckets: which events go to which webhook."""

import re
from collections.abc import Collection
from itertools import combinations
from typing import NamedTuple
from xml.etree import ElementTree as ET

from strict_s3.auth.conditions import is_like
from strict_s3.messages.errors import S3Error, invalid_argument, refusal
from strict_s3.messages.xml import parse

from .shapes import shapes

_MOST = 100
_DESTINATIONS = {"Topic": "topic", "Queue": "queue", "CloudFunction": "Lambda"}
"""What events may go to, by the elements that name it, and what S3 calls it."""
_ARN = re.compile(
    r"arn:(?:aws[\w-]*:(?:sqs|sns):[\w-]*:\d*|aws[\w-]*:lambda:[\w-]*:\d*:function):(?P<name>[\w-]+)"
    r"|arn:minio:sqs:[\w-]*:(?P<of_minio>[\w-]+):webhook",
    re.ASCII,
)


class Rule(NamedTuple):
    """A rule of a configuration.

    Attributes:
        kind: ``Topic``, ``Queue`` or ``CloudFunction``.
        events: their names, such as ``s3:ObjectCreated:*``.
        filters: ``prefix`` and ``suffix`` of keys, with their values.
    """

    id: str
    kind: str
    arn: str
    events: tuple[str, ...]
    filters: tuple[tuple[str, str], ...]

    @property
    def target(self) -> str:
        """The name of the queue, topic or function, which is that of a webhook; empty for no valid ARN."""
        match = _ARN.fullmatch(self.arn)
        return (match["name"] or match["of_minio"]) if match else ""

    def concerns(self, event: str, key: str) -> bool:
        """Return whether an event of an object is to be sent."""
        filters = dict(self.filters)
        in_filters = key.startswith(filters.get("prefix", "")) and key.endswith(filters.get("suffix", ""))
        return in_filters and any(is_like(event, name) for name in self.events)

    def overlaps(self, other: "Rule") -> bool:
        """Return whether one event of one object may be sent by both."""
        these, those = dict(self.filters), dict(other.filters)
        pairs = [(these.get(name, ""), those.get(name, "")) for name in ("prefix", "suffix")]
        (prefix, other_prefix), (suffix, other_suffix) = (sorted(pair, key=len) for pair in pairs)
        return (
            other_prefix.startswith(prefix)
            and other_suffix.endswith(suffix)
            and any(is_like(a, b) or is_like(b, a) for a in self.events for b in other.events)
        )


def check_events(root: ET.Element, _bucket: object) -> None:
    """Raise InvalidArgument for an event that S3 does not know."""
    events = shapes()["notification"].at("QueueConfiguration", "Event").values
    for event in root.iter("Event"):
        if event.text not in events:
            message = "The event is not supported for notifications"
            raise invalid_argument(message, "Event", event.text or "")


def read_notification(body: bytes, targets: Collection[str]) -> list[Rule]:
    """Return the rules of a document, each with an ID.

    Raises:
        S3Error: MalformedXML; InvalidArgument for an unknown event, rules that overlap, or an ARN that is not
            of one of the targets; NotImplemented for EventBridge.
    """
    root = parse(body)
    if root.find("EventBridgeConfiguration") is not None:
        raise refusal("NotImplemented")
    rules = [
        _rule(kind, element) for kind in _DESTINATIONS for element in root.iterfind(f"{kind}Configuration")
    ]
    if len(rules) > _MOST:
        raise invalid_argument(f"A bucket can have {_MOST} notification configurations at most.")
    for rule in rules:
        if rule.target not in targets:
            missing = f"The destination {_DESTINATIONS[rule.kind]} does not exist"
            message = "Unable to validate the following destination configurations"
            elements = {"ArgumentName1": rule.arn, "ArgumentValue1": missing}
            raise S3Error(400, "InvalidArgument", message, elements)
    if any(rule.overlaps(other) for rule, other in combinations(rules, 2)):
        raise invalid_argument(
            "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        )
    return rules


def _rule(kind: str, element: ET.Element) -> Rule:
    events = tuple(event.text or "" for event in element.iterfind("Event"))
    filters = [
        (part.findtext("Name", "").lower(), part.findtext("Value", ""))
        for part in element.iterfind("Filter/S3Key/FilterRule")
    ]
    if not events or len(dict(filters)) < len(filters) or not dict(filters).keys() <= {"prefix", "suffix"}:
        raise refusal("MalformedXML")
    arn = element.findtext(kind, "").strip()
    return Rule(element.findtext("Id", ""), kind, arn, events, tuple(filters))
