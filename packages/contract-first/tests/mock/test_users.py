"""Users of a mock: they log in, and requests with their token are by them."""

from __future__ import annotations

import httpx2
import pytest

from contract_first.contract import Contract, ContractError
from contract_first.mock import contract_mock, users

ANY = "any"
TEXT = {"type": "string"}
USER = {
    "type": "object",
    "required": ["id", "name", "email"],
    "properties": {"id": {"type": "integer"}, "name": TEXT, "email": {**TEXT, "format": "email"}},
}
NOTE = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {
        "id": {**TEXT, "readOnly": True},
        "text": TEXT,
        "ownerId": {"type": "integer", "readOnly": True},
        "createdBy": TEXT,
    },
}
LOGIN = {
    "type": "object",
    "required": ["email", "password"],
    "properties": {"email": TEXT, "password": {**TEXT, "format": "password"}},
}
SESSION = {
    "type": "object",
    "required": ["accessToken", "user"],
    "properties": {"accessToken": TEXT, "user": {"$ref": "#/components/schemas/User"}},
}
ERROR = {"type": "object", "required": ["message"], "properties": {"message": TEXT}}


def operation(schema, status="200", body=None, **rest):
    """Return an operation with one success and an error."""
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {
        **({"requestBody": {"content": {"application/json": {"schema": body}}}} if body else {}),
        "responses": {
            status: {"description": "", **content},
            "default": {"description": "", "content": {"application/json": {"schema": ERROR}}},
        },
        **rest,
    }


def ref(name):
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


ID = {"name": "id", "in": "path", "required": True, "schema": TEXT}
NOTES = {
    "/notes": {
        "get": operation({"type": "array", "items": ref("Note")}),
        "post": operation(ref("Note"), "201", ref("Note")),
    },
    "/notes/{id}": {
        "parameters": [ID],
        "get": operation(ref("Note")),
        "patch": operation(ref("Note"), body=ref("Note")),
        "delete": operation(None, "204"),
    },
}


def contract(paths=(), schemas=()):
    """Return a contract with a login, the user who calls, and notes."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Notes", "version": "1"},
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"User": USER, "Note": NOTE, **dict(schemas)},
        },
        "paths": {
            "/login": {"post": operation(SESSION, body=LOGIN, security=[])},
            "/tokens": {"post": operation(SESSION, body={"type": "object", "properties": {"name": TEXT}})},
            "/register": {"post": operation(SESSION, body=LOGIN, security=[])},
            "/me": {"get": operation(ref("User")), "patch": operation(ref("User"), body={"type": "object"})},
            **NOTES,
            **dict(paths),
        },
    }
    return Contract(document, "notes.json")


class Client:
    """Calls a mock by a token, once it has one."""

    def __init__(self, mock, token=""):
        self._api, self.token = mock.api, token

    def __call__(self, method, path, body=None):
        """Send a request; return status and value."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        response = httpx2.request(method, f"{self._api}{path}", json=body, headers=headers, trust_env=False)
        return response.status_code, response.json() if response.content else None

    def get(self, path):
        """Send a GET that succeeds, and return the value."""
        status, value = self("GET", path)
        assert status == 200, value
        return value

    def post(self, path, body):
        """Send a POST that succeeds, and return the value."""
        status, value = self("POST", path, body)
        assert status in {200, 201}, value
        return value

    def log_in(self, email, password=ANY):
        """Log a user in, and return the response."""
        session = self.post("/login", {"email": email, "password": password})
        self.token = session["accessToken"]
        return session


def logged_in(mock, email, password=ANY):
    """Return the client of a user."""
    client = Client(mock)
    client.log_in(email, password)
    return client


@pytest.fixture(params=[False, True], ids=["contract", "items"])
def mock(request):
    """Return a mock with the users that there are without others, with and without items."""
    with contract_mock(contract(), stateful=request.param) as mock:
        yield mock


def test_two_users_at_once(mock):
    """Who logs in is the user of the token, and of `/me`."""
    ann, bob = logged_in(mock, "ann@example.com"), logged_in(mock, "bob@example.com")
    assert ann.token != bob.token
    assert ann.get("/me")["email"] == "ann@example.com"
    assert bob.get("/me")["email"] == "bob@example.com"
    assert ann.get("/me")["id"] != bob.get("/me")["id"]
    assert Client(mock).log_in("ann@example.com")["user"] == ann.get("/me")


def test_others_join(mock):
    """Somebody unknown who logs in is a user from then on, by name or e-mail, and no other's token is."""
    zoe, dr = logged_in(mock, "zoe.weiss@example.com"), logged_in(mock, "dr.berg")
    assert [client.get("/me")["email"] for client in (zoe, dr)] == [
        "zoe.weiss@example.com",
        "dr.berg@example.com",
    ]
    assert zoe.get("/me")["name"] == "Zoe Weiss Example"
    assert zoe.get("/me")["id"] != dr.get("/me")["id"]
    assert logged_in(mock, "zoe.weiss@example.com").token == zoe.token
    assert logged_in(mock, "zoe.weiss@example.org").token != zoe.token
    stranger = Client(mock, "anything")
    assert stranger.get("/me")["email"] not in {"zoe.weiss@example.com", "ann@example.com"}


def test_who_logs_in_is_among_the_users():
    """The collection of users has each who has logged in once, as `/me` shows them."""
    paths = {
        "/users": {
            "get": operation({"type": "array", "items": ref("User")}),
            "post": operation(ref("User"), "201", ref("User")),
        },
        "/users/{id}": {
            "parameters": [ID],
            "get": operation(ref("User")),
            "patch": operation(ref("User"), body=ref("User")),
        },
    }
    with contract_mock(contract(paths), stateful=True) as mock:
        zoe, dr = logged_in(mock, "zoe@example.com"), logged_in(mock, "dr.berg")
        listed = dr.get("/users")
        assert [user for user in listed if user["email"] in {"zoe@example.com", "dr.berg@example.com"}] == [
            zoe.get("/me"),
            dr.get("/me"),
        ]
        assert dr.get(f"/users/{zoe.get('/me')['id']}") == zoe.get("/me")
        path = f"/users/{dr.get('/me')['id']}"
        assert dr("PATCH", path, {**dr.get("/me"), "name": "Dr. Berg"})[0] == 200
        dr.log_in("dr.berg")
        assert dr.get(path)["name"] == "Dr. Berg"
        assert len(dr.get("/users")) == len(listed)


def test_the_one_user_of_a_path_stays():
    """Who logs in does not take the place of the object at `/user`, which is no collection."""
    path = {"get": operation(ref("User")), "patch": operation(ref("User"), body=ref("User"))}
    with contract_mock(contract({"/user": path}), stateful=True) as mock:
        logged_in(mock, "zoe@example.com")
        assert Client(mock, "anything").get("/user")["email"] != "zoe@example.com"


def test_there_is_an_end_to_users(monkeypatch):
    """Once there are as many as a mock remembers, others who log in are anybody."""
    monkeypatch.setattr(users, "MOST", 5)
    with contract_mock(contract()) as mock:
        assert logged_in(mock, "zoe@example.com").get("/me")["email"] == "zoe@example.com"
        assert logged_in(mock, "yan@example.com").get("/me") == Client(mock, "anything").get("/me")


def test_a_token_without_a_password_is_of_nobody(mock):
    """What makes tokens for machines, say, is no login: its response does not show who calls."""
    ann = logged_in(mock, "ann@example.com")
    made = ann.post("/tokens", {"name": "ann"})
    assert made["accessToken"] != ann.token
    assert made["user"]["email"] != "ann@example.com"


def test_registering_logs_nobody_in(mock):
    """Only an operation that is for those who are there already has their tokens."""
    registered = Client(mock).post("/register", {"email": "ann@example.com", "password": "any"})
    assert registered["accessToken"] != logged_in(mock, "ann@example.com").token


def test_what_users_change_of_themselves():
    """Changes of `/me` are its user's alone."""
    with contract_mock(contract()) as mock:
        changed = logged_in(mock, "ann@example.com")("PATCH", "/me", {"name": "Ann"})
        assert changed[1]["name"] == "Ann"
        assert changed[1]["email"] == "ann@example.com"


def test_tokens_are_of_the_seed():
    """Another start has the same tokens, and another seed has others."""
    tokens = []
    for seed in (0, 0, 7):
        with contract_mock(contract(), seed=seed) as mock:
            tokens.append(logged_in(mock, "ann@example.com").token)
    assert tokens[0] == tokens[1] != tokens[2]


@pytest.mark.parametrize("body", [{"email": 1, "password": "x"}, {"email": "ann@example.com"}, []])
def test_refuses_other_bodies_as_before(mock, body):
    """What is no name with a password is refused by the contract."""
    assert Client(mock)("POST", "/login", body)[0] in {400, 422}


def test_what_users_make_is_theirs(mock):
    """It has the id of `/me` where it says who made it, but for what the client says itself."""
    for email in ("ann@example.com", "bob@example.com"):
        user = logged_in(mock, email)
        id_ = user.get("/me")["id"]
        note = user.post("/notes", {"text": "Hi."})
        assert (note["ownerId"], note["createdBy"]) == (id_, str(id_))
        assert user.post("/notes", {"text": "Hi.", "createdBy": "me"})["createdBy"] == "me"


# owners


OWNED = '[collections]\n"/notes" = {owner = "caller"}\n'
COMMENTS = {
    "/notes/{id}/comments": {
        "parameters": [ID],
        "get": operation({"type": "array", "items": ref("Comment")}),
        "post": operation(ref("Comment"), "201", ref("Comment")),
    },
    "/notes/{id}/comments/{number}": {
        "parameters": [ID, {**ID, "name": "number"}],
        "get": operation(ref("Comment")),
    },
}
COMMENT = {"type": "object", "properties": {"id": TEXT, "text": TEXT}}


@pytest.fixture(scope="module")
def owned(tmp_path_factory):
    """Return a mock of notes that are their owner's alone, and of comments on these."""
    file = tmp_path_factory.mktemp("owned") / "mock.toml"
    file.write_text(OWNED, "utf-8")
    with contract_mock(contract(COMMENTS, {"Comment": COMMENT}), stateful=True, collections=file) as mock:
        yield mock


@pytest.mark.parametrize("other", ["bob@example.com", "zoe@example.com"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_others_have_no_access(owned, method, other):
    """What is another's is not there, by any operation."""
    ann = logged_in(owned, "ann@example.com")
    note = ann.post("/notes", {"text": "Mine."})
    body = {"text": "Yours."} if method == "PATCH" else None
    assert logged_in(owned, other)(method, f"/notes/{note['id']}", body)[0] == 404
    assert ann.get(f"/notes/{note['id']}") == note
    assert ann(method, f"/notes/{note['id']}", body)[0] < 300


@pytest.mark.parametrize("other", ["bob@example.com", "zoe@example.com"])
def test_lists_leave_out_what_is_of_others(owned, other):
    """Each user lists their own alone."""
    ann, stranger = logged_in(owned, "ann@example.com"), logged_in(owned, other)
    mine = ann.post("/notes", {"text": "Mine."})
    yours = stranger.post("/notes", {"text": "Yours."})
    assert mine in ann.get("/notes")
    assert yours not in ann.get("/notes")
    assert yours in stranger.get("/notes")
    assert mine not in stranger.get("/notes")


def test_what_is_below_belongs_to_the_owner_too(owned):
    """Nobody else lists it, or adds to it, also once the owner has."""
    ann, bob = logged_in(owned, "ann@example.com"), logged_in(owned, "bob@example.com")
    path = f"/notes/{ann.post('/notes', {'text': 'Mine.'})['id']}/comments"
    comment = ann.post(path, {"text": "First."})
    assert ann.get(path) == [comment]
    assert bob("GET", path)[0] == bob("POST", path, {"text": "Second."})[0] == 404
    assert bob("GET", f"{path}/{comment['id']}")[0] == 404
    assert ann("DELETE", path.removesuffix("/comments"))[0] == 204
    assert ann("GET", f"{path}/{comment['id']}")[0] == 404


def test_what_users_change_of_themselves_is_stored():
    """Where `/me` is remembered, it is for each user."""
    body = {"type": "object", "properties": {"name": TEXT}}
    me = {"get": operation(ref("User")), "patch": operation(ref("User"), body=body)}
    with contract_mock(contract({"/me": me}), stateful=True) as mock:
        ann, bob = logged_in(mock, "ann@example.com"), logged_in(mock, "bob@example.com")
        assert ann("PATCH", "/me", {"name": "Ann"})[1]["name"] == "Ann"
        assert ann.get("/me")["name"] == "Ann"
        assert bob.get("/me")["name"] == "Bob Example"


# a table of users

TABLE = """
[users.ann]
password = "correct horse"
id = 7
name = "Ann Lee"

[users.bob]
password = "battery staple"
email = "rob@example.org"
"""


@pytest.fixture
def table(tmp_path):
    """Return a file with two users."""
    file = tmp_path / "mock.toml"
    file.write_text(TABLE, "utf-8")
    return file


def test_users_of_a_table(table):
    """They log in by name or e-mail with their own passwords, and have the members that the table gives."""
    with contract_mock(contract(), users=table) as mock:
        ann = logged_in(mock, "ann", "correct horse").get("/me")
        bob = logged_in(mock, "rob@example.org", "battery staple").get("/me")
    assert ann == {"id": 7, "name": "Ann Lee", "email": "ann@example.com"}
    assert bob == {"id": 2, "name": "Bob Example", "email": "rob@example.org"}


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann", "battery staple"),
        ("ann", ""),
        ("ann", "correct horsé"),
        ("bob@example.com", "battery staple"),
        ("chika", ANY),
        ("", ""),
    ],
)
def test_a_wrong_password(table, email, password):
    """It gets the error that the contract declares, and nobody is logged in."""
    with contract_mock(contract(), users=table) as mock:
        status, error = Client(mock)("POST", "/login", {"email": email, "password": password})
        assert (status, error) == (401, {"message": "Wrong name or password."})


def test_passwords_are_in_no_journal(table):
    """They are masked, as secrets are."""
    with contract_mock(contract(), users=table) as mock:
        logged_in(mock, "ann", "correct horse")
        Client(mock)("POST", "/login", {"email": "ann", "password": "wrong horse"})
        journal = httpx2.get(f"{mock.control}/journal", trust_env=False).text
    assert "/login" in journal
    assert "horse" not in journal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[users.ann]\nname = "Ann"', "[users.ann]: wrong password; expected password"),
        ("[users.ann]\npassword = 1", "[users.ann]: wrong password; expected password"),
        ("[users]\nann = 1", "[users.ann]: wrong password; expected password"),
        ("users = 1", "[users] is 1; expected a table"),
        ('[users.ann]\npassword = "x"\n[users.ann]\npassword = "y"', "('users', 'ann') twice"),
        (
            '[users.ann]\npassword = "x"\nnick = "a"',
            "[users.ann]: wrong nick; expected password, or what its user has: id, name, email",
        ),
        ('[users.ann]\npassword = "x"\nid = "a"', "[users.ann]: wrong id; expected"),
        (
            '[users.ann]\npassword = "x"\n[users.bob]\npassword = "y"\nemail = "ann@example.com"',
            "[users.bob]: ann@example.com is also of [users.ann]; expected one user of a name or e-mail",
        ),
    ],
)
def test_a_table_that_is_wrong(tmp_path, text, reason):
    """The mock does not start, and says which user is wrong."""
    file = tmp_path / "mock.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ContractError) as raised, contract_mock(contract(), users=file):
        pass
    assert reason in str(raised.value)


# tokens without a login


def test_strict_tokens():
    """Tokens of users alone are accepted, whether or not they logged in; others are a 401."""
    with contract_mock(contract(), strict_tokens=True) as mock:
        for authorization in ("Bearer x", "Bearer", f"Bearer {mock.token('ann')}x"):
            response = httpx2.get(f"{mock.api}/me", headers={"Authorization": authorization}, trust_env=False)
            assert response.status_code == 401
        assert "POST /_mock/tokens" in response.json()["message"]
        token = {"Authorization": f"Bearer {mock.token('ann')}"}
        assert httpx2.get(f"{mock.api}/me", headers=token, trust_env=False).status_code == 200
        assert logged_in(mock, "bob", ANY).get("/me")["id"] == 2
        assert logged_in(mock, "zoe", ANY).get("/me")["email"] == "zoe@example.com"


@pytest.mark.parametrize("options", [{}, {"control_token": "secret"}])
def test_a_token_by_name(table, options):
    """It is that of a login; an unknown user is refused with the names of those that there are."""
    with contract_mock(contract(), users=table, **options) as mock:
        assert Client(mock, mock.token("ann")).get("/me")["name"] == "Ann Lee"
        assert (
            mock.token("bob")
            == mock.scoped("x").token("bob")
            == logged_in(mock, "bob", "battery staple").token
        )
        with pytest.raises(ValueError, match=r"^/user: expected one of the users: ann, bob$"):
            mock.token("zoe")


def test_the_control_api_has_tokens(mock):
    """A name that is unknown, or none, is a 422."""
    for body, status in (({"user": "dele"}, 200), ({"user": "zoe"}, 422), ({"user": 1}, 422), ({}, 422)):
        response = httpx2.post(f"{mock.control}/tokens", json=body, trust_env=False)
        assert response.status_code == status
    response = httpx2.post(f"{mock.control}/tokens", json={"user": "dele"}, trust_env=False)
    assert Client(mock, response.json()["token"]).get("/me")["email"] == "dele@example.com"


# the token URL of a password flow


@pytest.mark.parametrize(
    ("token_url", "base"),
    [("oauth/token", ""), ("https://id.example/v1/oauth/token", "/v1"), ("/oauth/token", "/v1")],
)
@pytest.mark.parametrize("stateful", [False, True])
def test_a_token_url(table, token_url, base, stateful):
    """It responds as RFC 6749 says (4.3, 5.1, 5.2), with the token of a login."""
    document = dict(contract().document)
    scheme = {"type": "oauth2", "flows": {"password": {"tokenUrl": token_url, "scopes": {}}}}
    document["components"] = {**document["components"], "securitySchemes": {"bearer": scheme}}
    document["servers"] = [{"url": base or "/"}]
    with contract_mock(Contract(document, "notes.json"), users=table, stateful=stateful) as mock:
        form = {"grant_type": "password", "username": "ann", "password": "correct horse"}

        def post(**fields):
            response = httpx2.post(f"{mock.api}{base}/oauth/token", data={**form, **fields}, trust_env=False)
            return response.status_code, response.json()

        assert post() == (200, {"access_token": mock.token("ann"), "token_type": "Bearer"})
        wrong = (400, {"error": "invalid_grant", "error_description": "Wrong name or password."})
        assert post(password="guess") == post(username="zoe") == wrong
        assert post(grant_type="implicit")[0] == 400
        assert post(grant_type="implicit")[1]["error"] == "invalid_request"
        assert mock.operations == len(contract().operations)


def test_a_token_url_that_the_contract_has(table):
    """Its response and its errors are the contract's; what has no error of its own still says which."""
    body = {"type": "object", "properties": {"grant_type": TEXT, "username": TEXT, "password": TEXT}}
    post = operation({"type": "object", "properties": {"access_token": TEXT}}, body=body, security=[])
    post["requestBody"]["content"] = {
        "application/x-www-form-urlencoded": post["requestBody"]["content"].pop("application/json")
    }
    del post["responses"]["default"]
    with contract_mock(contract({"/token": {"post": post}}), users=table) as mock:
        form = {"grant_type": "password", "username": "ann", "password": "correct horse"}
        response = httpx2.post(f"{mock.api}/token", data=form, trust_env=False)
        assert response.json() == {"access_token": mock.token("ann")}
        response = httpx2.post(f"{mock.api}/token", data=form | {"password": "x"}, trust_env=False)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


# several services


def test_services_share_users(tmp_path):
    """One login is for all; what says who made an item has the id that `/me` of another service shows."""
    file = tmp_path / "contract-first.toml"
    file.write_text('[users.ann]\npassword = "correct horse"\nid = 7\nname = "Ann Lee"\n', "utf-8")
    document = contract().document
    notes, people = (
        Contract({**document, "paths": {path: document["paths"][path] for path in paths}}, "part.json")
        for paths in (NOTES, ("/login", "/me"))
    )
    with contract_mock({"notes": notes, "people": people}, users=file) as mock:
        bases = {name: service.url for name, service in mock.services.items()}
        login = {"email": "ann", "password": "correct horse"}
        session = httpx2.post(f"{bases['people']}/login", json=login, trust_env=False).json()
        assert session["accessToken"] == mock.token("ann")
        client = httpx2.Client(headers={"Authorization": f"Bearer {session['accessToken']}"}, trust_env=False)
        with client:
            assert client.get(f"{bases['people']}/me").json()["name"] == "Ann Lee"
            assert client.post(f"{bases['notes']}/notes", json={"text": "Hi."}).json()["ownerId"] == 7


def test_lines_of_collections_are_of_any_service(tmp_path):
    """A line is of the service that has its path; one that no service has is refused, with what there is."""
    file = tmp_path / "contract-first.toml"
    file.write_text('[collections]\n"/notes" = {owner = "caller"}\n', "utf-8")
    document = contract().document
    services = {
        name: Contract({**document, "paths": {path: document["paths"][path] for path in paths}}, "part.json")
        for name, paths in (("notes", NOTES), ("people", ("/login", "/me")))
    }
    with contract_mock(services, collections=file, stateful=True) as mock:
        url = f"{mock.services['notes'].url}/notes"
        ann, bob = ({"Authorization": f"Bearer {mock.token(name)}"} for name in ("ann", "bob"))
        note = httpx2.post(url, json={"text": "Hi."}, headers=ann, trust_env=False).json()
        read = [
            httpx2.get(f"{url}/{note['id']}", headers=of, trust_env=False).status_code for of in (ann, bob)
        ]
        assert read == [200, 404]
    file.write_text('[collections]\n"/notices" = {owner = "caller"}\n', "utf-8")
    with pytest.raises(ContractError, match="there are: /notes"), contract_mock(services, collections=file):
        pass
