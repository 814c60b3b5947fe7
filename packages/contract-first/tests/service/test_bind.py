import types

import pytest

from contract_first.service.functions import ResolverError
from contract_first.service.handlers import handlers_of

NO_CONTENT = {"204": {"description": ""}}


def document(schema=None, **operation):
    """Return paths with one operation that has a parameter."""
    parameter = {"in": "query", "name": "photoType", "schema": {} if schema is None else schema}
    return {
        "/p": {
            "get": {
                "operationId": "apps_photos_get_url",
                "parameters": [parameter],
                "responses": NO_CONTENT,
                **operation,
            }
        }
    }


async def right(photo_type):
    """Fit the operation."""
    assert photo_type is None


async def asks_too_much(photo_type, clock, database):
    """Ask for what is not there."""
    return photo_type, clock, database


async def leaves_out():
    """Take no argument."""


async def takes_anything(**_):
    """Take whatever there is."""


@pytest.mark.parametrize("name", ["apps_photos_get_url", "photos_get_url", "get_url", "url"])
def test_a_handler_is_named_by_the_tail_of_the_operation_id(name, serve):
    """The operationId, or its words from one on, name the function."""
    assert serve(document(), {name: right}).get("/p").status == 204


def test_the_longest_name_wins(serve):
    """Of two handlers that fit, the one that says more is taken."""
    app = serve(document(), {"url": leaves_out, "get_url": right})
    assert app.get("/p").status == 204


@pytest.mark.parametrize(
    ("handlers", "said"),
    [
        ({}, []),
        ({"et_url": right, "get": right}, []),
        ({"get_url": asks_too_much}, ["clock", "database"]),
        ({"get_url": leaves_out}, ["photo_type"]),
    ],
)
def test_a_handler_that_does_not_fit_fails_the_start(handlers, said, serve):
    """A missing handler, an unknown argument and a parameter that is left out name the operationId."""
    with pytest.raises(ResolverError) as failure:
        serve(document(), handlers)
    message = str(failure.value)
    assert "'apps_photos_get_url'" in message
    assert "\n" not in message
    assert all(repr(each) in message for each in said)


def test_an_argument_that_is_not_sent_has_the_functions_default(serve):
    """Unless the contract has one, which counts for all callers."""
    seen = []

    async def get_url(photo_type="any"):
        seen.append(photo_type)

    for schema in ({}, {"default": "front"}):
        app = serve(document(schema), {"get_url": get_url})
        assert [app.get(target).status for target in ("/p", "/p?photoType=back")] == [204, 204]
    assert seen == ["any", "back", "front", "back"]


def test_what_is_spelled_otherwise_is_named(serve):
    """A handler that is misspelt, and an argument as the contract spells it."""
    with pytest.raises(ResolverError, match="close to it: 'photos_get_urls'"):
        serve(document(), {"photos_get_urls": right})

    async def get_url(photoType):  # noqa: N803 -- the mistake
        return photoType

    with pytest.raises(ResolverError, match=r"call it 'photo_type'\.$"):
        serve(document(), {"get_url": get_url})


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#/components/schemas/Missing"}, "Missing"),
        ({"$ref": "#missing"}, "missing"),
        ({"$ref": "https://schemas.test/missing"}, "https://schemas.test/missing"),
        ({"pattern": "("}, "regex"),
        ({"type": "no such type"}, "anyOf"),
    ],
)
@pytest.mark.parametrize("place", ["parameter", "body"])
def test_a_schema_that_cannot_be_compiled_fails_the_start(schema, said, place, serve):
    """A broken schema is named by its operation when it is bound, and not by a 500 later."""
    paths = document(schema)
    if place == "body":
        paths = document(requestBody={"content": {"application/json": {"schema": schema}}})
    with pytest.raises(
        ResolverError, match="'apps_photos_get_url' at /paths/~1p/get cannot be bound"
    ) as failure:
        serve(paths, {"url": takes_anything})
    assert said in str(failure.value)


def test_collaborators_are_handed_over(serve):
    """A handler is given its caller and the collaborators that it names; a parameter comes first."""

    class NamingAuthenticator:
        async def admit(self, *_):
            return "the caller"

    async def op(photo_type, clock, caller):
        seen.update(photo_type=photo_type, clock=clock, caller=caller)

    seen = {}
    collaborators = {"clock": "a clock", "photo_type": "not this", "bucket": "nobody asks"}
    app = serve(document(), {"url": op}, collaborators=collaborators, authenticator=NamingAuthenticator())
    app.get("/p?photoType=front")
    assert seen == {"photo_type": "front", "clock": "a clock", "caller": "the caller"}


def test_an_operation_may_have_no_id(serve):
    """Without an operationId the handler is named by method and path."""
    paths = {"/photos/{id}": {"get": {"responses": NO_CONTENT}}}
    assert serve(paths, {"get_photos__id_": takes_anything}).get("/photos/5").status == 204


def test_shared_parts_of_a_path_item(serve):
    """Parameters of the path item, which may be components, belong to each operation until it has its own."""
    shared = {"in": "query", "name": "n", "schema": {"type": "integer"}}
    own = {"in": "query", "name": "n", "schema": {"type": "string"}}
    paths = {
        "/": {
            "parameters": [{"$ref": "#/components/parameters/N"}],
            "get": {"operationId": "a_op", "responses": NO_CONTENT},
            "put": {"operationId": "b_op", "responses": NO_CONTENT, "parameters": [own]},
        }
    }
    app = serve(paths, components={"parameters": {"N": shared}})
    app("GET", "/?n=5")
    assert app.seen == {"n": 5}
    app("PUT", "/?n=5")
    assert app.seen == {"n": "5"}


def package(tmp_path, monkeypatch, **modules):
    """Write and import a package of these modules."""
    folder = tmp_path / f"package_of_{tmp_path.name}"
    folder.mkdir()
    for name, text in {"__init__": "", **modules}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    found = __import__(folder.name)
    assert isinstance(found, types.ModuleType)
    return found


def test_handlers_are_the_public_coroutines_of_a_package(tmp_path, monkeypatch):
    """Only what a module itself defines counts: no import, no plain function, nothing private."""
    photos = "from asyncio import sleep\nasync def get_url(): ...\nasync def _own(): ...\ndef plain(): ...\n"
    found = package(tmp_path, monkeypatch, photos=photos, more="from .photos import get_url\n")
    assert list(handlers_of(found)) == ["get_url"]


def test_two_handlers_of_one_name_fail_the_start(tmp_path, monkeypatch):
    """A name that two modules define is refused, and not decided by their order."""
    twice = "async def get_url(): ...\n"
    with pytest.raises(ResolverError, match="get_url"):
        handlers_of(package(tmp_path, monkeypatch, one=twice, two=twice))
