"""An S3 with the mock's faults, journal and control API; the only room that needs strict-s3."""
