"""Values of items, as requests change them and responses show them; all conform to the schema."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import islice
from typing import Any, Final

from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.generation import Generator
from contract_first.generation.choices import Alternatives
from contract_first.generation.examples import readable_of
from contract_first.generation.identifiers import identifier, prefix_of
from contract_first.mock.shape.bounds import MILLISECONDS, in_utc
from contract_first.recognition import Collection
from contract_first.vocabulary.members import Meaning, identifiers_of, tallies
from contract_first.vocabulary.times import is_change, is_creation, stage_of
from contract_first.vocabulary.words import plain

PROVIDERS: Final = "/providers/"
"""What is in the paths of Azure Resource Manager, by which its items are identified."""
MOST_REPAIRS, SHORT = 6, 8
BOOLEANS: Final = {"true": True, "false": False}
EMPTY: tuple[Any, ...] = (None, [], {})


class Values:
    """Makes the values of one collection's items.

    Args:
        generator: of the contract's values.
        seed: another seed, other identifiers.
    """

    def __init__(self, collection: Collection, generator: Generator, seed: str) -> None:
        self.collection = collection
        self._settable = frozenset[str]() if collection.holder else collection.settable
        self._set_by_client = collection.settable - set(Meaning.SET_BY_SERVER.names)
        is_path = PROVIDERS in collection.item_path and plain(collection.key) != "id"
        self.urls = [
            name
            for name in collection.schema.members
            if (name in Meaning.ITEM_URL or (is_path and plain(name) == "id"))
            and plain(name) not in self._set_by_client
        ]
        self.generator = generator
        self._alternatives = Alternatives(collection.schema, generator, collection.path)
        self._seed = seed

    def initial(self, base: Any) -> dict[str, Any]:
        """Return the value of an item that is there from the start: the base, if it is one."""
        schema = self.collection.schema
        value = base if isinstance(base, dict) and schema.conforms(base) else self._generated(schema, {})
        return value if isinstance(value, dict) else {}

    def below(self, value: dict[str, Any], path: Mapping[str, Any]) -> dict[str, Any]:
        """Return an item with the members that parameters of a path have the names of."""
        return self._laid_over(
            value, {name: key for name, key in path.items() if name not in Meaning.IDENTIFIER}
        )

    def completed(self, other: Any) -> dict[str, Any]:
        """Return an item with those of its members that another response shows."""
        members, other = self.collection.schema.members, other if isinstance(other, dict) else {}
        fitting = {
            name: other[name] for name in other if name in members and members[name].conforms(other[name])
        }
        return {**self.initial(None), **fitting}

    def created(
        self, base: Any, body: Mapping[str, Any], path: Mapping[str, Any], number: int, now: datetime
    ) -> dict[str, Any]:
        """Return a new item.

        Args:
            base: the response that the contract has for its creation; anything else, and one is generated.
            number: of the item, for its identifiers.
        """
        schema, collection = self.collection.schema, self.collection
        if not isinstance(base, dict) or (collection.key and collection.key_of(base) is None):
            base = self.initial(None)
        base = self._alternatives.chosen(base, body)
        value = self._unset(self._named(base), body, schema.members_of(base))
        if collection.holder:
            holder, examples = schema.members[collection.holder], base.get(collection.holder)
            facts = self._facts(holder, examples if isinstance(examples, dict) else {}, body, number, now)
            above = {name: argument for name, argument in path.items() if name in holder.members}
            body = {**body, collection.holder: {**above, **facts, **collection.level(body)}}
            facts = {}
        else:
            facts = self._facts(schema, value, body, number, now)
        value = self._laid_over({**self._laid_over(value, path), **facts}, body, is_open=schema.is_open)
        value = self._in_order(value, schema.members_of(value), {**facts, **body})
        return self._stored(self._whole(schema, value, base, {**path, **facts, **body}))

    def _in_order(
        self, value: dict[str, Any], members: Mapping[str, Schema], certain: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return an item in which no generated time, as of its expiry, is before what comes first."""
        names, latest = {*map(plain, certain)}, datetime.min.replace(tzinfo=UTC)
        stages = {name: stage_of(name)[0] for name in members if in_utc(value.get(name))}
        for name in sorted((name for name in stages if stages[name] >= 0), key=stages.__getitem__):
            moment = datetime.fromisoformat(in_utc(value[name])).replace(tzinfo=UTC)
            if stages[name] and moment < latest and plain(name) not in names:
                moment = latest + timedelta(hours=stages[name])
                fitting = filter(members[name].conforms, _spelled(moment, value[name]))
                value = {**value, name: next(fitting, value[name])}
            latest = max(latest, moment)
        return value

    def copied(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members of an item that a copy of it has, too."""
        return {
            name: member
            for name, member in value.items()
            if name not in {self.collection.head, *self.urls}
            and name not in Meaning.IDENTIFIER
            and not (is_creation(name) or is_change(name))
        }

    def _facts(
        self, schema: Schema, examples: Mapping[str, Any], body: Mapping[str, Any], number: int, now: datetime
    ) -> dict[str, Any]:
        """Return the members of a new item, or of its key's holder, that no client sets: times, ids."""
        key, members, level = self.collection.key, schema.members, self.collection.level(body)
        set_by_client = self._set_by_client & self._settable | {plain(name) for name in level}
        identifying = {*Meaning.IDENTIFIER.names, plain(self.collection.other_key)}
        ids = {name for name in members if plain(name) in identifying - set_by_client}
        if key and plain(key) not in map(plain, level):
            ids.add(key)
        of_any = next(iter(self.collection.key_schemas), schema)  # where the contract names no member
        identifiers = {
            name: self._identifier(name, members.get(name, of_any), examples.get(name), number)
            for name in sorted(ids)
        }
        prefix = level.get(f"generate{key[:1].upper()}{key[1:]}")  # as generateName
        if isinstance(prefix, str) and isinstance(identifiers.get(key), str):
            identifiers[key] = prefix + identifiers[key][:SHORT]
        times = self._times(members, examples, now) | self._times(members, examples, now, is_change)
        tallied = (name for name in members if name in examples and tallies(name))
        unset = (name for name in tallied if plain(name) not in self._settable)
        counts = {name: 0 for name in unset if members[name].conforms(0)}
        return times | counts | {name: value for name, value in identifiers.items() if value is not MISSING}

    def changed(
        self, before: dict[str, Any], body: Mapping[str, Any], now: datetime, *, unsets: bool, merges: bool
    ) -> dict[str, Any]:
        """Return an item with the changes of a request.

        Args:
            unsets: unset the members that could have been sent, and were not.
            merges: change objects in it in part, too.
        """
        collection, schema = self.collection, self.collection.schema
        before = self._alternatives.changed(before, dict(body))
        members = schema.members_of(before)
        head, level = collection.head, collection.level(body)
        if collection.key not in Meaning.RENAMABLE_KEY:  # the path says which item it is
            level = {name: member for name, member in level.items() if plain(name) != plain(collection.key)}
        if not collection.holder:
            body = level
        elif head in body:
            members_before = collection.level(before).items()  # scalars stay, such as a namespace
            lasting = {name: member for name, member in members_before if not isinstance(member, dict | list)}
            body = {**body, head: {**lasting, **level}}
        value = self._unset(self._named(before), {**body, head: None}, members) if unsets else before
        value = {**value, **self._times(members, value, now, is_change)}
        value = self._laid_over(value, body, merges=merges, is_open=schema.is_open)
        return self._stored(self._whole(schema, value, before, body))

    def _named(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return an item without the members that its schema does not name."""
        members, is_open = self.collection.schema.members, self.collection.schema.is_open
        return {name: member for name, member in value.items() if name in members or not is_open}

    def _stored(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return an item without members that no response shows (passwords), if it conforms without them."""
        readable: dict[str, Any] = readable_of(value, self.collection.schema)
        return readable if self.collection.schema.conforms(readable) else value

    def shown(self, value: dict[str, Any], schema: Schema, url: str = "") -> dict[str, Any]:
        """Return an item with the members that another schema has, which it may violate."""
        if schema is self.collection.schema:
            return value
        members, is_open = schema.members, schema.is_open
        named = {name: member for name, member in value.items() if name in members or is_open}
        has_key = self.collection.head in members
        return named if has_key else {**named, **self._referring(value, schema, url)}

    def represented(self, value: dict[str, Any], schema: Schema, base: Any, url: str = "") -> Any:
        """Return an item as another schema has it, laid over a value that conforms to that."""
        value = self.shown(value, schema, url)
        if not value and schema.members:  # it is not about the item
            return base
        if schema.takes(value, base):
            return value
        return self._whole(schema, {**base, **value} if isinstance(base, dict) else value, base, value)

    def _referring(self, value: Mapping[str, Any], schema: Schema, url: str) -> dict[str, Any]:
        """Return the members by which a response refers to an item without its key: id and URL."""
        ids = (*Meaning.IDENTIFIER.names, *Meaning.REFERENCE.names, *identifiers_of(self.collection.resource))
        facts = {**dict.fromkeys(ids, self.collection.key_of(value)), "location": url}
        references = ((name, facts.get(plain(name))) for name in schema.members)
        return {name: fact for name, fact in references if fact and schema.members[name].conforms(fact)}

    def with_url(self, value: dict[str, Any], url: str) -> dict[str, Any]:
        """Return an item whose own URL is in it, where its schema has a member for that."""
        path = "/" + url.split("/", 3)[3]
        for name in self.urls:
            if isinstance(value.get(name), str):
                is_absolute = value[name].startswith(("http://", "https://")) and plain(name) != "uri"
                candidate = url if is_absolute else path
                if self.collection.schema.members[name].conforms(candidate):
                    value = {**value, name: candidate}
        return value

    def _unset(
        self, value: dict[str, Any], body: Mapping[str, Any], members: Mapping[str, Schema]
    ) -> dict[str, Any]:
        """Return an item with the members that a client did not set: by default, empty, or left out."""
        named = {plain(name) for name in body}
        settable = self.collection.settable - named - {plain(self.collection.head)}
        for name, schema in members.items():
            is_set = plain(name) in settable and name not in Meaning.SET_BY_SERVER
            if name not in value or not is_set or is_creation(name) or is_change(name):
                continue
            candidates = [schema.default] if schema.default is not MISSING else []
            candidates += EMPTY
            fitting = next(filter(schema.conforms, candidates), MISSING)
            without = {key: member for key, member in value.items() if key != name}
            if fitting is not MISSING:
                value = {**value, name: fitting}
            elif self.collection.schema.conforms(without):
                value = without
        return value

    def _laid_over(
        self,
        value: dict[str, Any],
        body: Mapping[str, Any],
        *,
        merges: bool = False,
        is_open: bool = False,
    ) -> dict[str, Any]:
        """Return an item with the members of a request, whose names may have another style."""
        members = self.collection.schema.members_of(value)
        by_plain = {plain(name): name for name in (*value, *members)}
        laid = dict(value)
        for body_name, member in body.items():
            spelled = plain(body_name)
            name = by_plain.get(spelled if spelled in by_plain else spelled.removeprefix("new"))
            if name is None and is_open:
                name = body_name
            if name is None:
                continue
            schema = members.get(name)
            if name != self.collection.head and schema is not None and schema.is_marked("readOnly"):
                continue
            fitting = self._fitting(schema, member, laid.get(name), merges=merges)
            without = {other: value for other, value in laid.items() if other != name}
            if fitting is not MISSING:
                laid[name] = fitting
            elif merges and member is None and self.collection.schema.conforms(without):
                laid = without
        return laid

    def _fitting(self, schema: Schema | None, value: Any, before: Any, *, merges: bool) -> Any:
        """Return the value of a member after a request; MISSING where its schema takes no such value."""
        if isinstance(value, dict) and isinstance(before, dict) and (merges or schema is None):
            whole = self._merged(schema, before, value)
            is_whole = schema is None or schema.conforms(whole)
            value = whole if is_whole else self._merged(schema, before, value, nulls=False)
        if schema is None or schema.conforms(value):
            return value
        if isinstance(value, str) and not (schema.types & {"string"}):
            for read in (int, float, BOOLEANS.__getitem__):
                with suppress(ValueError, KeyError):
                    if schema.conforms(candidate := read(value)):
                        return candidate
        if isinstance(value, int | float) and schema.conforms(str(value)):
            return str(value)
        return self.repaired(schema, value) if isinstance(value, dict | list) else MISSING

    def _merged(
        self, schema: Schema | None, before: dict[str, Any], changes: dict[str, Any], *, nulls: bool = True
    ) -> dict[str, Any]:
        """Return an object with the members of another, at any depth, as RFC 7396 has it.

        Of another alternative, it has only these.

        Args:
            nulls: take a null for a value, instead of removing the member.
        """
        tags = (self._alternatives.tags_of(schema) if schema else None) or ()
        if any(changes[name] != before.get(name) for name in tags if name in changes):
            return changes
        merged = {**before, **changes}
        for name, member in changes.items():
            if isinstance(member, dict) and isinstance(before.get(name), dict):
                inner = schema.members.get(name) if schema else None
                merged[name] = self._merged(inner, before[name], member, nulls=nulls)
            elif member is None and not nulls:
                del merged[name]
        return merged

    def repaired(self, schema: Schema, value: Any) -> Any:
        """Return a value whose members that violate its schema are replaced; MISSING if none is found."""
        return self.generator.repaired(schema, value, self.collection.path)

    def _whole(self, schema: Schema, value: Any, base: Any, body: Mapping[str, Any]) -> Any:
        """Return a value that conforms as a whole: as it is, repaired, or the base with what fits in."""
        if schema.conforms(value):
            return value
        repaired = self.repaired(schema, value)
        if repaired is not MISSING:
            return repaired
        if not schema.conforms(base):
            base = self._generated(schema, value)
        for name, member in body.items() if isinstance(base, dict) else ():
            candidate = {**base, name: member}
            base = candidate if schema.conforms(candidate) else base
        return base

    def _generated(self, schema: Schema, fallback: Any) -> Any:
        values = islice(self.generator.values(schema.node, self.collection.path), MOST_REPAIRS)
        return next(filter(schema.conforms, values), fallback)

    def another_key(self, key: Any, number: int) -> Any:
        """Return a key that looks like another one; MISSING without any.

        Args:
            number: another number, another key.
        """
        schema = self.collection.schema
        holder = schema.members[self.collection.holder] if self.collection.holder else schema
        member = holder.members.get(self.collection.key)
        return MISSING if member is None else self._identifier(self.collection.key, member, key, number)

    # identifiers and times ----------------------------------------------------------------------------------

    def _identifier(self, member: str, schema: Schema, example: Any, number: int) -> Any:
        """Return the identifier of a number; MISSING without any.

        Where items say what they are by ``object``, identifiers without another form have a prefix.
        """
        collection = self.collection
        tag = collection.schema.members.get("object")
        prefix = prefix_of(tag.values) if tag is not None else ""
        name = f"{self._seed}/{collection.path}"
        is_key = member == collection.key
        example = collection.key_example if is_key and collection.key_example is not None else example
        suits = collection.takes_key if is_key else lambda _: True
        return identifier(schema, example, number, name, self.generator.values, prefix, suits)

    def _times(
        self,
        members: Mapping[str, Schema],
        value: Mapping[str, Any],
        now: datetime,
        is_time: Callable[[str], bool] = is_creation,
    ) -> dict[str, Any]:
        """Return the members that say when an item was created, or changed."""
        names = [name for name in value if name in members and is_time(name)]
        return {
            name: next(filter(members[name].conforms, _spelled(now, value[name])), value[name])
            for name in names
        }


def _spelled(now: datetime, example: Any) -> Iterator[Any]:
    """Yield a time as a schema may demand it, first in the form of an example."""
    seconds = int(now.timestamp())
    if isinstance(example, int | float) and not isinstance(example, bool):
        yield seconds * 1000 if example > MILLISECONDS else seconds
    elif isinstance(example, str) and "," in example[:5]:
        yield format_datetime(now, usegmt=True)
    yield from (f"{now:%Y-%m-%dT%H:%M:%SZ}", f"{now:%Y-%m-%d}", seconds)
