"""A simulator of failures for the process of a test, with the keys that are slow."""

from contextlib import contextmanager

from strict_s3.faults import Faults
from strict_s3.messages.errors import refusal


class SlowKeys(Faults):
    """Refuses requests for some keys as too many."""

    def __init__(self):
        self.keys = set()

    def may_inject(self, _request):
        """Return whether there are such keys."""
        return bool(self.keys)

    def switch(self, faults, seed):  # noqa: ARG002 -- chance has no part in it
        """Replace all keys by those of these faults."""
        self.keys = {fault["key"] for fault in faults}

    @contextmanager
    def around(self, request, *, fields_are_read=False):  # noqa: ARG002 -- forms are not concerned
        """Refuse a request for one of the keys."""
        if request.key in self.keys:
            raise refusal("SlowDown")
        yield
