"""Values that look like what a property's name says: a city for ``billing_city``, a moment for ``createdAt``.

A table of our own: it is as large as the names that APIs use, costs no start-up and no megabytes, and the
values for a seed do not change with a library's version. Whether a schema allows a value is for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

Maker: TypeAlias = "Callable[[Random], Any]"

WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "indigo", "juniper"),
    *("kestrel", "larch", "maple", "nectar", "opal", "pebble", "quartz", "river", "sable", "thistle"),
)
FIRST = (
    "Ada",
    "Amina",
    "Bruno",
    "Chiara",
    "Daniel",
    "Elif",
    "Hana",
    "Jonas",
    "Lucia",
    "Mateo",
    "Nora",
    "Ravi",
)
LAST = (
    "Andersen",
    "Bianchi",
    "Costa",
    "Dubois",
    "Fischer",
    "Garcia",
    "Ito",
    "Kaya",
    "Novak",
    "Okafor",
    "Smith",
)
PLACES = (
    *(("Berlin", "Germany", "DE", "10115"), ("Lisbon", "Portugal", "PT", "1100-148")),
    *(("Toronto", "Canada", "CA", "M5H 2N2"), ("Osaka", "Japan", "JP", "530-0001")),
    *(("Chicago", "United States", "US", "60601"), ("Leeds", "United Kingdom", "GB", "LS1 4DY")),
    *(("Lyon", "France", "FR", "69001"), ("Gdansk", "Poland", "PL", "80-001")),
)
STREETS = ("Station Road", "Park Lane", "Mill Street", "Harbour Street", "Church Road", "High Street")
SENTENCES = (
    *("A short text that says what this is.", "Ready by Friday, as agreed.", "Checked twice; all is well."),
    *("Please see the attached notes.", "Works as expected.", "To be continued next week."),
)
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.9.1")
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 730


def words(random: Random, count: int = 2) -> str:
    """Return so many words."""
    return " ".join(random.choice(WORDS) for _ in range(count))


def moment(random: Random) -> datetime:
    """Return a moment of two years."""
    return EPOCH + timedelta(days=random.randrange(DAYS), seconds=random.randrange(86_400))


def uuid(random: Random) -> str:
    """Return a UUID of version 4."""
    return str(UUID(int=random.getrandbits(128), version=4))


def host(random: Random) -> str:
    """Return a name of a host that is reserved for documentation (RFC 2606)."""
    return f"{random.choice(WORDS)}.example.com"


def ipv4(random: Random) -> str:
    """Return an address that is reserved for documentation (RFC 5737)."""
    return f"192.0.2.{random.randrange(1, 255)}"


def ipv6(random: Random) -> str:
    """Return an address that is reserved for documentation (RFC 3849)."""
    return "2001:db8::" + ":".join(f"{random.randrange(1, 65_536):x}" for _ in range(3))


def person(random: Random) -> str:
    """Return the full name of a person."""
    return f"{random.choice(FIRST)} {random.choice(LAST)}"


def email(random: Random) -> str:
    """Return an email address at a host that is reserved for documentation."""
    return f"{person(random).replace(' ', '.').lower()}@example.com"


def _one_of(*values: Any) -> Maker:
    return lambda random: random.choice(values)


def _between(low: float, high: float, digits: int = 0) -> Maker:
    if digits:
        return lambda random: round(random.uniform(low, high), digits)
    return lambda random: random.randint(int(low), int(high))


def _place(part: int) -> Maker:
    return lambda random: random.choice(PLACES)[part]


def _hexadecimal(digits: int) -> Maker:
    return lambda random: f"{random.getrandbits(4 * digits):0{digits}x}"


class Makers:
    """What makes the values of a type.

    Attributes:
        by_name: functions of what is random, by the names of properties.
    """

    def __init__(self, by_name: Mapping[str, Maker]) -> None:
        self.by_name = by_name


def _table(rows: dict[str, Maker]) -> Makers:
    return Makers({name: maker for names, maker in rows.items() for name in names.split()})


PICTURES = "avatar image photo picture thumbnail icon logo cover banner"
MOMENTS = "at created updated modified deleted published expires expiry timestamp last_login last_seen"
HEADERS: dict[str, Maker] = {
    "header_etag": lambda random: f'"{random.getrandbits(64):016x}"',
    "header_link": lambda random: f'<https://www.example.com/{random.choice(WORDS)}?page=2>; rel="next"',
    "header_content_disposition": lambda random: f'attachment; filename="{random.choice(WORDS)}.pdf"',
    "header_last_modified header_expires header_date header_sunset": lambda random: format_datetime(
        moment(random), usegmt=True
    ),
    "header_location header_content_location": lambda random: f"/{random.choice(WORDS)}",
    "header_cache_control": lambda _: "no-cache",
    "header_retry_after": lambda _: "1",
    "header_set_cookie": lambda random: f"session={random.getrandbits(64):016x}; Path=/; HttpOnly",
    "header_www_authenticate": lambda _: 'Bearer realm="api"',
    "header_allow": lambda _: "GET, HEAD, OPTIONS",
    "header_vary": lambda _: "Accept",
}
"""What fields of a response look like (RFC 9110), by ``header`` and their names."""
STRINGS = _table(
    {
        "id uuid guid": uuid,
        "first_name firstname given_name forename": _one_of(*FIRST),
        "last_name lastname family_name surname": _one_of(*LAST),
        "full_name fullname display_name contact_name customer_name author recipient": person,
        "name title subject headline label heading product": lambda random: words(random).title(),
        "username user_name login handle nickname screen_name": lambda random: (
            f"{random.choice(FIRST).lower()}{random.randrange(10, 100)}"
        ),
        "email mail email_address": email,
        "phone telephone mobile fax phone_number mobile_number msisdn": lambda random: (
            f"+1202555{random.randrange(100, 200):04}"
        ),
        "url uri link href website homepage html_url permalink": lambda random: (
            f"https://www.example.com/{random.choice(WORDS)}"
        ),
        " ".join(f"{each} {each}_url {each}_uri" for each in PICTURES.split()): lambda random: (
            f"https://images.example.com/{random.choice(WORDS)}.png"
        ),
        f"{MOMENTS} time datetime date_time": lambda random: f"{moment(random):%Y-%m-%dT%H:%M:%SZ}",
        "date on birthday birth_date date_of_birth dob due": lambda random: f"{moment(random):%Y-%m-%d}",
        "city town locality": _place(0),
        "country country_name": _place(1),
        "country_code country_iso": _place(2),
        "postcode postal_code zip zip_code zipcode": _place(3),
        "street street_address address address1 line1 address_line1 address_line_1": lambda random: (
            f"{random.randrange(1, 120)} {random.choice(STREETS)}"
        ),
        "province region": _one_of("Ontario", "Bavaria", "Hokkaido", "Yorkshire"),
        "latitude lat": lambda random: f"{random.uniform(-60, 70):.6f}",
        "longitude lng lon": lambda random: f"{random.uniform(-180, 180):.6f}",
        "price amount cost subtotal balance": lambda random: f"{random.uniform(1, 200):.2f}",
        "currency currency_code": _one_of("EUR", "USD", "GBP", "JPY", "CAD"),
        "description summary text body content message comment": _one_of(*SENTENCES),
        "note bio about caption excerpt detail reason": _one_of(*SENTENCES),
        "status": _one_of("active", "pending", "completed"),
        "gender": _one_of("female", "male", "other"),
        "category tag genre topic keyword": _one_of(*WORDS),
        "slug": lambda random: words(random).replace(" ", "-"),
        "colour color hex_color": lambda random: f"#{random.getrandbits(24):06x}",
        "mime_type mimetype content_type media_type": _one_of("image/png", "application/pdf", "text/plain"),
        "filename file_name file": lambda random: f"{random.choice(WORDS)}.pdf",
        "path": lambda random: f"/{words(random).replace(' ', '/')}",
        "language lang language_code": _one_of("en", "de", "fr", "pt", "ja"),
        "locale": _one_of("en-GB", "de-DE", "fr-FR", "pt-PT", "ja-JP"),
        "timezone time_zone tz": _one_of("Europe/Berlin", "America/Toronto", "Asia/Tokyo", "UTC"),
        "ip ip_address ipaddress": ipv4,
        "mac mac_address": lambda random: ":".join(["00:00:5e:00:53", f"{random.randrange(256):02x}"]),
        "host hostname domain domain_name": host,
        "user_agent useragent": _one_of(*AGENTS),
        "company company_name organisation organization employer vendor manufacturer brand": lambda random: (
            f"{random.choice(LAST)} {random.choice(('Ltd', 'GmbH', 'Inc.'))}"
        ),
        "job_title occupation profession": _one_of("Engineer", "Nurse", "Teacher", "Accountant"),
        "department": _one_of("Sales", "Research", "Support", "Finance"),
        "sku": lambda random: f"{random.choice(WORDS)[:3].upper()}-{random.randrange(1000, 10_000)}",
        "version": lambda random: f"{random.randrange(1, 5)}.{random.randrange(10)}.{random.randrange(10)}",
        "token secret hash checksum digest signature etag sha sha1": _hexadecimal(40),
        "sha256": _hexadecimal(64),
        "md5": _hexadecimal(32),
        "cursor page_token next previous prev": _hexadecimal(24),
        **HEADERS,
    }
)
NUMBERS = _table(
    {
        f"{MOMENTS} unix_time epoch date": lambda random: int(moment(random).timestamp()),
        "at_ms timestamp_ms": lambda random: int(moment(random).timestamp()) * 1000,
        "latitude lat": _between(-60, 70, 6),
        "longitude lng lon": _between(-180, 180, 6),
        "price amount cost subtotal fee tax discount balance": _between(1, 200, 2),
        "year": _between(2000, 2025),
        "month": _between(1, 12),
        "age": _between(18, 90),
        "quantity qty count total": _between(1, 50),
        "page page_number": lambda _: 1,
        "page_size per_page limit": lambda _: 20,
        "rating stars": _between(1, 5),
        "percent percentage progress": _between(0, 100),
        "width height": _between(200, 2000),
        "size bytes file_size": _between(1_000, 5_000_000),
        "port": _between(1024, 49_151),
        "status_code": lambda _: 200,
        "header_retry_after": lambda _: 1,  # a client waits as long
    }
)
BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def text(name: str, random: Random, strings: Makers = STRINGS) -> str | None:
    """Return a string for a property or format of this name, None for a name that says nothing."""
    maker = _maker(name, strings)
    return None if maker is None else str(maker(random))


def number(name: str, random: Random) -> float | None:
    """Return a number for a property of this name, None for a name that says nothing."""
    maker = _maker(name, NUMBERS)
    return None if maker is None else float(maker(random))


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """Return a name without its style: ``friendlyname`` for ``FriendlyName`` and ``friendly_name``."""
    return re.sub(r"[\W_]", "", name.lower())


@lru_cache(maxsize=4096)
def _maker(name: str, makers: Makers) -> Maker | None:
    """Return the maker for the longest end of a name that there is one for."""
    table = makers.by_name
    return next((table[each] for each in _ends(name[:100]) if each in table), None)


def _ends(name: str) -> Iterator[str]:
    """Yield the ends of a name, the longest first, each as one of a list is called as well."""
    parts = [each.lower() for each in BREAK.split(name) if each]
    for start in range(len(parts)):
        end = "_".join(parts[start:])
        yield end
        if end.endswith("ies"):
            yield end[:-3] + "y"
        yield end.removesuffix("s")
