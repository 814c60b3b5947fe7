"""Names in any style have the same words, and one plain spelling."""

import pytest

from contract_first.vocabulary.words import plain, singular, singulars, words_of

WORDS = {
    **dict.fromkeys(("createdAt", "created_at", "created-at", "CreatedAt", "created.at"), "created at"),
    **dict.fromkeys(("HTMLUrl", "html_url", "htmlUrl", "HTML-URL"), "html url"),
    **dict.fromkeys(("ETag", "etag"), "etag"),
    "petIDs": "pet ids",
    "pet_ids": "pet ids",
    "S3Key": "s3 key",
    "sha256": "sha256",
    "addressLine1": "address line1",
    "address_line_1": "address line 1",
    "created[gte]": "created gte",
    "DateCreated>": "date created >",
    "filter<=": "filter <=",
    "X-Rate-Limit": "x rate limit",
    "42": "42",
    "": "",
    "é": "",
}


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_words(name, words):
    """One way to split names is used everywhere."""
    assert " ".join(words_of(name)) == words


def test_long_names():
    """Of a long name only the beginning is split."""
    assert len("".join(words_of("a" * 10_000))) == 100


@pytest.mark.parametrize("name", ["FriendlyName", "friendly_name", "friendly-name", "friendlyname"])
def test_plain_spelling(name):
    """It is without a style."""
    assert plain(name) == "friendlyname"


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("pets", ["pets", "pet"]),
        ("categories", ["categories", "category", "categorie"]),
        ("addresses", ["addresses", "address", "addresse"]),
        ("boxes", ["boxes", "box", "boxe"]),
        ("fish", ["fish"]),
    ],
)
def test_singulars(name, items):
    """The name itself may be one; no dictionary is asked which of the others is a word."""
    assert list(singulars(name)) == items


@pytest.mark.parametrize(
    ("word", "expected"),
    [("links", "link"), ("status", "status"), ("address", "address"), ("countries", "country"), ("id", "id")],
)
def test_the_likeliest_singular(word, expected):
    """It is what an object of a list is called."""
    assert singular(word) == expected
