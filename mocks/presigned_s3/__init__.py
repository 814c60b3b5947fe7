"""S3 as production has it: moto stores, the front before it judges.

`S3Server` runs it in a process of its own. `presigned_s3.app.create_app` is the WSGI app for a test's own
process; importing it imports moto, which takes most of a second.
"""

from __future__ import annotations

from .server import S3Server

__all__ = ["S3Server"]
