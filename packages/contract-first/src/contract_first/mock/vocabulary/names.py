"""Values that fit a property's name: a city for ``billing_city``, a time for ``createdAt``.

The table is our own: it has the names that APIs use, needs no megabytes and no start-up, and the values for a
seed do not change with a library's version. Whether a schema allows a value is for the caller to check.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import format_datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from . import makers
from .makers import Maker, Makers, Related, at_moment, between, hexadecimal, of_person, of_place, one_of
from .subjects import PEOPLE, WORDS, Subject, iso
from .words import singulars, words_of

AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.9.1")


def _table(rows: dict[str, Maker | str]) -> Makers:
    """Return makers by each of the names of a row; a text is a form to fill in."""
    by_row = {names: makers.form(row) if isinstance(row, str) else row for names, row in rows.items()}
    return Makers({name: maker for names, maker in by_row.items() for name in names.split()})


def _state(subject: Subject, _: str, of: str) -> str:
    if subject.is_place or of:
        return subject.place(of).region
    return subject.random.choice(STATUSES)


def _six_digits(maker: Related) -> Related:
    return Related(lambda subject, name, of: f"{maker.make(subject, name, of):.6f}")


AMOUNT = between(1, 200, 2)
COMPANIES = (
    *("company", "company_name", "organisation", "organization", "organisation_name", "organization_name"),
    *("employer", "vendor", "manufacturer", "brand"),
)
STATUSES = ("active", "pending", "completed")
PICTURES = "avatar image photo picture thumbnail icon logo cover banner"
MOMENTS = (
    "at created updated modified deleted published expires expiry expiration timestamp last_login last_seen"
    " last_update sunrise sunset"
)
HEADERS: dict[str, Maker | str] = {
    "header_etag": '"{hex}"',
    "header_link": '<https://www.example.com/{word}?page=2>; rel="next"',
    "header_content_disposition": 'attachment; filename="{word}.pdf"',
    "header_last_modified header_expires header_date header_sunset": at_moment(
        lambda moment: format_datetime(moment, usegmt=True)
    ),
    "header_location header_content_location": "/{word}",
    "header_cache_control": "no-cache",
    "header_retry_after": "1",
    "header_set_cookie": "session={hex}; Path=/; HttpOnly",
    "header_www_authenticate": 'Bearer realm="api"',
    "header_allow": "GET, HEAD, OPTIONS",
    "header_vary": "Accept",
}
"""What fields of a response look like (RFC 9110), by ``header`` and their names."""
STRINGS = _table(
    {
        "id uuid guid uid": makers.uuid,
        "first_name firstname given_name givenname forename": of_person(attrgetter("first")),
        "last_name lastname family_name familyname surname": of_person(attrgetter("last")),
        "full_name fullname display_name displayname": of_person(" ".join),
        " ".join(PEOPLE): Related(makers.somebody),
        "name": Related(makers.name),
        "title subject headline label heading product subtitle": Related(
            lambda subject, _, of: subject.title(of).title()
        ),
        "username user_name login handle nickname screen_name twitter by": Related(
            lambda subject, _, of: f"{subject.person(of).first.lower()}{subject.random.randrange(10, 100)}"
        ),
        "email mail email_address": Related(lambda subject, _, of: makers.email(subject, of)),
        "phone telephone mobile fax phone_number mobile_number msisdn": "+120255501##",
        "url uri link href website homepage html_url permalink callback endpoint": "https://www.example.com/{word}",
        " ".join(
            f"{name} {name}_url {name}_uri" for name in PICTURES.split()
        ): "https://images.example.com/{word}.png",
        f"{MOMENTS} time datetime date_time": at_moment(iso),
        "date on birthday birth_date date_of_birth dob due": at_moment(lambda moment: f"{moment:%Y-%m-%d}"),
        "year": at_moment(lambda moment: moment.year),
        "month": at_moment(lambda moment: f"{moment:%B}"),
        "day weekday": at_moment(lambda moment: f"{moment:%A}"),
        "duration runtime": "PT#H3#M",
        "city town locality location city_name": of_place("city"),
        "country country_name nationality": of_place("country"),
        "country_code country_iso": of_place("country_code"),
        "postcode postal_code post_code zip zip_code zipcode": of_place("postcode"),
        "street street_address address address1 line1 address_line1 address_line_1": "1# {street}",
        "address2 line2 address_line2 address_line_2 street2": "Flat 1#",
        "province region county district region_name province_name state_name": of_place("region"),
        "region_code state_code province_code": of_place("region_code"),
        "state": Related(_state),
        "latitude lat": _six_digits(makers.coordinate("latitude")),
        "longitude lng lon long": _six_digits(makers.coordinate("longitude")),
        "price amount cost subtotal balance fee tax discount total paid": "1#.##",
        "currency currency_code": of_place("currency"),
        "currency_symbol": of_place("symbol"),
        "language lang language_code": of_place("language"),
        "locale": of_place("locale"),
        "timezone time_zone tz": of_place("timezone"),
        "description summary text body content message comment error msg info": one_of(*makers.SENTENCES),
        "note bio about caption excerpt detail reason instruction overview warning": one_of(
            *makers.SENTENCES
        ),
        "html": "<p>{sentence}</p>",
        "status status_name": one_of(*STATUSES),
        "gender": one_of("female", "male", "other"),
        "type kind subtype": one_of("standard", "basic", "custom"),
        "role role_name": one_of("admin", "member", "viewer"),
        "scope permission": one_of("read", "write", "admin"),
        "action operation": one_of("create", "update", "delete"),
        "plan plan_name": one_of("free", "pro", "business"),
        "severity priority level priority_name": one_of("low", "medium", "high"),
        "visibility": one_of("public", "private"),
        "environment": one_of("production", "staging", "development"),
        "format file_type extension file_extension": one_of("pdf", "csv", "json"),
        "encoding charset": "utf-8",
        "protocol": one_of("https", "http"),
        "os platform": one_of("Linux", "macOS", "Windows", "Android", "iOS"),
        "license license_name": one_of("MIT", "Apache-2.0", "CC-BY-4.0"),
        "unit": one_of("kg", "m", "l"),
        "direction": one_of("north", "east", "south", "west"),
        "token_type": "Bearer",
        "category tag genre topic keyword group source channel field prefix suffix": one_of(*WORDS),
        "value": Related(
            lambda subject, *_: (
                f"{AMOUNT(subject.random):.2f}" if subject.is_money else subject.random.choice(WORDS)
            )
        ),
        "event event_type": one_of("created", "updated", "deleted"),
        "condition": one_of("new", "used"),
        "service provider network carrier publisher operator namespace bucket branch": one_of(*WORDS),
        "slug alias key": Related(lambda subject, _, of: subject.title(of).replace(" ", "-")),
        "colour color hex_color background foreground": lambda random: f"#{random.getrandbits(24):06x}",
        "mime_type mimetype content_type media_type": one_of("image/png", "application/pdf", "text/plain"),
        "filename file_name file": "{word}.pdf",
        "path": "/{word}/{word}",
        "ip ip_address ipaddress": makers.ipv4,
        "mac mac_address": "00:00:5e:00:53:##",
        "host hostname host_name domain domain_name fqdn": "{word}.example.com",
        "user_agent useragent": one_of(*AGENTS),
        " ".join(COMPANIES): "{name} {company}",
        "job_title occupation profession": one_of("Engineer", "Nurse", "Teacher", "Accountant"),
        "department department_name": one_of("Sales", "Research", "Support", "Finance"),
        "sku code reference ref identifier": "{code}-####",
        "symbol ticker abbreviation": "{code}",
        "model": lambda random: f"{random.choice(WORDS).title()} {random.randrange(1, 10)}00",
        "number serial": "1########",
        "house_number street_number": between(1, 119),
        "status_code": "200",
        "percent percentage": between(0, 100),
        "iban": one_of("DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"),
        "bic swift": one_of("DEUTDEFF", "NWBKGB2L", "BNPAFRPP"),
        "ean gtin barcode": one_of("4006381333931", "5901234123457", "9780306406157"),
        "isbn": one_of("9780306406157", "9783161484100"),
        "version": "#.#.#",
        "token secret hash checksum digest signature etag sha sha1 fingerprint": hexadecimal(40),
        "sha256": hexadecimal(64),
        "md5 api_key access_key public_key private_key": hexadecimal(32),
        "password": "{word}-{word}-##",
        "cursor page_token next previous prev": hexadecimal(24),
        **HEADERS,
    }
)
NUMBERS = _table(
    {
        "id": between(1, 10_000),
        f"{MOMENTS} unix_time epoch date ts start_time end_time": at_moment(
            lambda moment: int(moment.timestamp())
        ),
        "at_ms timestamp_ms": at_moment(lambda moment: int(moment.timestamp()) * 1000),
        "year": at_moment(lambda moment: moment.year),
        "month": at_moment(lambda moment: moment.month),
        "day": at_moment(lambda moment: moment.day),
        "hour": at_moment(lambda moment: moment.hour),
        "minute second": between(0, 59),
        "week": between(1, 52),
        "day_of_week weekday": between(1, 7),
        "duration": between(30, 3600),
        "duration_ms": between(30_000, 3_600_000),
        "latitude lat": makers.coordinate("latitude"),
        "longitude lng lon long": makers.coordinate("longitude"),
        "altitude elevation": between(1, 2000),
        "price amount cost subtotal fee tax discount balance": AMOUNT,
        "value": Related(
            lambda subject, *_: (
                AMOUNT(subject.random) if subject.is_money else subject.random.randint(1, 1000)
            )
        ),
        "age": between(18, 90),
        "quantity qty count total": between(1, 50),
        "page page_number": lambda _: 1,
        "page_size per_page limit": lambda _: 20,
        "offset start_index": lambda _: 0,
        "rating stars": between(1, 5),
        "percent percentage progress score popularity humidity volume": between(0, 100),
        "confidence probability ratio opacity accuracy": between(0, 1, 2),
        "tax_rate vat_rate interest_rate": between(1, 20, 1),
        "exchange_rate": between(0.5, 2, 4),
        "priority rank level position order index": between(1, 10),
        "temperature temp": between(-5, 30, 1),
        "pressure": between(990, 1030, 1),
        "heading bearing azimuth angle": between(0, 359),
        "speed distance weight": between(1, 100, 1),
        "zoom": between(1, 18),
        "red green blue": between(0, 255),
        "width height": between(200, 2000),
        "size bytes file_size": between(1_000, 5_000_000),
        "population": between(10_000, 5_000_000),
        "port": between(1024, 49_151),
        "ttl expires_in": lambda _: 3600,
        "version revision": between(1, 9),
        "status_code": lambda _: 200,
        "header_retry_after": lambda _: 1,  # a client waits as long
    }
)
QUALIFIERS = frozenset(
    {
        *("utc", "local", "gmt", "min", "max", "low", "high", "avg", "average", "start", "end", "from", "to"),
        *("eur", "usd", "gbp", "small", "medium", "large", "original", "raw", "static", "str", "string"),
        *"1234",
    }
)
"""Words at the end of a name that do not change what it means."""


def text(name: str, subject: Subject, strings: Makers = STRINGS) -> str | None:
    """Return a string for a property or format of this name, None for a name that says nothing."""
    value = _drawn(f"{name}_url" if subject.is_links else name, subject, strings)
    return None if value is None else str(value)


def number(name: str, subject: Subject) -> float | None:
    """Return a number for a property of this name, None for a name that says nothing."""
    value = _drawn(name, subject, NUMBERS)
    return None if value is None else float(value)


def _drawn(name: str, subject: Subject, table: Makers) -> Any:
    maker, before = _maker(name, table)
    if subject.kind and not subject.is_person:  # the name of a country is called so, or ``name`` in one
        maker = table.by_name.get("_".join((subject.kind, *words_of(name))), maker)
    return None if maker is None else makers.draw(maker, subject, name, before)


@lru_cache(maxsize=4096)
def _maker(name: str, table: Makers) -> tuple[Maker | None, str]:
    """Return the maker of the longest end of a name that has one, and the words before that end."""
    known_ends = ((table.by_name[end], before) for end, before in _ends(name) if end in table.by_name)
    return next(known_ends, (None, ""))


def _ends(name: str) -> Iterator[tuple[str, str]]:
    """Yield the ends of a name, the longest first, in the singular too, and what is before each.

    After them the ends of the name without its last word, if that is a qualifier.
    """
    words = words_of(name)
    while words:
        for start in range(len(words)):
            before = "_".join(words[:start])
            yield from ((end, before) for end in singulars("_".join(words[start:])))
        words = words[:-1] if words[-1] in QUALIFIERS else ()
