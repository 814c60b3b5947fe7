"""What names mean: each row of the table, and the rules beside it."""

import pytest

from contract_first.vocabulary.members import (
    Meaning,
    identifiers_of,
    may_hold_key,
    meanings_of,
    named,
    refers,
    tallies,
)
from contract_first.vocabulary.words import plain

EXAMPLES = {
    Meaning.IDENTIFIER: ("id", "node_id", "UUID"),
    Meaning.PATH_IDENTIFIER: ("id", "guid"),
    Meaning.REFERENCE: ("entityId", "resource-id"),
    Meaning.KEY: ("slug", "login"),
    Meaning.RENAMABLE_KEY: ("name", "path"),
    Meaning.SET_BY_SERVER: ("id", "selfLink", "ETag"),
    Meaning.ITEM_URL: ("href", "self_link"),
    Meaning.ENVELOPE: ("data", "items"),
    Meaning.SIZE: ("limit", "per_page", "$top", "page[size]"),
    Meaning.PAGE: ("page", "pageNumber", "current_page"),
    Meaning.OFFSET: ("offset", "startIndex"),
    Meaning.CURSOR: ("cursor", "next_token"),
    Meaning.AFTER: ("starting_after", "cursor", "page_token"),
    Meaning.BEFORE: ("ending_before", "before"),
    Meaning.SORT: ("sort_by", "orderBy"),
    Meaning.DIRECTION: ("sort-order", "dir"),
    Meaning.SEARCH: ("q", "search"),
    Meaning.FIELDS: ("fields", "opt_fields", "$select"),
    Meaning.EXPAND: ("expand", "$expand"),
    Meaning.LABEL: ("name", "displayName"),
    Meaning.MORE: ("has_more", "IsTruncated"),
    Meaning.HAS_PREVIOUS: ("has_previous", "hasPrev"),
    Meaning.TOTAL: ("total_count", "@odata.count", "count"),
    Meaning.REMAINING: ("remainingItemCount",),
    Meaning.SHOWN: ("numberOfElements",),
    Meaning.IS_EMPTY: ("empty",),
    Meaning.IS_FIRST: ("first",),
    Meaning.IS_LAST: ("last", "isLastPage"),
    Meaning.END: ("end",),
    Meaning.FIRST_KEY: ("first_id",),
    Meaning.LAST_KEY: ("lastId",),
    Meaning.LIST_NAME: ("key",),
    Meaning.NEXT_PAGE: ("next_page",),
    Meaning.NEXT_OFFSET: ("next_offset", "nextPageOffset", "next-page-offset"),
    Meaning.PREVIOUS_PAGE: ("prevPage",),
    Meaning.LAST_PAGE: ("totalPages", "last_page"),
    Meaning.NEXT_URL: ("next", "nextLink"),
    Meaning.PREVIOUS_URL: ("prev", "previous_url"),
    Meaning.LIST_URL: ("self", "first_page_uri"),
    Meaning.NEXT_CURSOR: ("nextPageToken", "next_cursor", "iterator"),
    Meaning.PREVIOUS_CURSOR: ("prev_cursor",),
    Meaning.CALLER: ("ownerId", "created_by"),
    Meaning.ME: ("me", "current-user"),
    Meaning.LOGIN: ("email", "userName"),
    Meaning.PASSWORD: ("password", "PWD"),
    Meaning.TOKEN: ("access_token", "token"),
    Meaning.OF_PERSON: ("first_name", "email"),
    Meaning.OF_PLACE: ("zipCode", "line1"),
    Meaning.OF_MONEY: ("currency_code",),
    Meaning.ASPECT: ("address", "profile"),
}


def test_each_row_has_examples():
    """A new meaning is a row here, too; no two rows are the same, which would make them one."""
    assert set(EXAMPLES) == set(Meaning.__members__.values())
    assert len(EXAMPLES) == len(Meaning.__members__)


@pytest.mark.parametrize(("meaning", "examples"), EXAMPLES.items(), ids=[each.name for each in EXAMPLES])
def test_rows(meaning, examples):
    """A row holds plain names, each once; a name in any style has the meaning of its row, others have not."""
    assert [name for name in meaning.names if plain(name) != name] == []
    assert len(set(meaning.names)) == len(meaning.names)
    assert [name for name in examples if name not in meaning or meaning not in meanings_of(name)] == []
    assert [name for name in ("", "x", "billing", "pets") if name in meaning] == []


def test_all_meanings_of_a_name():
    """They are in the order of the rows."""
    assert meanings_of("next_page") == (Meaning.NEXT_PAGE, Meaning.NEXT_CURSOR)
    assert meanings_of("billing") == ()


@pytest.mark.parametrize(
    ("rule", "names", "others"),
    [
        (
            refers,
            ["id", "petId", "pet_ids", "owner-uuid", "petIDs", "a.guid"],
            ["paid", "video", "ids_of", "petid"],
        ),
        (
            tallies,
            ["num_pets", "viewCount", "page-count", "retry_counter"],
            ["count", "num", "account", "discount"],
        ),
        (may_hold_key, ["meta", "metadata", "sys", "petReference"], ["system", "data"]),
    ],
)
def test_rules(rule, names, others):
    """What ends a name, or begins it, counts as a word."""
    assert [name for name in names if not rule(name)] == []
    assert [name for name in others if rule(name)] == []


def test_members_by_name():
    """A member has the name in another style; a resource's identifier has the name of one item."""
    assert named({"ownerName": 1}, "owner_name") == "ownerName"
    assert named({"owner": 1}, "name") is None
    assert identifiers_of("pet-categories") == ("petcategoriesid", "petcategoryid", "petcategorieid")
