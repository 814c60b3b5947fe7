"""The codes of S3's errors."""

from strict_s3.messages.errors import CODES, REFUSALS


def test_every_code_has_a_status():
    """A status has a code that S3 has, and that code has that status."""
    assert {status: REFUSALS[code][0] for status, code in CODES.items()} == {
        status: status for status in CODES
    }
