"""The bucket of the photos, in Amazon S3 or a compatible service: knows objects and forms, and no SQL."""
