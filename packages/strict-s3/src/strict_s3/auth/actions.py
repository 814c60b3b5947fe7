"""The actions of S3 that a bucket policy may name: on objects and on buckets."""

from strict_s3.messages.operations import BY_NAME

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
    for action in (
        *(f"s3:{name}" for name in _OF_NO_OPERATION.split()),
        *(
            action
            for operation in BY_NAME.values()
            for version_id in ("", "null")
            for action in operation.actions_on(version_id)
        ),
    )
)


def is_action(pattern: str) -> bool:
    """Return whether a pattern in a policy names an action, in any case, or stands for some."""
    pattern = pattern.lower()
    return pattern in _ACTIONS or any(is_like(action, pattern) for action in _ACTIONS)
