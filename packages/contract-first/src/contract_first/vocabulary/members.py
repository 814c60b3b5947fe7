"""What the name of a member, or of a query parameter, means: one row for each meaning."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from .words import plain, singulars, word_set, words_of


class Meaning(Enum):
    """What a name means: a row of names in plain spelling, the likeliest first.

    ``"pageSize" in Meaning.SIZE`` is true, in any style of spelling.

    Attributes:
        names: of the row, in plain spelling.
    """

    # Items

    IDENTIFIER = "id uuid guid sid gid nodeid uid"
    PATH_IDENTIFIER = "id sid uuid guid"
    REFERENCE = "entityid objectid resourceid"
    KEY = "key number name slug code login username"
    RENAMABLE_KEY = "name slug login username path title code tag"
    SET_BY_SERVER = "id selflink etag"
    ITEM_URL = "url uri href self selflink apiurl"
    ENVELOPE = "data items result results records entries values content objects list"

    # Lists: how many items there are, which is what a list's `count` is

    TOTAL = (
        "total totalcount totalitems totalresults totalelements totalsize totalentries totalrecords"
        " odatacount count results itemstotal"
    )

    # Lists: the part that is requested

    SIZE = "limit pagesize perpage maxresults maxitems top take size count"
    PAGE = "page pagenumber pageno pageindex currentpage"
    OFFSET = "offset skip startindex start"
    CURSOR = "cursor nexttoken continuationtoken paginationtoken continue iterator marker position"
    AFTER = f"startingafter after startcursor pagetoken {CURSOR}"
    BEFORE = "endingbefore before"
    SORT = "sort sortby orderby order ordering"
    DIRECTION = "direction sortorder sortdirection sortdir dir order"
    SEARCH = "q query search"
    FIELDS = "fields optfields select"
    EXPAND = "expand"

    # Lists: the part that is shown

    MORE = "hasmore hasnext hasnextpage istruncated more"
    HAS_PREVIOUS = "hasprevious hasprev haspreviouspage hasprevpage"
    REMAINING = "remainingitemcount"
    SHOWN = "numberofelements"
    IS_EMPTY = "empty"
    IS_FIRST = "first"
    IS_LAST = "last islast islastpage done"
    END = "end"
    FIRST_KEY = "firstid"
    LAST_KEY = "lastid"
    LIST_NAME = "key"
    NEXT_PAGE = "nextpage nextpagenumber"
    NEXT_OFFSET = "nextoffset nextpageoffset"
    PREVIOUS_PAGE = "previouspage prevpage previouspagenumber"
    LAST_PAGE = "totalpages numpages pages lastpage pagecount pagestotal"
    NEXT_URL = "next nextpageuri nextpageurl nexturl nextlink nexturi nexthref"
    PREVIOUS_URL = "previous prev previouspageuri previouspageurl previousurl prevurl"
    LIST_URL = "url uri self href link firstpageuri firstpageurl"
    NEXT_CURSOR = f"nextpagetoken nextcursor nextpage nextmarker {CURSOR}"
    PREVIOUS_CURSOR = "previouspagetoken prevpagetoken previouscursor prevcursor prevmarker previterator"

    LABEL = "name title displayname fullname label headline subject summary text description"
    """What people search items by."""

    # Who calls

    CALLER = "ownerid owner createdby createdbyid creatorid creator authorid author userid updatedby"
    ME = "me self myself whoami userinfo currentuser current user profile"
    LOGIN = "username login email emailaddress user name handle"
    PASSWORD = "password passwd pwd pass passphrase"  # noqa: S105 -- names of what has one
    TOKEN = "token accesstoken authtoken sessiontoken bearertoken apitoken jwt refreshtoken"  # noqa: S105 -- the same

    # What an object is about

    OF_PERSON = "email emailaddress firstname lastname username birthdate dateofbirth gender"
    OF_PLACE = "city street zip zipcode postcode postalcode country countrycode line1"
    OF_MONEY = "currency currencycode"
    ASPECT = "address contact coordinates geo location name profile"
    """Objects that are about what the object is about in which they stand."""

    def __init__(self, row: str) -> None:
        self.names = tuple(row.split())
        self._names = frozenset(self.names)

    def __contains__(self, name: str) -> bool:
        return plain(name) in self._names


_BY_NAME: dict[str, tuple[Meaning, ...]] = {
    name: tuple(meaning for meaning in Meaning if name in meaning.names)
    for name in {name for meaning in Meaning for name in meaning.names}
}


def meanings_of(name: str) -> tuple[Meaning, ...]:
    """Return all that a name may mean, in the order of the rows."""
    return _BY_NAME.get(plain(name), ())


PAGING: Final = (Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET)
"""What selects a page, in this order."""
IDENTIFYING: Final = word_set("""
    id gid uid sid uuid guid number sku key token slug login handle arn
""")
"""Last words of what no two items have in common."""
SHARED: Final = frozenset({"status", "code", "phone", "port", "version"})
"""Words of what has a meaning elsewhere: a number that is changed is no other status or telephone."""
COUNTING: Final = frozenset({"count", "total", "num", "number", "of", "n"})
"""Words that say that a number counts what the rest of the name says."""
HOLDER = re.compile(r"meta|metadata|sys|\w*reference")
ENDS_IN_ID: Final = frozenset(f"{word}{plural}" for word in ("id", "uuid", "guid") for plural in ("", "s"))
VERBS: Final = word_set("""
    get list search create update delete remove add find query sync batch cancel all me self v1 v2 v3
""")
"""Segments of paths that name no kind of thing."""
TALLIES: Final = frozenset({"count", "counts", "counter", "counters"})


def kind_of(path: str) -> str:
    """Return what a path leads to: ``pets`` for ``/pets/{id}``; what is done there is no such word."""
    segments = [segment for segment in path.split("/") if segment and "{" not in segment]
    nouns = (segment for segment in reversed(segments) if segment.lower() not in VERBS)
    return next((noun.rpartition(".")[0] or noun for noun in nouns), "")


def refers(name: str) -> bool:
    """Tell whether a name is that of an identifier, or of several: ``pet_id``, ``petIds``."""
    return not ENDS_IN_ID.isdisjoint(words_of(name)[-1:])


def tallies(name: str) -> bool:
    """Tell whether a member counts things or events of an item, as ``num_pets`` does."""
    words = words_of(name)
    return len(words) > 1 and (words[0] == "num" or words[-1] in TALLIES)


def may_hold_key(name: str) -> bool:
    """Tell whether a member is an object that identifies an item, as ``metadata`` does."""
    return HOLDER.fullmatch(plain(name)) is not None


def named(members: Mapping[str, object], name: str) -> str | None:
    """Return the member that has a name in any style; None if there is none."""
    return next((member for member in members if plain(member) == plain(name)), None)


def identifiers_of(resource: str) -> tuple[str, ...]:
    """Return the plain names of members that identify an item of a resource: ``petid`` for ``pets``."""
    return tuple(f"{item}id" for item in singulars(plain(resource)))
