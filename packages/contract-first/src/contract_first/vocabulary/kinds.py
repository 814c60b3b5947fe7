"""What members mean, one row for each kind of value: names, where they come from, and how values are made.

The table is our own: it has the names that APIs use, needs no megabytes and no start-up, and the values for a
seed do not change with a library's version. Whether a schema allows a value is for the caller to check.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from operator import attrgetter
from random import Random
from typing import Any, NamedTuple

from . import makers, sentences
from .makers import (
    Maker,
    Related,
    at_moment,
    between,
    coordinate,
    form,
    hexadecimal,
    of_person,
    of_place,
    one_of,
)
from .subjects import PEOPLE, WORDS, Subject, iso


class Kind(NamedTuple):
    """A kind of value.

    Attributes:
        names: ends of members' names, in snake case; names of formats that no standard has, too.
        source: the standard that says what such values look like, or APIs that call them so.
        text: makes a string; a text is a form to fill in.
        number: makes a number.
        integer: makes an integer where that differs, as amounts in minor units do.
    """

    names: str
    source: str
    text: Maker | str | None = None
    number: Maker | None = None
    integer: Maker | None = None


def _state(subject: Subject, _: str, of: str) -> str:
    if subject.is_place or of:
        return subject.place(of).region
    return subject.random.choice(STATUSES)


def _object(subject: Subject, *_: str) -> str:
    return "list" if subject.is_list else subject.noun.replace(" ", "_") or subject.kind or "item"


def _value(words: Callable[[Random], Any], amount: Callable[[Random], Any]) -> Related:
    return Related(lambda subject, *_: amount(subject.random) if subject.is_money else words(subject.random))


def _six_digits(maker: Related) -> Related:
    return Related(lambda subject, name, of: f"{maker.make(subject, name, of):.6f}")


STATUSES = ("active", "pending", "completed")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.9.1")
PICTURES = "avatar image photo picture thumbnail icon logo cover banner"
MOMENTS = (
    "at created updated modified deleted published expires expiry expiration timestamp last_login last_seen"
    " last_update sunrise sunset"
)
COMPANIES = (
    "company company_name organisation organization organisation_name organization_name"
    " employer vendor manufacturer brand agency statement_descriptor descriptor"
)
UNIX = at_moment(lambda moment: int(moment.timestamp()))
MILLISECONDS = at_moment(lambda moment: int(moment.timestamp()) * 1000)
EXPIRY = Related(lambda subject, *_: subject.moment("expires").year + 2)
MINOR, MAJOR = between(500, 20_000), between(1, 200, 2)
CENTS = form("1#.##")
KINDS = (
    # identity
    Kind("id", "RFC 9562; Stripe: with a prefix", Related(makers.identifier), between(1, 10_000)),
    Kind("uuid guid uid sid gid", "RFC 9562", makers.uuid, between(1, 10_000)),
    Kind(
        "snowflake",
        "Discord, X: 64 bits, a time first",
        lambda random: str(makers.snowflake(random)),
        makers.snowflake,
    ),
    Kind("ulid", "github.com/ulid/spec: 26 characters of Crockford's Base32", makers.ulid),
    Kind(
        "slug alias key",
        "WordPress, GitHub",
        Related(lambda subject, _, of: subject.title(of).lower().replace(" ", "-")),
    ),
    Kind("sku code reference ref identifier", "Shopify, Adyen", "{code}-####"),
    Kind("symbol ticker abbreviation", "ISO 10383 markets", "{code}"),
    Kind("number serial", "GitHub, Stripe", "1########", between(1, 20)),
    Kind("house_number street_number", "Google Maps", form("1#"), between(1, 119)),
    Kind("etag", "RFC 9110, section 8.8.3", hexadecimal(40)),
    Kind("cursor page_token next previous prev", "Stripe, Google", hexadecimal(24)),
    # people and organizations
    Kind(
        "first_name firstname given_name givenname forename",
        "vCard, RFC 6350",
        of_person(attrgetter("first")),
    ),
    Kind(
        "last_name lastname family_name familyname surname", "vCard, RFC 6350", of_person(attrgetter("last"))
    ),
    Kind("full_name fullname display_name displayname", "vCard, RFC 6350", of_person(" ".join)),
    Kind(" ".join(sorted(PEOPLE)), "schema.org/Person", Related(makers.somebody)),
    Kind("name", "schema.org/name", Related(makers.name)),
    Kind(
        "username user_name login handle nickname screen_name twitter by",
        "GitHub, X",
        Related(
            lambda subject, _, of: f"{subject.person(of).first.lower()}{subject.random.randrange(10, 100)}"
        ),
    ),
    Kind(
        "email mail email_address",
        "RFC 5321, RFC 2606",
        Related(lambda subject, _, of: makers.email(subject, of)),
    ),
    Kind(
        "phone telephone mobile fax phone_number mobile_number msisdn",
        "ITU-T E.164; 555-01xx is for fiction",
        "+120255501##",
    ),
    Kind("gender", "schema.org/gender", one_of("female", "male", "other")),
    Kind("age", "in years", form("4#"), between(18, 90)),
    Kind(COMPANIES, "schema.org/Organization", "{name} {company}"),
    Kind(
        "job_title occupation profession",
        "schema.org/jobTitle",
        one_of("Engineer", "Nurse", "Teacher", "Accountant"),
    ),
    Kind(
        "department department_name",
        "SCIM, RFC 7643",
        one_of("Sales", "Research", "Support", "Finance"),
    ),
    Kind("role role_name", "SCIM, RFC 7643", one_of("admin", "member", "viewer")),
    Kind("tax_id vat_number vat_id", "VIES", "DE1########"),
    # texts
    Kind(
        "title subject headline label heading product subtitle display",
        "schema.org/name",
        Related(lambda subject, _, of: subject.title(of)),
    ),
    Kind(
        "description summary bio about caption excerpt overview info",
        "schema.org/description",
        sentences.ABOUT,
    ),
    Kind(
        "text body content message comment note detail transcript prompt reply question feedback review",
        "schema.org/text",
        sentences.SAID,
    ),
    Kind("instruction memo remark explanation output input footer", "schema.org/text", sentences.SAID),
    Kind("purpose use_case", "OpenAI", one_of("evaluation", "training", "support")),
    Kind("error msg reason warning refusal cause", "RFC 9457, detail", sentences.WRONG),
    Kind("rel", "IANA's link relations, RFC 8288", one_of("self", "next", "parent", "collection")),
    Kind("industry", "LinkedIn", one_of("Software", "Retail", "Healthcare", "Education")),
    Kind("html", "HTML", "<p>{sentence}</p>"),
    Kind(
        "category tag genre topic keyword group source channel field prefix suffix q query",
        "schema.org/keywords",
        one_of(*WORDS),
    ),
    Kind("isbn", "ISO 2108", one_of("9780306406157", "9783161484100")),
    Kind("isrc", "ISO 3901", "QZAAA24#####"),
    Kind("doi", "ISO 26324; 10.5555 is for tests", "10.5555/########"),
    # times
    Kind(f"{MOMENTS} time datetime date_time", "RFC 3339", at_moment(iso)),
    Kind(f"{MOMENTS} unix_time epoch date ts start_time end_time", "POSIX", None, UNIX),
    Kind("at_ms timestamp_ms", "POSIX, in milliseconds", *[MILLISECONDS] * 2),
    Kind(
        "date on birthday birth_date date_of_birth dob due",
        "RFC 3339, full-date",
        at_moment(lambda moment: f"{moment:%Y-%m-%d}"),
    ),
    Kind("year", "ISO 8601", *[at_moment(lambda moment: moment.year)] * 2),
    Kind(
        "month", "ISO 8601", at_moment(lambda moment: f"{moment:%B}"), at_moment(lambda moment: moment.month)
    ),
    Kind("day", "ISO 8601", at_moment(lambda moment: f"{moment:%A}"), at_moment(lambda moment: moment.day)),
    Kind("weekday day_of_week", "ISO 8601", at_moment(lambda moment: f"{moment:%A}"), between(1, 7)),
    Kind("hour", "ISO 8601", at_moment(lambda moment: f"{moment:%H}"), at_moment(lambda moment: moment.hour)),
    Kind("minute second", "ISO 8601", form("1#"), between(0, 59)),
    Kind("week", "ISO 8601", form("1#"), between(1, 52)),
    Kind("duration runtime", "ISO 8601; in seconds", "PT#H3#M", between(30, 3600)),
    Kind("duration_seconds", "Twilio", form("1##"), between(30, 3600)),
    Kind("duration_ms milliseconds ms", "Spotify", form("1#####"), between(30_000, 300_000)),
    Kind("ttl expires_in max_age", "RFC 6749, in seconds", lambda _: "3600", lambda _: 3600),
    Kind("timezone time_zone tz", "IANA", of_place("timezone")),
    Kind("cron schedule", "crontab(5)", "#0 1# * * *"),
    # places
    Kind("city town locality location city_name", "schema.org/addressLocality", of_place("city")),
    Kind("country country_name nationality", "ISO 3166-1, names", of_place("country")),
    Kind("country_code country_iso market", "ISO 3166-1 alpha-2", of_place("country_code")),
    Kind("postcode postal_code post_code zip zip_code zipcode", "UPU S42", of_place("postcode")),
    Kind(
        "street street_address address address1 line1 address_line1 address_line_1 addr1",
        "UPU S42",
        "1# {street}",
    ),
    Kind("address2 line2 address_line2 address_line_2 street2 addr2", "UPU S42", "Flat 1#"),
    Kind(
        "province region county district region_name province_name state_name",
        "schema.org/addressRegion",
        of_place("region"),
    ),
    Kind("region_code state_code province_code", "ISO 3166-2", of_place("region_code")),
    Kind("state", "ISO 3166-2, or of a life cycle", Related(_state)),
    Kind("latitude lat", "WGS 84", _six_digits(coordinate("latitude")), coordinate("latitude")),
    Kind("longitude lng lon long", "WGS 84", _six_digits(coordinate("longitude")), coordinate("longitude")),
    Kind("altitude elevation", "WGS 84, in metres", form("1##"), between(1, 2000)),
    Kind("airport iata airport_code", "IATA", one_of("BER", "LIS", "YYZ", "KIX", "ORD")),
    Kind("language lang language_code", "ISO 639-1", of_place("language")),
    Kind("locale", "BCP 47", of_place("locale")),
    # money
    Kind("price cost decimal", "schema.org/price; OpenAPI's registry", CENTS, MAJOR),
    Kind(
        "amount subtotal balance fee tax discount paid",
        "Stripe, Adyen: integers are in minor units",
        CENTS,
        MAJOR,
        MINOR,
    ),
    Kind("cents minor_units", "ISO 4217", form("1##9"), MINOR),
    Kind("currency currency_code", "ISO 4217", of_place("currency")),
    Kind("currency_symbol", "Unicode CLDR", of_place("symbol")),
    Kind(
        "value",
        "schema.org/value",
        _value(lambda random: random.choice(WORDS), lambda random: f"{MAJOR(random):.2f}"),
        _value(lambda random: random.randint(1, 100), MAJOR),
    ),
    Kind("total", "of an invoice, or of a list", CENTS, between(1, 50)),
    Kind("exp_month expiry_month expiration_month", "ISO/IEC 7813", one_of("04", "09", "12"), between(1, 12)),
    Kind("exp_year expiry_year expiration_year", "ISO/IEC 7813", EXPIRY, EXPIRY),
    Kind("last4 last_four last_digits mask", "PCI DSS 3.4.1: at most the last four digits", "####"),
    Kind("cvc cvv", "ISO/IEC 7813", "###"),
    Kind(
        "iban",
        "ISO 13616",
        one_of("DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"),
    ),
    Kind("bic swift bic_code swift_code", "ISO 9362", one_of("DEUTDEFF", "NWBKGB2L", "BNPAFRPP")),
    Kind("routing_number", "ABA; Stripe's for tests", "110000000"),
    Kind("account_number", "Stripe's for tests", "000123456789"),
    Kind("ean gtin barcode", "GS1", one_of("4006381333931", "5901234123457", "9780306406157")),
    Kind("upc", "GS1, GTIN-12", one_of("036000291452", "012345678905")),
    Kind("mcc merchant_category_code", "ISO 18245", one_of("5411", "5734", "5812"), one_of(5411, 5734, 5812)),
    Kind("tax_rate vat_rate interest_rate", "in percent", form("1#.#"), between(1, 20, 1)),
    Kind("exchange_rate", "ISO 4217", form("1.####"), between(0.5, 2, 4)),
    Kind("plan plan_name", "Stripe", one_of("free", "pro", "business")),
    # states and choices
    Kind("status status_name", "GitHub, Stripe", one_of(*STATUSES)),
    Kind("type subtype", "schema.org/additionalType", one_of("standard", "basic", "custom")),
    Kind(
        "object resource_type kind",
        "Stripe, Asana, Kubernetes",
        Related(_object),
    ),
    Kind("metadata attribute", "Stripe, Kubernetes: what clients keep there", one_of(*WORDS)),
    Kind("scope permission", "RFC 6749", one_of("read", "write", "admin")),
    Kind("action operation", "GitHub", one_of("create", "update", "delete")),
    Kind("event event_type", "Stripe, GitHub", one_of("created", "updated", "deleted")),
    Kind("severity level priority_name", "RFC 5424", one_of("low", "medium", "high"), between(1, 10)),
    Kind("priority", "RFC 9218", one_of("low", "medium", "high"), between(1, 7)),
    Kind("visibility", "GitHub", one_of("public", "private")),
    Kind("environment", "12factor.net", one_of("production", "staging", "development")),
    Kind("condition", "schema.org/itemCondition", one_of("new", "used")),
    Kind("direction", "compass", one_of("north", "east", "south", "west")),
    Kind("unit", "SI", one_of("kg", "m", "l")),
    # the web, files and machines
    Kind(
        "url uri link href website homepage html_url permalink callback endpoint schema",
        "RFC 3986, RFC 2606",
        "https://www.example/{word}",
    ),
    Kind(
        " ".join(f"{name} {name}_url {name}_uri" for name in PICTURES.split()),
        "schema.org/image",
        "https://images.example/{word}.png",
    ),
    Kind("host hostname host_name domain domain_name fqdn", "RFC 2606", "{word}.example"),
    Kind("ip ip_address ipaddress ipv4", "RFC 5737", makers.ipv4),
    Kind("ipv6", "RFC 3849", makers.ipv6),
    Kind("cidr subnet", "RFC 4632, RFC 5737", "192.0.2.0/24"),
    Kind("mac mac_address", "RFC 7042", "00:00:5e:00:53:##"),
    Kind("port", "RFC 6335", form("8###"), between(1024, 49_151)),
    Kind("user_agent useragent", "RFC 9110, section 10.1.5", one_of(*AGENTS)),
    Kind(
        "mime_type mimetype content_type media_type",
        "RFC 6838",
        one_of("image/png", "application/pdf", "text/plain"),
    ),
    Kind("filename file_name file", "schema.org/DigitalDocument", "{word}.pdf"),
    Kind("path", "RFC 3986", "/{word}/{word}"),
    Kind("format file_type extension file_extension", "RFC 6838", one_of("pdf", "csv", "json")),
    Kind("encoding charset", "RFC 2978", "utf-8"),
    Kind("protocol", "RFC 3986", one_of("https", "http")),
    Kind("os platform", "schema.org/operatingSystem", one_of("Linux", "macOS", "Windows", "Android", "iOS")),
    Kind("license license_name", "SPDX", one_of("MIT", "Apache-2.0", "CC-BY-4.0")),
    Kind("version revision", "semver.org", "#.#.#", between(1, 9)),
    Kind("repository_full_name repo_full_name", "GitHub", "{word}/{word}"),
    Kind(
        "service provider network carrier publisher operator namespace bucket branch repository repo",
        "schema.org/provider",
        one_of(*WORDS),
    ),
    Kind(
        "model",
        "schema.org/model",
        lambda random: f"{random.choice(WORDS).title()} {random.randrange(1, 10)}00",
    ),
    Kind("colour color hex_color background foreground", "CSS Color 4", makers.colour, between(0, 0xFFFFFF)),
    Kind("red green blue", "CSS Color 4", form("1##"), between(0, 255)),
    Kind("status_code", "RFC 9110", "200", lambda _: 200),
    # secrets and digests
    Kind(
        "token secret hash checksum digest signature sha sha1 fingerprint commit", "RFC 3174", hexadecimal(40)
    ),
    Kind("sha256", "RFC 6234", hexadecimal(64)),
    Kind("sha512", "RFC 6234", hexadecimal(128)),
    Kind("md5 api_key access_key public_key private_key", "RFC 1321", hexadecimal(32)),
    Kind("password", "RFC 8265", "{word}-{word}-##"),
    Kind("token_type", "RFC 6750", "Bearer"),
    # measures
    Kind("quantity qty count", "schema.org/quantity", form("1#"), between(1, 50)),
    Kind("page page_number", "of a list", lambda _: "1", lambda _: 1),
    Kind("page_size per_page limit", "of a list", lambda _: "20", lambda _: 20),
    Kind("offset start_index", "of a list", lambda _: "0", lambda _: 0),
    Kind("rating stars", "schema.org/ratingValue", form("4.#"), between(1, 5)),
    Kind("percent percentage progress", "of a hundred", between(0, 100), between(0, 100)),
    Kind("score popularity humidity volume", "of a hundred", form("4#"), between(0, 100)),
    Kind(
        "confidence probability ratio fraction opacity accuracy similarity",
        "from 0 to 1",
        form("0.##"),
        between(0, 1, 2),
    ),
    Kind(
        "logprob log_probability logprobs",
        "OpenAI: a logarithm, not above 0",
        form("-0.####"),
        between(-5, 0, 4),
    ),
    Kind("rank position order index", "schema.org/position", form("1#"), between(1, 10)),
    Kind("temperature temp", "in degrees Celsius", form("1#.#"), between(-5, 30, 1)),
    Kind("pressure", "in hectopascals", form("10##"), between(990, 1030, 1)),
    Kind("heading bearing azimuth angle", "in degrees", None, between(0, 359)),
    Kind("speed distance weight", "schema.org/QuantitativeValue", form("1#.#"), between(1, 100, 1)),
    Kind("zoom", "of map tiles", form("1#"), between(1, 18)),
    Kind("width height", "in pixels", form("6##"), between(200, 2000)),
    Kind("aspect_ratio", "CSS Images 4", one_of("16:9", "4:3", "1:1"), between(1, 2, 2)),
    Kind("size bytes file_size", "in bytes", form("1#####"), between(1_000, 5_000_000)),
    Kind("tokens", "OpenAI, Anthropic", form("1##"), between(1, 2000)),
    Kind("population", "schema.org/population", form("1######"), between(10_000, 5_000_000)),
    # fields of a response
    Kind("header_etag", "RFC 9110, section 8.8.3", '"{hex}"'),
    Kind("header_link", "RFC 8288", '<https://www.example/{word}?page=2>; rel="next"'),
    Kind("header_content_disposition", "RFC 6266", 'attachment; filename="{word}.pdf"'),
    Kind(
        "header_last_modified header_expires header_date header_sunset",
        "RFC 9110, section 5.6.7",
        at_moment(lambda moment: format_datetime(moment, usegmt=True)),
    ),
    Kind("header_location header_content_location", "RFC 9110, section 10.2.2", "/{word}"),
    Kind("header_cache_control", "RFC 9111", "no-cache"),
    Kind("header_retry_after", "RFC 9110, section 10.2.3: a client waits as long", "1", lambda _: 1),
    Kind("header_set_cookie", "RFC 6265", "session={hex}; Path=/; HttpOnly"),
    Kind("header_www_authenticate", "RFC 9110, section 11.6.1", 'Bearer realm="api"'),
    Kind("header_allow", "RFC 9110, section 10.2.1", "GET, HEAD, OPTIONS"),
    Kind("header_vary", "RFC 9110, section 12.5.5", "Accept"),
)
