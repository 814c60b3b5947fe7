"""Who is logged in: the users of a mock, and their tokens."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final, NamedTuple

from contract_first.contract import Contract, ContractError, Operation
from contract_first.contract.schemas.schema import MISSING, Schema
from contract_first.generation import Generator
from contract_first.generation.identifiers import identifier
from contract_first.recognition.marks import table_in
from contract_first.recognition.schemas import OperationSchemas
from contract_first.service.messages.problems import BadRequest, Unauthorized
from contract_first.service.messages.request import Request
from contract_first.vocabulary.members import Meaning, kind_of
from contract_first.vocabulary.subjects import PEOPLE
from contract_first.vocabulary.words import plain, singular, words_of

PASSWORD: Final = "password"  # noqa: S105 -- the name of a member
USUAL: Final = ("ann", "bob", "chika", "dele")
"""Users of a mock that is given none; they log in with any password."""
SEPARATORS: Final = re.compile(r"[._+-]+")
REGISTERING: Final = frozenset({"register", "registration", "signup", "reset", "forgot"})
"""Words of operations that take a name with a password, and log nobody in who is there already."""
MOST: Final = 1_000
"""Users of a mock; those who log in after them are anybody."""
DEEPEST: Final = 2
"""Levels of objects in a response in which a user, or a token, is looked for."""


class User(NamedTuple):
    """A user.

    Attributes:
        members: by plain name; its token, and its id by all names for that, are among them.
    """

    name: str
    members: Mapping[str, Any]

    def over(self, schema: Schema, value: Any, depth: int = DEEPEST) -> Any:
        """Return a response that shows this user: its outermost object that may be one has its members."""
        if not isinstance(value, dict):
            return value
        members, whole = schema.members_of(value), dict(value)
        for name in value.keys() & members.keys():
            if plain(name) in self.members:
                whole[name] = self.member(name, members[name], value[name])
            elif depth and not _is_person(value):
                whole[name] = self.over(members[name], value[name], depth - 1)
        return whole

    def member(self, name: str, schema: Schema, default: Any) -> Any:
        """Return its member of a name, or the default if that does not conform to a schema."""
        member = self.members[plain(name)]
        return next(filter(schema.conforms, (member, str(member))), default)

    def has_login_of(self, members: Mapping[str, Any]) -> bool:
        """Tell whether a body, or an item, has the name or the e-mail of this user."""
        return not {self.name, *_names(self.members)}.isdisjoint(_names(members))

    def references(self, members: Mapping[str, Schema]) -> dict[str, Any]:
        """Return those members of an item that say who made it, with its id: ``ownerId``, ``createdBy``."""
        ids = {name: self.member(name, members[name], MISSING) for name in members if name in Meaning.CALLER}
        return {name: id_ for name, id_ in ids.items() if id_ is not MISSING}


class Users:
    """The users of a mock, as one of its contracts shows them.

    Attributes:
        tokens: by the name of their user, of those who are there from the start.
        by_token: all users, also those who have joined since.

    Args:
        seed: another seed, other identifiers and tokens.
        file: TOML file, of which the table ``[users]`` has them; those of `USUAL` without it.
        contracts: that share them; their identifiers are of the first that has a user.

    Raises:
        ContractError: the file cannot be read, or a user in it is none of the contracts'.
    """

    def __init__(
        self, contract: Contract, seed: str = "", file: Path | None = None, contracts: Iterable[Contract] = ()
    ) -> None:
        self._schemas, self._seed = OperationSchemas(contract), seed
        shared = [(members, it) for it in (contract, *contracts) if (members := _members_of_user(it))]
        self._members, owner = next(iter(shared), ({}, contract))
        self._generator = Generator(owner.schemas.for_responses, seed=seed)
        rows = {} if file is None else table_in(file, "users")[0]
        text, other = (contract.schemas.of(node) for node in ({"type": "string"}, not shared))
        tables = [{**members, PASSWORD: text} for members, _ in shared or [({}, contract)]]
        for name, row in rows.items():
            of_user = row if isinstance(row, dict) else {}
            for key in (PASSWORD, *of_user):
                if not any(table.get(key, other).conforms(of_user.get(key)) for table in tables):
                    there = ", ".join(dict.fromkeys(name for members, _ in shared for name in members))
                    reason = f"wrong {key:.100}; expected password, or what its user has: {there}"
                    raise ContractError(str(file), "", f"[users.{name:.100}]: {reason}.")
        self._passwords = {name: row[PASSWORD] for name, row in rows.items()}
        numbered = enumerate((rows or {name: {} for name in USUAL}).items(), start=1)
        self._users = [self._user(number, name, row) for number, (name, row) in numbered]
        self.tokens: Mapping[str, str] = {user.name: user.members["token"] for user in self._users}
        self.by_token = {user.members["token"]: user for user in self._users}
        by_login: dict[Any, str] = {}
        for user in self._users:
            for login in (user.name, user.members["email"]):
                if (first := by_login.setdefault(login, user.name)) != user.name:
                    reason = (
                        f"{login:.100} is also of [users.{first:.100}]; expected one user of a name or e-mail"
                    )
                    raise ContractError(str(file), "", f"[users.{user.name:.100}]: {reason}.")

    def logs_in(self, operation: Operation) -> bool:
        """Tell whether an operation takes a password and returns a token, and registers nobody."""
        words = {*words_of(operation.operation_id), *words_of(operation.path)}
        if operation.method != "post" or words & REGISTERING or singular(kind_of(operation.path)) in PEOPLE:
            return False
        successes = filter(None, [self._schemas.success(operation)])
        return _have(Meaning.PASSWORD, self._schemas.bodies(operation)) and _have(Meaning.TOKEN, successes)

    def shows(self, operation: Operation) -> bool:
        """Tell whether the response of an operation is about its caller, or has a token of it."""
        return _is_of_caller(operation) or self.logs_in(operation)

    def caller(self, request: Request, find: Callable[[Request], Mapping[str, str]]) -> User | None:
        """Return the user whose token a request presents; None for anybody.

        Args:
            find: returns its credentials, by security scheme name; Authorization counts without one, too.
        """
        presented = [*find(request).values(), request.header(b"authorization") or ""]
        return next(filter(None, (self.by_token.get(it.rpartition(" ")[2]) for it in presented)), None)

    def logged_in(self, body: Any) -> User | None:
        """Return the user of whom a body has a name or an e-mail with a password; None for anybody.

        Where users have passwords, raises Unauthorized, at a token URL BadRequest, for a wrong one and for
        nobody's name.
        """
        parts = [body, *body.values()] if isinstance(body, dict) else []
        for part in (part for part in parts if isinstance(part, dict)):
            for password in (str(value) for name, value in part.items() if name in Meaning.PASSWORD):
                user = next((it for it in self._users if it.has_login_of(part)), None)
                expected = self._passwords.get(user.name if user else "", "")
                is_right = compare_digest(password.encode(), expected.encode()) and user is not None
                if self._passwords and not is_right and "grant_type" in part:
                    raise BadRequest(
                        "Wrong name or password.", error="invalid_grant"
                    )  # RFC 6749, section 5.2
                if self._passwords and not is_right:
                    raise Unauthorized("Wrong name or password.", headers={"WWW-Authenticate": "Bearer"})
                return user or self._join(part)
        return None

    def _join(self, body: Mapping[str, Any]) -> User | None:
        """Return a new user of the name or e-mail in a body; None without one, or with too many users."""
        login = next((str(value) for name, value in body.items() if value and name in Meaning.LOGIN), "")
        if not login or len(self._users) >= MOST:
            return None
        row = {"email": login} if "@" in login else {}
        user = self._user(len(self._users) + 1, login.partition("@")[0], row, login)
        self._users.append(user)
        self.by_token[user.members["token"]] = user
        return user

    def _user(self, number: int, name: str, row: Mapping[str, Any], login: str = "") -> User:
        """Return the user of a row of the table, or of a login that no row has."""
        of_row = {plain(key): value for key, value in row.items() if key != PASSWORD}
        email = of_row.get("email") or of_row.get("emailaddress") or f"{name}@example.com"
        login, words = login or name, SEPARATORS.sub(" ", name).title()
        token = sha256(f"{self._seed}/token of {login}".encode()).hexdigest()[:40]
        keys = [key for key in self._members if key in Meaning.IDENTIFIER]
        label, values = f"{self._seed}/{login}", self._generator.values
        ids = (row.get(key) or identifier(self._members[key], None, number, label, values) for key in keys)
        id_ = next((id_ for id_ in ids if id_ is not MISSING), login)
        members = {
            **dict.fromkeys(Meaning.TOKEN.names, token),
            **dict.fromkeys((*Meaning.IDENTIFIER.names, *Meaning.CALLER.names), id_),
            **dict.fromkeys(("username", "login", "handle"), name),
            **dict.fromkeys(("email", "emailaddress"), email),
            **dict.fromkeys(("firstname", "givenname"), words),
            **dict.fromkeys(("name", "fullname", "displayname"), f"{words} Example"),
        }
        return User(login, {**members, **of_row})


def _names(members: Mapping[str, Any]) -> set[str]:
    return {str(value) for name, value in members.items() if name in Meaning.LOGIN}


def _members_of_user(contract: Contract) -> Mapping[str, Schema]:
    """Return the members of what a contract shows of its caller; none where it shows nobody."""
    successes = map(OperationSchemas(contract).success, filter(_is_of_caller, contract.operations))
    objects = (inner for schema in filter(None, successes) for inner in _objects(schema))
    return next((inner.members for inner in objects if _is_person(inner.members)), {})


def _is_of_caller(operation: Operation) -> bool:
    return operation.method != "post" and operation.path.rstrip("/").rpartition("/")[2] in Meaning.ME


def _is_person(members: Iterable[str]) -> bool:
    return any(name in Meaning.IDENTIFIER or name in Meaning.OF_PERSON for name in members)


def _have(meaning: Meaning, schemas: Iterable[Schema]) -> bool:
    return any(name in meaning for schema in schemas for inner in _objects(schema) for name in inner.members)


def _objects(schema: Schema, depth: int = DEEPEST) -> Iterator[Schema]:
    """Yield a schema, and those of the objects in its objects."""
    yield schema
    for member in schema.members.values() if depth else ():
        yield from _objects(member, depth - 1)
