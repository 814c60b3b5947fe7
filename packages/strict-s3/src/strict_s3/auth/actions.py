"""The actions of S3 that a bucket policy may name: on objects and on buckets."""

from strict_s3.messages.operations import BY_NAME, Operation

from .conditions import is_like

_OF_NO_OPERATION = """
BypassGovernanceRetention CreateBucketMetadataTableConfiguration DeleteBucketMetadataTableConfiguration
GetObjectVersionForReplication InitiateReplication ListTagsForResource ObjectOwnerOverrideToBucketOwner
PauseReplication ReplicateDelete ReplicateObject ReplicateTags TagResource UntagResource
UpdateBucketMetadataInventoryTableConfiguration
UpdateBucketMetadataJournalTableConfiguration
"""
_ACTIONS = frozenset(
    action.lower()
    for operation in (*BY_NAME.values(), Operation("", tuple(_OF_NO_OPERATION.split())))
    for version_id in ("", "null")
    for action in operation.actions_on(version_id)
)


def is_action(pattern: str) -> bool:
    """Return whether a pattern in a policy names an action, in any case, or stands for some."""
    return any(is_like(action, pattern.lower()) for action in _ACTIONS)
