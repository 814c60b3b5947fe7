"""Who is logged in: the users of a mock, and their tokens."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from contract_first.contract import Contract, Operation
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.generation import Generator
from contract_first.generation.identifiers import identifier
from contract_first.recognition.schemas import OperationSchemas
from contract_first.vocabulary.members import Meaning, kind_of
from contract_first.vocabulary.subjects import PEOPLE
from contract_first.vocabulary.words import plain, singular, words_of

USUAL: Final = ("ann", "bob", "chika", "dele")
"""Users of a mock that is given none; they log in with any password."""
REGISTERING: Final = frozenset({"register", "registration", "signup", "reset", "forgot"})
"""Words of operations that take a name with a password, and log nobody in who is there already."""
DEEPEST: Final = 2
"""Levels of objects in a response in which a user, or a token, is looked for."""


class User(NamedTuple):
    """A user, with its members by plain name: its token, and its id by all names for that, among them."""

    name: str
    members: Mapping[str, Any]

    @property
    def token(self) -> str:
        return str(self.members["token"])

    def is_called(self, logins: Iterable[Any]) -> bool:
        """Tell whether one of these is the name or the e-mail by which it logs in."""
        return any(login in {self.name, self.members["email"]} for login in map(str, logins))

    def over(self, schema: Schema, value: Any, depth: int = DEEPEST) -> Any:
        """Return a response that shows this user: its outermost object that may be one has its members."""
        if not isinstance(value, dict):
            return value
        members, shown = schema.members_of(value), dict(value)
        for name in value.keys() & members.keys():
            if plain(name) in self.members:
                member = self.members[plain(name)]
                fitting = filter(members[name].conforms, (member, str(member)))
                shown[name] = next(fitting, shown[name])
            elif depth and not _is_person(value):
                shown[name] = self.over(members[name], value[name], depth - 1)
        return shown


class Users:
    """The users of a mock.

    Args:
        seed: another seed, other identifiers and tokens.
    """

    def __init__(self, contract: Contract, seed: str) -> None:
        self._schemas = OperationSchemas(contract)
        shown = filter(None, map(self._schemas.success, filter(_is_of_caller, contract.operations)))
        people = (inner for schema in shown for inner in _objects(schema) if _is_person(inner.members))
        members = next((schema.members for schema in people), {})
        values = Generator(contract.schemas.for_responses, seed=seed).values
        ids = [(name, schema) for name, schema in members.items() if name in Meaning.IDENTIFIER]
        self._users = dict[str, User]()
        for number, name in enumerate(USUAL, start=1):
            made = (identifier(schema, None, number, f"{seed}/{name}", values) for name, schema in ids)
            id_ = next((id_ for id_ in made if id_ is not MISSING), name)
            token = sha256(f"{seed}/token of {name}".encode()).hexdigest()[:40]
            self._users[name] = User(name, _members(name, id_, token))

    def logs_in(self, operation: Operation) -> bool:
        """Tell whether an operation returns a token, and registers nobody."""
        success = self._schemas.success(operation) if operation.method == "post" else None
        names = (name for inner in (_objects(success) if success else ()) for name in inner.members)
        words = {*words_of(operation.operation_id), *words_of(operation.path)}
        is_registering = words & REGISTERING or singular(kind_of(operation.path)) in PEOPLE
        return not is_registering and any(name in Meaning.TOKEN for name in names)

    def shows(self, operation: Operation) -> bool:
        """Tell whether the response of an operation is about its caller, or has a token of it."""
        return _is_of_caller(operation) or self.logs_in(operation)

    def caller(self, credentials: Iterable[str]) -> User | None:
        """Return the user whose token is among credentials; None for anybody."""
        tokens = [credential.rpartition(" ")[2] for credential in credentials]
        return next((user for user in self._users.values() if user.token in tokens), None)

    def logged_in(self, body: Any) -> User | None:
        """Return the user of whom a body has a name or an e-mail with a password; None for anybody."""
        parts = [body, *body.values()] if isinstance(body, dict) else []
        for part in (part for part in parts if isinstance(part, dict)):
            if any(name in Meaning.PASSWORD for name in part):
                logins = [value for name, value in part.items() if name in Meaning.LOGIN]
                return next((user for user in self._users.values() if user.is_called(logins)), None)
        return None


def _members(name: str, id_: Any, token: str) -> dict[str, Any]:
    return {
        **dict.fromkeys(Meaning.TOKEN.names, token),
        **dict.fromkeys((*Meaning.IDENTIFIER.names, *Meaning.CALLER.names), id_),
        **dict.fromkeys(("username", "login", "handle"), name),
        **dict.fromkeys(("email", "emailaddress"), f"{name}@example.com"),
        **dict.fromkeys(("firstname", "givenname"), name.title()),
        **dict.fromkeys(("name", "fullname", "displayname"), f"{name.title()} Example"),
    }


def _is_of_caller(operation: Operation) -> bool:
    return operation.method != "post" and operation.path.rstrip("/").rpartition("/")[2] in Meaning.ME


def _is_person(members: Iterable[str]) -> bool:
    return any(name in Meaning.IDENTIFIER or name in Meaning.OF_PERSON for name in members)


def _objects(schema: Schema, depth: int = DEEPEST) -> Iterator[Schema]:
    """Yield a schema, and those of the objects in its objects."""
    yield schema
    for member in schema.members.values() if depth else ():
        yield from _objects(member, depth - 1)
