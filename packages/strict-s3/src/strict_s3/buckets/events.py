"""Events of objects, in S3's document of them, sent to the webhooks that buckets' configurations name."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from strict_s3.http.webhooks import Webhook
from strict_s3.messages.orders import Order
from strict_s3.messages.version_ids import NULL

from .notifications import read_notification


class Events:
    """Sends the events of objects.

    It is called where the objects are changed, one at a time, so that the events of a key are in order.

    Args:
        webhooks: by the name of the queue, topic or function that they stand for.
        account: that owns the buckets.
    """

    def __init__(self, webhooks: Mapping[str, Webhook], account: str) -> None:
        self._webhooks = webhooks
        self._account = account
        self._rules: dict[str, list[Any]] = {}
        self._sequence = 0

    def clear(self) -> None:
        """Drop the events that still wait."""
        for webhook in self._webhooks.values():
            webhook.clear()

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        for webhook in self._webhooks.values():
            webhook.close()

    def configure(self, bucket: str, body: bytes) -> None:
        """Set the configuration of a bucket, or raise `S3Error`."""
        self._rules[bucket] = read_notification(body, self._webhooks.keys())

    def forget(self, bucket: str) -> None:
        """Drop the configuration of a bucket."""
        self._rules.pop(bucket, None)

    def send_test(self, order: Order) -> None:
        """Send S3's test event to each webhook in the configuration that an order puts."""
        for target in {rule.target for rule in self._rules[order.bucket]}:
            self._webhooks[target].send({
                "Service": "Amazon S3",
                "Event": "s3:TestEvent",
                "Time": _now(),
                "Bucket": order.bucket,
                "RequestId": order.caller.request_id,
                "HostId": order.caller.host_id,
            })  # fmt: skip

    def send(self, name: str, order: Order, key: str, version: Any) -> None:
        """Send an event, such as ``ObjectCreated:Put``, of moto's version of an object."""
        for rule in self._rules.get(order.bucket, ()):
            if rule.concerns(f"s3:{name}", key):
                self._webhooks[rule.target].send(
                    {"Records": [self._record(name, order, key, version, rule.id)]}
                )

    def send_removals(self, order: Order, key: str, before: Sequence[Any], after: Sequence[Any]) -> None:
        """Send the events of versions that are gone, and of markers that are new."""
        ids = {str(version.version_id) for version in after}
        times = {(str(version.version_id), version.last_modified) for version in before}
        for version in after:
            if (str(version.version_id), version.last_modified) not in times:
                self.send("ObjectRemoved:DeleteMarkerCreated", order, key, version)
        for version in before:
            if str(version.version_id) not in ids:
                self.send("ObjectRemoved:Delete", order, key, version)

    def _record(self, name: str, order: Order, key: str, version: Any, rule_id: str) -> dict[str, Any]:
        self._sequence = max(self._sequence + 1, time.time_ns())
        owner = {"principalId": self._account}
        facts = {"key": quote_plus(key, safe="/")}
        if not name.startswith("ObjectRemoved"):
            facts |= {"size": version.contentsize, "eTag": version.etag.strip('"')}
        if version.version_id != NULL:
            facts["versionId"] = version.version_id
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": order.region,
            "eventTime": _now(),
            "eventName": name,
            "userIdentity": {"principalId": f"AWS:{self._account}"},
            "requestParameters": {"sourceIPAddress": order.caller.address},
            "responseElements": {
                "x-amz-request-id": order.caller.request_id,
                "x-amz-id-2": order.caller.host_id,
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": rule_id,
                "bucket": {
                    "name": order.bucket,
                    "ownerIdentity": owner,
                    "arn": f"arn:aws:s3:::{order.bucket}",
                },
                "object": {**facts, "sequencer": f"{self._sequence:018X}"},
            },
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
