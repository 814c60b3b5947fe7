"""What is created is in its list: once, counted, on one page, and found by filters."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias
from urllib.parse import urljoin

import httpx2
from httpx2 import Response

from contract_first.check.checks.check import CheckFailure, RunCheck, json_of
from contract_first.check.target import Target
from contract_first.contract import Operation
from contract_first.vocabulary.members import PAGING, Meaning

from .collections import StoredCollection

Failures: TypeAlias = Iterator[CheckFailure]
POSITIONS: Final = (*PAGING, Meaning.AFTER, Meaning.BEFORE)
NOBODYS: Final = "-nobodys"
"""What ends a text that nothing has."""


class Lists:
    """The list of a collection, of which some items are known."""

    def __init__(self, check: RunCheck, collection: StoredCollection, operation: Operation) -> None:
        self._check = check
        self._collection = collection
        self._operation = operation
        self._key_of = collection.key_of
        queries = [node for node in operation.parameters if node["in"] == "query"]
        schemas = {node["name"]: node.get("schema") for node in queries}
        self._filters = {name: node if isinstance(node, dict) else {} for name, node in schemas.items()}
        self._size, self._page, self._skipped = (
            next((name for name in self._filters if name in meaning), "")
            for meaning in (Meaning.SIZE, Meaning.PAGE, Meaning.OFFSET)
        )
        self._is_paged = any(name in meaning for name in self._filters for meaning in POSITIONS)

    def ask(self, **query: Any) -> Response:
        """Return the response to a request with these query parameters."""
        case = self._collection.case(self._check.samples, self._operation)
        case.query = {**case.query, **query}
        return self._check.samples.send(case, self._check.target.headers)

    def failures(
        self, created: list[str], thing: Mapping[str, Any], confirmed: Mapping[str, Any]
    ) -> Failures:
        """Yield what is wrong with the list, in which things are that were just created.

        Args:
            created: their ids.
            thing: the first of them, as a GET shows it.
            confirmed: members as they were sent.
        """
        response = self.ask()
        items = items_of(response)
        if not response.is_success or items is None:
            return
        key, keys = created[0], [self._key_of(item) for item in items]
        missing = [name for name in created if name not in keys]
        if not items:
            yield self._failed("list", "the list is empty after a creation", response)
        elif missing and (not self._is_paged or _total(response) == len(items)):
            message = f"the list does not have the thing with the id {missing[0]}"
            yield self._failed("list", message, response)
        if repeated := {name for name in keys if name is not None and keys.count(name) > 1}:
            yield self._failed("list", f"the id {min(repeated)} is in the list more than once", response)
        for item in items:
            if self._key_of(item) == key:
                yield from self._compare(item, confirmed, response)
        again = items_of(self.ask()) or ()
        others = [self._key_of(item) for item in again]
        if others != keys and sorted(map(str, others)) == sorted(map(str, keys)):
            yield self._failed("order", "two calls of the list have their items in another order", response)
        yield from self._sorted()
        yield from self._totals(response, items)
        yield from self._pages(response, keys if others == keys else [])
        yield from self._filtered(key, thing)

    def stale(self, key: str, old: Mapping[str, Any], now: Mapping[str, Any]) -> Failures:
        """Yield where the list shows a thing as it was before a change that a GET shows."""
        for item in items_of(response := self.ask()) or ():
            names = [name for name, value in now.items() if name in old and old[name] != value]
            if self._key_of(item) == key and (same := [n for n in names if n in item and item[n] == old[n]]):
                message = f"{', '.join(same)} of the item is as before a change that a GET shows"
                yield self._failed("list", message, response)

    def _compare(self, item: Mapping[str, Any], confirmed: Mapping[str, Any], response: Response) -> Failures:
        for name, value in confirmed.items():
            if name in item and item[name] != value:
                message = f"{name} of the item is {item[name]!r}, expected {value!r}"
                yield self._failed("list", message, response)
                return

    def _totals(self, response: Response, items: list[dict[str, Any]]) -> Failures:
        total = _total(response)
        if total is not None and (total < len(items) or (not self._is_paged and total != len(items))):
            yield self._failed(
                "total", f"the total is {total}, and the list has {len(items)} items", response
            )

        if total is not None and total > len(items) > 0 and self._skipped:
            rest = self.ask(**{self._skipped: len(items)})
            if rest.is_success and items_of(rest) == []:
                message = f"the total is {total}, and after {len(items)} items come no others"
                yield self._failed("total", message, rest)

    def _sorted(self) -> Failures:
        """Sort by each member that a parameter names, with and without a sign before it."""
        for name, schema in self._filters.items():
            values = schema.get("enum")
            listed = values if isinstance(values, list) else []
            for member in (member for member in listed if f"-{member}" in listed):
                ascending, descending = (self.ask(**{name: value}) for value in (member, f"-{member}"))
                first, last = (
                    [item.get(member) for item in items_of(response) or ()]
                    for response in (ascending, descending)
                )
                if first == last and len({*map(str, first)}) > 1:
                    message = f"{name}=-{member} gets the order of {name}={member}"
                    yield self._failed("order", message, descending)

    def _pages(self, whole: Response, keys: list[str | None]) -> Failures:
        """Ask for two pages of one item.

        Args:
            keys: what identifies the items of the whole list; none if that is not sure.
        """
        if not self._size or self._filters[self._size].get("minimum", 1) > 1:
            return
        first = self.ask(**{self._size: 1})
        items = items_of(first)
        if not first.is_success or items is None:
            return
        if len(items) > 1:
            message = f"{self._size}=1 gets {len(items)} items"
            yield self._failed("page", message, first)
            return
        before, after = _total(whole), _total(first)
        if before is not None and after is not None and before != after and before > 1 >= after:
            yield self._failed("total", f"the total is {before}, and of a page of one item {after}", first)
        if not items:
            if keys:
                message = f"{self._size}=1 gets no item of {len(keys)}"
                yield self._failed("page", message, first)
            return
        if self._page or self._skipped:
            start = int(self._filters[self._page].get("minimum", 1)) if self._page else 0
            following = {self._page: start + 1} if self._page else {self._skipped: 1}
            yield from self._second(self.ask(**{self._size: 1}, **following), items, keys)
        url = _next(first)
        if url and (second := follow(self._check.target, url)) is not None:
            yield from self._second(second, items, keys, "next leads to")

    def _second(
        self,
        second: Response,
        items: list[dict[str, Any]],
        keys: list[str | None],
        way: str = "the second page is",
    ) -> Failures:
        others, key = items_of(second), self._key_of(items[0])
        is_sure = keys[:1] == [key] and len(keys) > 1
        if not second.is_success or others is None:
            if way.startswith("next"):
                yield self._failed("page", f"{way} {second.status_code}", second)
        elif others and self._key_of(others[0]) == key is not None:
            yield self._failed("page", f"{way} one that has the id {key} again", second)
        elif is_sure and [self._key_of(item) for item in others[:1]] != keys[1:2]:
            what = f"one of {self._key_of(others[0])}" if others else "an empty one"
            yield self._failed("page", f"{way} {what}, expected {keys[1]}", second)

    def _filtered(self, key: str, thing: Mapping[str, Any]) -> Failures:
        """Try each query parameter that is called as a member, of which the thing has a plain value."""
        for name, schema in self._filters.items():
            value = thing.get(name)
            is_plain = isinstance(value, bool) or (isinstance(value, str) and bool(value))
            if not is_plain or schema.get("type") not in ("string", "boolean"):
                continue
            response = self.ask(**{name: str(value).lower() if isinstance(value, bool) else value})
            items = items_of(response)
            if not response.is_success or items is None:
                continue
            if mismatches := list(self._mismatches(name, value, response)):
                yield from mismatches
            elif key not in map(self._key_of, items) and not (self._is_paged and items):
                message = f"{name}={value} does not get the thing with the id {key}, whose {name} that is"
                yield self._failed("filter", message, response)
            elif isinstance(value, str):  # a filter that nothing matches may be refused
                nobodys = f"{value}{NOBODYS}"
                yield from self._mismatches(name, nobodys, self.ask(**{name: nobodys}))

    def _mismatches(self, name: str, value: Any, response: Response) -> Failures:
        """Yield that a filtered list has an item with another value, if so."""
        members = (item[name] for item in items_of(response) or () if name in item)
        others = [member for member in members if not _matches(member, value)]
        if response.is_success and others:
            message = f"{name}={value} gets an item whose {name} is {others[0]!r}"
            yield self._failed("filter", message, response)

    def _failed(self, rule: str, message: str, response: Response) -> CheckFailure:
        return self._check.failure(rule, message, self._operation.label, response)


def follow(target: Target, url: str) -> Response | None:
    """Return what a URL leads to; None if it is not below the target's."""
    if url.startswith(f"{target.url}/"):
        with suppress(httpx2.RequestError):  # which each check finds that calls an operation
            return target.client.get(url, headers=target.headers)
    return None


def items_of(response: Response) -> list[dict[str, Any]] | None:
    """Return the objects of a list, which is a body or a member of one; None if there is none."""
    value = json_of(response.content)
    arrays = [value, *(value.values() if isinstance(value, dict) else ())]
    array = next((array for array in arrays if isinstance(array, list)), None)
    items = [item for item in array or () if isinstance(item, dict)]
    return None if array is None or (array and not items) else items


def _next(response: Response) -> str:
    """Return the URL of the next page; empty if there is none."""
    value = json_of(response.content)
    links = value.get("links", value.get("_links")) if isinstance(value, dict) else None
    holders = [response.links, links, value]
    nexts = (holder.get("next") for holder in holders if isinstance(holder, dict))
    for target in filter(None, nexts):
        url = target.get("url", target.get("href")) if isinstance(target, dict) else target
        if isinstance(url, str) and url.startswith(("/", "?", "http")):
            return urljoin(str(response.request.url), url)
    return ""


def _total(response: Response) -> int | None:
    value = json_of(response.content)
    members = value.items() if isinstance(value, dict) else ()
    named = (member for name, member in members if name in Meaning.TOTAL)
    return next((member for member in named if isinstance(member, int)), None)


def _matches(member: Any, value: Any) -> bool:
    """Whether a member is a value, or a text that has it in it, as searches find."""
    if isinstance(member, str) and isinstance(value, str):
        return value.casefold() in member.casefold()
    return bool(member == value)
