"""TODO packages/strict-s3/src/strict_s3/http."""
