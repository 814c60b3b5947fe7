"""Content on its way into a file."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from strict_s3.messages.checksums import ContentMd5
from strict_s3.store.content import AT_ONCE, Content


class _CountedMd5(ContentMd5):
    """An MD5 that counts how many are worked on at once."""

    most = now = 0
    counting = threading.Lock()

    def __init__(self) -> None:
        super().__init__(None)

    def update(self, block: bytes) -> None:
        """Feed a block, slowly enough for others to come in between."""
        with self.counting:
            _CountedMd5.now += 1
            _CountedMd5.most = max(self.most, self.now)
        time.sleep(0.001)
        super().update(block)
        with self.counting:
            _CountedMd5.now -= 1


def test_uploads_take_turns(tmp_path):
    """However many contents come in, few are worked on at once, and other requests have their turn."""

    def receive(_: int) -> str:
        with Content(tmp_path, _CountedMd5()) as content:
            content.receive([b"a", b"b", b"c"], 3)
        return content.path.read_text()

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(receive, range(16))) == {"abc"}
    assert _CountedMd5.most <= AT_ONCE
