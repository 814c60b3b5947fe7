"""What a user may import."""

import openapi_check


def test_the_public_names():
    """These names are public, no others are, and each can be imported."""
    assert openapi_check.__all__ == [
        "CannotRunError",
        "Check",
        "Credentials",
        "ExchangeValidator",
        "HarError",
        "Report",
        "Target",
        "check_app",
        "check_url",
        "validate_har",
    ]
    for name in openapi_check.__all__:
        assert getattr(openapi_check, name).__doc__
