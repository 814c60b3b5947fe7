"""The bucket of the photos, in Amazon S3 or a compatible service: knows objects and forms, and no SQL."""

from .bucket import PhotoBucket, StoredObject
from .errors import DeletionRefused, ObjectTooLarge, PhotoBucketError
from .presigning import PresignedForm, UploadRules

__all__ = [
    "DeletionRefused",
    "ObjectTooLarge",
    "PhotoBucket",
    "PhotoBucketError",
    "PresignedForm",
    "StoredObject",
    "UploadRules",
]
