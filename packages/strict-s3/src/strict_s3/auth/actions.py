"""The actions of S3 that a bucket policy may name: on objects and on buckets."""

from collections.abc import Mapping

from strict_s3.messages.operations import ON_BUCKETS, ON_OBJECTS, Operation

from .conditions import is_like

_OF_NO_OPERATION = """
BypassGovernanceRetention GetObjectVersionForReplication ObjectOwnerOverrideToBucketOwner ReplicateDelete
ReplicateObject ReplicateTags
"""
_OF_NO_OPERATION_ON_BUCKETS = """
DeleteBucketMetadataTableConfiguration InitiateReplication ListTagsForResource PauseReplication TagResource
UntagResource UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration
"""


def _names(table: Mapping[tuple[str, str], Operation], others: str) -> frozenset[str]:
    return frozenset(
        action.lower()
        for operation in (*table.values(), Operation("", tuple(others.split())))
        for version_id in ("", "null")
        for action in operation.actions_on(version_id)
    )


_ON_OBJECTS = _names(ON_OBJECTS, _OF_NO_OPERATION)
_ACTIONS = {
    "object": _ON_OBJECTS,
    "bucket": _names(ON_BUCKETS, _OF_NO_OPERATION_ON_BUCKETS) - _ON_OBJECTS,  # a form is posted to a bucket
}


def resources_of(pattern: str) -> set[str]:
    """Return what the actions apply to that a pattern in a policy names: ``object``, ``bucket``, or both."""
    return {kind for kind, names in _ACTIONS.items() if any(is_like(name, pattern.lower()) for name in names)}
