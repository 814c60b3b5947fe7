"""What members mean: each row of the table makes values that look like its kind."""

import re
from random import Random

import pytest

from contract_first.vocabulary import names
from contract_first.vocabulary.kinds import KINDS
from contract_first.vocabulary.subjects import Subject

TITLE = r"[A-Z]\w+( [A-Z]\w+)+"
WORD, WORDS = "[a-z]+", r"\w[\w.: /-]*"
SENTENCE = r"[A-Z].+\."
MOMENT, DATE = r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:\d\d:\d\dZ", r"(19|20)\d\d-[01]\d-[0-3]\d"
DIGITS, DECIMAL = r"\d+", r"-?\d+\.\d+"
TEXTS = {
    "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": ("id", "uuid"),
    r"\d{17,19}": ("snowflake",),
    "[0-7][0-9A-HJKMNP-TV-Z]{25}": ("ulid",),
    "[a-z]+-[a-z]+": ("slug",),
    "[A-Z]{3}(-[0-9]{4})?": ("sku", "symbol", "airport", "currency"),
    DIGITS: (
        *("number", "house_number", "age", "at_ms", "year", "minute", "week", "hour", "duration_ms", "ttl"),
        *("altitude", "cents", "exp_year", "port", "status_code", "red", "quantity", "page", "page_size"),
        *("offset", "percent", "score", "rank", "pressure", "zoom", "width", "size", "tokens"),
        *("population", "routing_number", "header_retry_after"),
    ),
    DECIMAL: (
        *("latitude", "longitude", "price", "amount", "tax_rate", "exchange_rate", "rating", "confidence"),
        *("logprob", "temperature", "speed", "total"),
    ),
    "[0-9a-f]{40}": ("etag", "token"),
    "[0-9a-f]{24}": ("cursor",),
    "[0-9a-f]{32}": ("md5",),
    "[0-9a-f]{64}": ("sha256",),
    "[0-9a-f]{128}": ("sha512",),
    r"[A-Z]\w+": (
        "first_name",
        "last_name",
        "month",
        "day",
        "weekday",
        "job_title",
        "department",
        "industry",
        "os",
    ),
    TITLE: ("full_name", "assignee", "name", "title"),
    r"[a-z]+\d\d": ("username",),
    r"[a-z]+\.[a-z]+@example\.com": ("email",),
    r"\+1202555\d{4}": ("phone",),
    "female|male|other": ("gender",),
    r"[A-Z]\w+ (Ltd|GmbH|Inc\.)": ("company",),
    "admin|member|viewer": ("role",),
    r"DE\d{9}": ("tax_id",),
    SENTENCE: ("description", "text", "instruction", "error"),
    "<p>.+</p>": ("html",),
    "utf-8": ("encoding",),
    "self|next|parent|collection": ("rel",),
    WORD: ("category", "purpose", "metadata", "value", "service", "protocol", "unit", "object"),
    r"978\d{10}": ("isbn",),
    r"[A-Z]{2}[A-Z0-9]{3}\d{7}": ("isrc",),
    r"10\.\d{4}/\d+": ("doi",),
    MOMENT: ("at",),
    DATE: ("date",),
    r"PT\d+H\d+M": ("duration",),
    r"\w+/\w+": ("timezone", "mime_type", "repository_full_name"),
    r"(\S+ ){4}\S+": ("cron",),
    r"\w[\w ]*": ("city", "country", "province", "state"),
    "[A-Z]{2}": ("country_code",),
    "[A-Z0-9][A-Z0-9 -]+": ("postcode", "region_code"),
    r"1\d \w+ \w+": ("street",),
    r"Flat 1\d": ("address2",),
    "[a-z]{2}": ("language",),
    "[a-z]{2}-[A-Z]{2}": ("locale",),
    r"[^\w\s]|zł": ("currency_symbol",),
    "0[1-9]|1[0-2]": ("exp_month",),
    r"\d{4}": ("last4", "mcc"),
    r"\d{3}": ("cvc", "duration_seconds"),
    r"[A-Z]{2}\d\d[A-Z0-9]{10,30}": ("iban",),
    "[A-Z]{8}|[A-Z]{6}[A-Z0-9]{2}": ("bic",),
    r"\d{9,13}": ("account_number", "ean"),
    r"\d{12}": ("upc",),
    "free|pro|business": ("plan",),
    "active|pending|completed": ("status",),
    "standard|basic|custom": ("type",),
    "read|write|admin": ("scope",),
    "create|update|delete": ("action",),
    "created|updated|deleted": ("event",),
    "low|medium|high": ("severity", "priority"),
    "public|private": ("visibility",),
    "production|staging|development": ("environment",),
    "new|used": ("condition",),
    "north|east|south|west": ("direction",),
    r"https://www\.example/\w+": ("url",),
    r"https://\S+\.png": ("avatar",),
    r"\w+\.example": ("host",),
    r"192\.0\.2\.\d+": ("ip",),
    r"2001:db8::[0-9a-f:]+": ("ipv6",),
    r"192\.0\.2\.0/24": ("cidr",),
    "([0-9a-f]{2}:){5}[0-9a-f]{2}": ("mac",),
    r"\w+/\d.*": ("user_agent",),
    r"\w+\.pdf": ("filename",),
    r"(/\w+)+": ("path", "header_location"),
    "pdf|csv|json": ("format",),
    r"MIT|Apache-2\.0|CC-BY-4\.0": ("license",),
    r"\d\.\d\.\d": ("version",),
    r"[A-Z]\w+ \d00": ("model",),
    "#[0-9a-f]{6}": ("colour",),
    r"\w+-\w+-\d\d": ("password",),
    "Bearer": ("token_type",),
    r"\d+:\d+": ("aspect_ratio",),
    '"[0-9a-f]{16}"': ("header_etag",),
    r'<https://\S+>; rel="next"': ("header_link",),
    r'attachment; filename="\w+\.pdf"': ("header_content_disposition",),
    r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT": ("header_last_modified",),
    r"[\w=;/,. \"-]+": (
        *("header_cache_control", "header_set_cookie", "header_www_authenticate", "header_allow"),
        "header_vary",
    ),
}
UNIX = (1_704_000_000, 1_790_000_000)
NUMBERS = {
    "id": (1, 10_000),
    "uuid": (1, 10_000),
    "mcc": (5411, 5812),
    "snowflake": (1 << 57, 1 << 63),
    "number": (1, 20),
    "house_number": (1, 119),
    "age": (18, 90),
    "at": UNIX,
    "at_ms": (UNIX[0] * 1000, UNIX[1] * 1000),
    "year": (2024, 2026),
    "month": (1, 12),
    "day": (1, 31),
    "weekday": (1, 7),
    "hour": (0, 23),
    "minute": (0, 59),
    "week": (1, 52),
    "duration": (30, 3600),
    "duration_seconds": (30, 3600),
    "duration_ms": (30_000, 300_000),
    "ttl": (3600, 3600),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "altitude": (1, 2000),
    "price": (1, 200),
    "amount": (1, 200),
    "cents": (500, 20_000),
    "value": (1, 100),
    "total": (1, 50),
    "exp_month": (1, 12),
    "exp_year": (2026, 2030),
    "tax_rate": (1, 20),
    "exchange_rate": (0.5, 2),
    "severity": (1, 10),
    "priority": (1, 7),
    "port": (1024, 49_151),
    "version": (1, 9),
    "colour": (0, 0xFFFFFF),
    "red": (0, 255),
    "status_code": (200, 200),
    "quantity": (1, 50),
    "page": (1, 1),
    "page_size": (20, 20),
    "offset": (0, 0),
    "rating": (1, 5),
    "percent": (0, 100),
    "score": (0, 100),
    "confidence": (0, 1),
    "logprob": (-5, 0),
    "rank": (1, 10),
    "temperature": (-5, 30),
    "pressure": (990, 1030),
    "heading": (0, 359),
    "speed": (1, 100),
    "zoom": (1, 18),
    "width": (200, 2000),
    "aspect_ratio": (1, 2),
    "size": (1000, 5_000_000),
    "tokens": (1, 2000),
    "population": (10_000, 5_000_000),
    "header_retry_after": (1, 1),
}
TEXT_OF = {name: pattern for pattern, row in TEXTS.items() for name in row}


def subject():
    """Return what an object of no name is about."""
    return Subject(Random(7))  # noqa: S311 -- the same each time


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.names.split()[0])
def test_a_kind(kind):
    """It has a source, and values that look like it by each of its names."""
    first, *others = kind.names.split()
    assert kind.source
    assert (kind.text is None) is (first not in TEXT_OF) or first == "at"
    assert (kind.number is None) is (first not in NUMBERS) or first == "at"
    for name in (first, *others):
        if kind.text is not None:
            assert re.fullmatch(TEXT_OF[first], names.text(name, subject()) or "")
        if kind.number is not None:
            low, high = NUMBERS[first]
            assert low <= names.number(name, subject()) <= high
            assert names.number(name, subject(), is_integer=kind.integer is None) is not None


def test_each_name_is_of_one_kind():
    """Of strings, and of numbers."""
    for column in ("text", "number"):
        listed = [name for kind in KINDS if getattr(kind, column) for name in kind.names.split()]
        assert sorted(listed) == sorted(set(listed))


def test_amounts_that_are_integers_are_in_minor_units():
    """As Stripe's and Adyen's are; others have two digits after the point."""
    assert names.number("unit_amount", subject(), is_integer=True) >= 500
    assert names.number("unit_amount", subject()) <= 200


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("Three-letter ISO 4217 code.", "currency"),
        ("Two-letter country code (ISO 3166-1 alpha-2).", "country_code"),
        ("The phone number of the caller", "phone"),
        ("The rate center of this phone number", ""),
        ("Whether the URL of the message is public", ""),
        ("When it happened, as an ISO 8601 string", "datetime"),
        ("The snowflake of the channel", "snowflake"),
        ("Amount in the smallest currency unit", "cents"),
        ("How long it took, in milliseconds", "milliseconds"),
        ("An E.164 phone number", "phone"),
        ("The SHA-256 of the file", "sha256"),
        ("A human-readable explanation", "text"),
        ("Anything at all", ""),
        ("", ""),
    ],
)
def test_a_description_says_what_a_member_is(description, name):
    """Where its name does not."""
    assert names.described(description) == name


@pytest.mark.parametrize(
    ("description", "value"),
    [
        ("The plan, e.g. `gold`.", "gold"),
        ('Prefixed, for example "cus_123"', "cus_123"),
        ("Such as 'en-US'", "en-US"),
        ("Example: `a b`", "a b"),
        ("No example", ""),
        ("e.g. `" + "x" * 61 + "`", ""),
    ],
)
def test_a_description_quotes_an_example(description, value):
    """Which is taken where the name says nothing."""
    assert names.quoted(description) == value
