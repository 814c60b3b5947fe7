"""What an object is about: people, places and moments, drawn once, so that its members agree."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Final, NamedTuple

from .members import Meaning
from .times import STAGES, stage_of
from .words import singular, word_set, words_of

FIRST: Final = (
    *("Ada", "Amina", "Bruno", "Chiara", "Daniel", "Elif"),
    *("Hana", "Jonas", "Lucia", "Mateo", "Nora", "Ravi"),
)
LAST: Final = (
    *("Andersen", "Bianchi", "Costa", "Dubois", "Fischer", "Garcia"),
    *("Ito", "Kaya", "Novak", "Okafor", "Smith"),
)
WORDS: Final = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "indigo", "juniper"),
    *("kestrel", "larch", "maple", "nectar", "opal", "pebble", "quartz", "river", "sable", "thistle"),
)
PEOPLE: Final = word_set("""
    assignee attendee author contact creator customer doctor driver employee guest member owner
    participant patient person player recipient reviewer cardholder holder passenger sender student
    teacher traveler user
""")
ADJECTIVES: Final = word_set("""
    alternate common custom default display formal formatted friendly full html legal long native
    official original preferred public short unique user
""")
"""Words before ``name`` or ``title`` that say of no other thing that it is its name."""
VAGUE: Final = frozenset({"data", "info", "information", "detail", "setting", "parameter", "param", "option"})
"""Last words of names of objects that are about what is before them."""
LONGEST_NOUN: Final = 30
EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
DAYS: Final = 690


class Person(NamedTuple):
    """Somebody."""

    first: str
    last: str


class Locality(NamedTuple):
    """A town with its country, and what is usual there."""

    city: str
    region: str
    region_code: str
    country: str
    country_code: str
    postcode: str
    currency: str
    symbol: str
    language: str
    timezone: str
    latitude: float
    longitude: float

    @property
    def locale(self) -> str:
        """Return the language as it is spoken there."""
        return f"{self.language}-{self.country_code}"


LOCALITIES: Final = (
    Locality(
        *("Berlin", "Berlin", "BE", "Germany", "DE", "10115", "EUR", "€", "de", "Europe/Berlin"),
        *(52.52, 13.405),
    ),
    Locality(
        *("Lisbon", "Lisbon", "11", "Portugal", "PT", "1100-148", "EUR", "€", "pt", "Europe/Lisbon"),
        *(38.722, -9.139),
    ),
    Locality(
        *("Toronto", "Ontario", "ON", "Canada", "CA", "M5H 2N2", "CAD", "$", "en", "America/Toronto"),
        *(43.653, -79.383),
    ),
    Locality(
        *("Osaka", "Osaka", "27", "Japan", "JP", "530-0001", "JPY", "¥", "ja", "Asia/Tokyo"),
        *(34.694, 135.502),
    ),
    Locality(
        *("Chicago", "Illinois", "IL", "United States", "US", "60601", "USD", "$", "en", "America/Chicago"),
        *(41.878, -87.63),
    ),
    Locality(
        *("Leeds", "England", "ENG", "United Kingdom", "GB", "LS1 4DY", "GBP", "£", "en", "Europe/London"),
        *(53.801, -1.549),
    ),
    Locality(
        *("Lyon", "Rhône", "69", "France", "FR", "69001", "EUR", "€", "fr", "Europe/Paris"),
        *(45.764, 4.836),
    ),
    Locality(
        *("Gdansk", "Pomerania", "22", "Poland", "PL", "80-001", "PLN", "zł", "pl", "Europe/Warsaw"),
        *(54.352, 18.647),
    ),
)


def person(random: Random) -> Person:
    return Person(random.choice(FIRST), random.choice(LAST))


class Subject:
    """What the members of one object are about.

    Args:
        names: of the members, which tell whether it is a person, a place, or money.
        name: of the object.
        above: the subject of the object in which it stands, if there is one.
        draw_person: returns somebody, of a locale.
        prefix: of the object's identifier.

    Attributes:
        kind: what the object is called, or its list, by the last word in the singular.
        noun: all words of that, but for those that say nothing; empty without others.
        is_list: whether it holds a list, and says something about that.
        is_person: whether a member called ``name`` is that of a person.
        is_place: whether a member called ``state`` is part of an address.
        is_money: whether a member called ``value`` is an amount.
        is_links: whether each member is the URL of what its name says.
        people: those that were drawn, by their role; empty for the object itself.
        places: likewise.
    """

    def __init__(
        self,
        random: Random,
        names: tuple[str, ...] = (),
        name: str = "",
        above: "Subject | None" = None,
        draw_person: Callable[[Random], Person] = person,
        prefix: str = "",
    ) -> None:
        self.random = random
        self.names = names
        self.prefix = prefix
        self.noun = _noun(name)
        self.kind, self.is_person, self.is_place, self.is_money, self.is_list = _traits(names, name)
        self.is_links = above is not None and self.kind in {"link", "url"}
        self._draw_person = draw_person
        self._base: datetime | None = None
        self._titles: dict[str, str] = {}
        self.people: dict[str, Person] = {}
        self.places: dict[str, Locality] = {}
        self._moments: dict[int, datetime] = {}
        if above is not None and name in Meaning.ASPECT:
            self.people, self.places = above.people, above.places
        if above is not None and not STAGES.keys().isdisjoint(words_of(name)):
            self._base = above.moment(name)

    def person(self, of: str = "") -> Person:
        """Return the person of a role, such as ``customer``; the object itself by default."""
        if of not in self.people:
            self.people[of] = self._draw_person(self.random)
        return self.people[of]

    def place(self, of: str = "") -> Locality:
        """Return the place of a part of the object, such as ``shipping``; of the object itself by default."""
        if of not in self.places:
            self.places[of] = self.random.choice(LOCALITIES)
        return self.places[of]

    def title(self, of: str = "") -> str:
        """Return the title of a part of the object, or of the object itself: a word, and what it is."""
        of = "" if of in ADJECTIVES else of
        if of not in self._titles:
            noun = of.replace("_", " ") or self.noun or self.random.choice(WORDS)
            self._titles[of] = f"{self.random.choice(WORDS)} {noun}".title()
        return self._titles[of]

    def moment(self, name: str) -> datetime:
        """Return the moment that a property of this name says."""
        if self._base is None:
            days, seconds = self.random.randrange(DAYS), self.random.randrange(86_400)
            self._base = EPOCH + timedelta(days=days, seconds=seconds)
        after, within = stage_of(name)
        if after not in self._moments:
            seconds = self.random.randrange(within * 3600 + 1)
            self._moments[after] = self._base + timedelta(hours=after, seconds=seconds)
        return self._moments[after]


@lru_cache(maxsize=4096)
def _noun(name: str) -> str:
    """Return what an object of a name is, such as ``custom field``; empty where that says nothing."""
    if not name or name in Meaning.ENVELOPE or name in Meaning.ASPECT or name in Meaning.RENAMABLE_KEY:
        return ""
    *words, last = words_of(name) or ("",)
    words = [*words, singular(last)]
    while words and words[-1] in VAGUE:
        words.pop()
    return " ".join(words)[:LONGEST_NOUN].strip()


@lru_cache(maxsize=4096)
def _traits(names: tuple[str, ...], name: str) -> tuple[str, bool, bool, bool, bool]:
    """Return the name of an object, and whether it is a person, a place, money, or a list."""
    words = words_of(name)
    kind = singular(words[-1]) if words else ""

    def has(meaning: Meaning) -> bool:
        return any(member in meaning for member in names)

    is_list = has(Meaning.ENVELOPE) and not has(Meaning.IDENTIFIER)
    is_person = kind in PEOPLE or has(Meaning.OF_PERSON)
    return kind, is_person, has(Meaning.OF_PLACE), has(Meaning.OF_MONEY), is_list


def iso(moment: datetime) -> str:
    """Return a moment in the format of RFC 3339."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
