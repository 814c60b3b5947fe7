"""Strings by the names of properties as a country has them: people, addresses, companies, words.

Faker has them for a hundred locales; the extra ``locales`` brings it.
"""

from difflib import get_close_matches
from functools import lru_cache, partial
from random import Random
from threading import Lock
from typing import Any

from contract_first.distribution import CONTRACT_FIRST
from contract_first.vocabulary.makers import Maker, Makers, Related, draw, one_of
from contract_first.vocabulary.names import STRINGS
from contract_first.vocabulary.subjects import Person, Subject

METHODS = {
    "username": "user_name",
    "email": "ascii_safe_email",
    "phone": "phone_number",
    "city": "city",
    "country": "current_country",
    "country_code": "current_country_code",
    "postcode": "postcode",
    "street": "street_address",
    "province": "administrative_unit",
    "description": "sentence",
    "note": "sentence",
    "company": "company",
    "job_title": "job",
}
"""Faker's methods, by one of the names of what they make."""
LIST = "https://faker.readthedocs.io/en/stable/locales.html"


@lru_cache(maxsize=8)
def strings_of(locale: str) -> Makers:
    """Return the maker of strings by name.

    Args:
        locale: such as ``de_DE``; empty for those of `contract_first.vocabulary`, without Faker.

    Raises:
        ValueError: Faker is not there, or does not have the locale; says what to do.
    """
    if not locale:
        return STRINGS
    if reason := CONTRACT_FIRST.lack_of("locales"):
        raise ValueError(reason)
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 -- of an extra, and it takes half a second
    from faker.factory import Factory  # noqa: PLC0415 -- the same

    name = locale.replace("-", "_")
    if name not in AVAILABLE_LOCALES:
        available = {code.lower(): code for code in AVAILABLE_LOCALES}
        matches = get_close_matches(name[:100].lower(), available, cutoff=0)
        nearest = ", ".join(available[match] for match in matches)
        raise ValueError(
            f"Faker has no locale {locale[:100]!r}; the nearest are {nearest}, all are at {LIST}."
        )
    faker: Any = Factory.create(name)
    lock = Lock()

    def value_of_locale(method: str, fallback: Maker, subject: Subject, member: str, before: str) -> Any:
        with lock:  # all threads share the generator
            faker.random = subject.random
            try:
                return getattr(faker, method)()
            except ValueError:  # some locales have no country that Faker knows
                return draw(fallback, subject, member, before)

    def person(random: Random) -> Person:
        with lock:
            faker.random = random
            return Person(faker.first_name(), faker.last_name())

    methods = {
        STRINGS.by_name[member]: method for member, method in METHODS.items() if hasattr(faker, method)
    }
    localized = {
        member: Related(partial(value_of_locale, methods[maker], maker))
        for member, maker in STRINGS.by_name.items()
        if maker in methods
    }
    codes = {"language": one_of(name.partition("_")[0]), "locale": one_of(name.replace("_", "-"))}
    return Makers({**STRINGS.by_name, **localized, **codes}, person)
