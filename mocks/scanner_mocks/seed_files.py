"""Files that the mock's catalogue and state begin with, beside its fixed seeds."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import msgspec

from contract_first.contract.reading.reading import read_document
from scanner_api.scanning.catalogue.freshness import FreshnessRule, RuleError
from scanner_api.scanning.catalogue.products import Product, read_products
from scanner_api.scanning.catalogue.rows import BadRow
from scanner_api.scanning.scans.sessions import SessionStatus

from . import seeds
from .seeding import SeedData, SeedSession

MOST_PRODUCTS: Final = 100_000
MOST_LISTED: Final = 20
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class SeedFileError(ValueError):
    """A file with seeds cannot be used; the message has the file, and the place in it."""

    page = "mock#your-own-products-organizations-and-sessions"


class _Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: SessionStatus = SessionStatus.ACTIVE
    organization: str = ""


class _Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    brick: str = ""
    category: Name
    warning_days: int
    critical_days: int


class _SeedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    organizations: Annotated[list[Name], msgspec.Meta(max_length=100)] = []
    sessions: Annotated[list[_Session], msgspec.Meta(max_length=1000)] = []
    freshness: Annotated[list[_Rule], msgspec.Meta(max_length=1000)] = []


def seed_data_of(products: Path | None, seed_data: Path | None, tell: Callable[[str], None]) -> SeedData:
    """Return what files hold.

    Args:
        products: CSV, TSV or JSON Lines with our columns or those of Open Food Facts.
        seed_data: YAML or JSON with ``organizations``, ``sessions`` and ``freshness``.
        tell: called with a sentence for each of the first rows of products that cannot be used.

    Raises:
        SeedFileError: a file cannot be used.
        ContractError: the file with seeds is neither YAML nor JSON.
    """
    rows = () if products is None else tuple(_products(products, tell))
    if products is not None and not rows:
        raise SeedFileError(f"{products}: none of its rows can be used; expected gtin (or code) and name.")
    return SeedData(rows) if seed_data is None else _seeds(seed_data, rows)


def _products(path: Path, tell: Callable[[str], None]) -> Iterator[Product]:
    skipped = 0
    try:
        with path.open("rb") as file:
            for number, row in enumerate(islice(read_products(file, path.name), MOST_PRODUCTS + 1)):
                if number == MOST_PRODUCTS:
                    raise SeedFileError(f"{path} has more than {MOST_PRODUCTS} rows; the mock holds no more.")
                if not isinstance(row, BadRow):
                    yield row
                    continue
                skipped += 1
                if skipped <= MOST_LISTED:
                    tell(f"{path}:{row.line} skipped: {row.reason}")
    except OSError as error:
        raise SeedFileError(f"{path} cannot be read: {error.strerror}.") from None
    if skipped > MOST_LISTED:
        tell(f"{path}: {skipped - MOST_LISTED} more rows are skipped.")


def _seeds(path: Path, products: Sequence[Product]) -> SeedData:
    try:
        file = msgspec.convert(read_document(str(path)), _SeedFile)
        rules = [
            FreshnessRule(rule.brick, rule.category, rule.warning_days, rule.critical_days)
            for rule in file.freshness
        ]
    except (msgspec.ValidationError, RuleError) as error:
        raise SeedFileError(f"{path}: {error}") from None
    organizations = {name: seeds.id_of(f"organizations/{name}") for name in file.organizations}
    sessions = []
    for number, session in enumerate(file.sessions, 1):
        if session.organization not in {"", *organizations}:
            there = ", ".join(organizations) or "none"
            raise SeedFileError(
                f"{path}: session {number}: expected one of the file's organizations ({there}), "
                f"got {session.organization!r}."
            )
        owner = organizations.get(session.organization, seeds.ORGANIZATION)
        sessions.append(SeedSession(seeds.id_of(f"sessions/{number}"), owner, session.status))
    return SeedData(products, organizations, tuple(sessions), tuple(rules))
