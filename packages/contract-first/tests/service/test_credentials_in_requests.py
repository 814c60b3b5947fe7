import pytest

SCHEMES = {
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "api key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
    "bearer": {"type": "http", "scheme": "Bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "mutual": {"type": "mutualTLS"},
    "referred": {"$ref": "#/components/securitySchemes/header"},
}
OAUTH = {
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://id.test"},
}


def authenticator_of(serve, schemes=SCHEMES, security=(), **more):
    """Bind an operation with these security requirements."""
    operation = {
        "operationId": "op",
        "security": list(security),
        "responses": {"204": {"description": ""}},
        **more,
    }
    return serve({"/": {"get": operation}}, components={"securitySchemes": schemes})


@pytest.mark.parametrize(
    ("target", "headers", "expected"),
    [
        ("/", {}, {}),
        ("/", {"x-api-key": "k"}, {"header": "k", "referred": "k"}),
        ("/", {"X-API-KEY": ""}, {"header": "", "referred": ""}),
        ("/?api+key=a%20b%2B&api%20key=c", {}, {"query": "a b+"}),
        ("/?api%20key", {}, {"query": ""}),
        ("/", {"cookie": "a=1; sessionid=s; b=2"}, {"cookie": "s"}),
        ("/", {"cookie": 'sessionid="s"'}, {"cookie": "s"}),
        ("/", {"cookie": "bad[]=\xff; sessionid=s"}, {"cookie": "s"}),
        ("/", {"cookie": "sessionidx=s"}, {}),
        ("/", {"authorization": "Bearer t"}, {"bearer": "t"}),
        ("/", {"authorization": "bEARER  t "}, {"bearer": "t"}),
        ("/", {"authorization": "Bearer"}, {"bearer": ""}),
        ("/", {"authorization": "Bearert"}, {}),
        ("/", {"authorization": "Basic dTpw"}, {"basic": "dTpw"}),
        ("/", {"authorization": "Digest x"}, {}),
        ("/", {"authorization": ""}, {}),
        (
            "/?api%20key=q",
            {"x-api-key": "k", "authorization": "Bearer t"},
            {"header": "k", "referred": "k", "query": "q", "bearer": "t"},
        ),
    ],
)
def test_credentials_are_found_where_the_contract_says(target, headers, expected, serve):
    """Each scheme's credential is found by its kind and place; one that is empty is presented as well."""
    app = authenticator_of(serve)
    assert app("GET", target, headers=headers).status == 204
    assert app.authenticator.arguments[0] == expected


def test_oauth_tokens_are_bearer_tokens(serve):
    """OAuth 2 and OpenID Connect present a bearer token."""
    app = authenticator_of(serve, OAUTH)
    app.get("/", authorization="Bearer t")
    assert app.authenticator.arguments[0] == {"oauth": "t", "openid": "t"}


def test_a_repeated_credential_is_no_valid_one(serve):
    """Two Authorization or key fields are joined into what no verifier knows, so that neither is picked."""
    app = authenticator_of(serve)
    app("GET", "/", headers=[(b"x-api-key", b"a"), (b"x-api-key", b"b")])
    assert app.authenticator.arguments[0]["header"] == "a, b"


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ([], ()),
        ([{}], (frozenset(),)),
        ([{"header": []}], (frozenset({"header"}),)),
        ([{"header": []}, {"bearer": ["read"]}], (frozenset({"header"}), frozenset({"bearer"}))),
        ([{"header": [], "cookie": []}, {}], (frozenset({"header", "cookie"}), frozenset())),
    ],
)
def test_security_requirements_reach_the_authenticator(security, expected, serve):
    """Alternatives reach the authenticator as sets of schemes, all needed, in the contract's order."""
    app = authenticator_of(serve, security=security)
    app.get("/")
    assert app.authenticator.arguments[1] == expected
