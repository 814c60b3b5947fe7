"""Methods and paths lead to operations, wherever the contract is deployed."""

import pytest

from contract_first.contract import Contract, routing
from contract_first.contract.deployment import origin_of

ACME = {"tenant": {"default": "acme"}}
STAGE = {"stage": {"default": "live", "enum": ["live", "test"]}}


def contract(*servers, paths=("/a",), methods=("get",), parameters=()):
    """Return a contract of these servers and paths, the operationIds made of method and path."""
    item = {method: {"parameters": [*parameters], "responses": {}} for method in methods}
    info = {"title": "t", "version": "1"}
    return Contract(
        {"openapi": "3.1.0", "info": info, "servers": list(servers), "paths": dict.fromkeys(paths, item)},
        "test",
    )


def server(url, **variables):
    """Return a Server Object."""
    return {"url": url, "variables": variables} if variables else {"url": url}


def test_a_route_has_the_operation_and_its_path_parameters_as_sent():
    """Percent-encoded bytes are left as they are, in the one spelling that all spellings have."""
    things = contract(paths=["/things/{id}", "/things/own"])
    route = things.route("GET", "/things/a%2fb%41")
    assert route.operation is things.operation("get_things__id_")
    assert route.path_parameters == {"id": b"a%2FbA"}
    assert things.router.route("HEAD", "/things/own").operation_id == "get_things_own"


def test_a_route_without_an_operation_tells_the_methods_of_the_path():
    """A method that a path lacks is distinguished from a path that there is not."""
    things = contract(methods=["get", "post"])
    assert things.route("PUT", "/a") == routing.Route(None, {}, ("GET", "HEAD", "OPTIONS", "POST"))
    assert things.route("PUT", "/b") == routing.Route(None, {}, ())
    assert things.route("GET", "/b").operation_id == ""


@pytest.mark.parametrize(
    ("template", "segment", "values"),
    [
        ("{a}", "x", {"a": b"x"}),
        ("{a}", "", None),
        ("{a}{b}", "xyz", {"a": b"xy", "b": b"z"}),
        ("{a}{b}", "x", None),
        ("{a}.{b}", "1.2.3", {"a": b"1.2", "b": b"3"}),
        ("{a}.{b}", "1.", None),
        ("{a}.{b}", ".1", None),
        ("-{a}--{b}-", "-1----2-", {"a": b"1--", "b": b"2"}),
        ("-{a}-", "-", None),
        ("-{a}-", "--", None),
        ("{a}{b}xy", "xy", None),
    ],
)
def test_values_of_several_expressions_in_a_segment(template, segment, values):
    """Each stands for one character at least, the first for as many as possible."""
    route = contract(paths=[f"/{template}"]).route("GET", f"/{segment}")
    assert route.operation is None if values is None else route.path_parameters == values


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/v1/shelves/1", {"name": b"shelves/1"}),
        ("/v1/shelves/a%2Fb", {"name": b"shelves/a%2Fb"}),
        ("/v1/shelves/1/books/2", {"name": b"shelves/1/books/2"}),
        ("/v1/shelves/1/books/2:move", {"name": b"shelves/1/books/2"}),
        ("/v1/shelves/1/pages/3", {"shelf": b"shelves/1", "page": b"3"}),
        ("/v1/files/a/b/c", {"path": b"files/a/b/c"}),
        ("/v1/shelves", None),
        ("/v1/shelves/1/books", None),
        ("/v1/{name=shelves/*}", None),
    ],
)
def test_a_value_of_several_segments(path, values):
    """Google's expressions have a pattern, whose segments are the value."""
    names = ["{name=shelves/*}", "{name=shelves/*/books/*}", "{name=shelves/*/books/*}:move"]
    names += ["{shelf=shelves/*}/pages/{page}", "{path=files/**}", "{odd=a/{b}"]
    route = contract(paths=[f"/v1/{name}" for name in names]).route("GET", path)
    found = {name: value for name, value in route.path_parameters.items() if "=" not in name}
    assert (found or None) == values
    assert (route.operation is None) == (values is None)


def test_a_template_with_more_literal_text_comes_first():
    """What is more concrete is matched before what is less so."""
    things = contract(paths=["/{name}", "/{name}.{type}", "/{name}.json"])
    routes = [things.route("GET", path).path_parameters for path in ("/a.json", "/a.b", "/a")]
    assert [list(each) for each in routes] == [["name"], ["name", "type"], ["name"]]


def test_a_segment_of_any_length_is_matched_in_one_pass():
    """A long segment is not tried at each place of each expression; else this would take years."""
    long = "-" * 16000
    hostile = contract(server("/{a}-{b}-{c}-{d}:at"), paths=["/{a}-{b}-{c}-{d}:go"])
    assert hostile.route("GET", f"/{long}") == routing.Route(None, {}, ())
    assert hostile.route("GET", f"/{long}:at/{long}:go").operation is not None
    assert hostile.route("GET", f"/{long}:go").path_parameters["d"] == b"-"


@pytest.mark.parametrize(
    ("servers", "found", "not_found"),
    [
        ([], ["/a"], ["/v1/a", "//a"]),
        ([server("https://x.test/v1/"), server("/")], ["/a", "/v1/a"], ["/v2/a", "/v1", "/v1//a"]),
        ([server("https://x.test/v 1")], ["/v%201/a"], ["/v1/a"]),
        ([server("https://x.test/%7Ev1")], ["/~v1/a", "/%7ev1/a"], []),
        ([server("v1")], ["/v1/a"], []),
        (
            [server("/{tenant}/api", **ACME)],
            ["/acme/api/a", "/other/api/a"],
            ["/api/a", "//api/a", "/x/y/api/a"],
        ),
        ([server("/{tenant}", **ACME)], ["/acme/a"], ["/other/a"]),
        ([server("/{unset}")], ["/a"], ["/{unset}/a", "/other/a"]),
        ([server("/odd/{unset}")], ["/odd/any/a"], ["/odd/a"]),
        ([server("/v{unset}")], ["/v1/a"], ["/v/a", "/1/a"]),
        ([server("/{stage}", **STAGE)], ["/live/a", "/test/a"], ["/other/a"]),
        ([server("/{stage}/{tenant}", **STAGE, **ACME)], ["/test/other/a"], ["/other/acme/a"]),
        (
            [server("https://x.test/v1/{of}", of={"default": "", "enum": ["", "us"]})],
            ["/v1/a", "/v1/us/a"],
            [],
        ),
        ([server("https://x.test/{base}", base={"default": "v1/api"})], ["/v1/api/a"], ["/v1/a"]),
        ([server("https://{host}{base}", base={"default": "/v1"})], ["/v1/a"], ["/a/v1"]),
        ([server("{at}/v1", at={"default": "https://x.test/api"})], ["/api/v1/a"], []),
        ([server("https://{host}:{port}/v1")], ["/v1/a"], []),
        ([server("http://[broken")], ["/a"], []),
    ],
)
def test_base_paths_of_servers(servers, found, not_found):
    """Paths are found below each base path that the servers can have, and without one."""
    deployed = contract(*servers)
    assert {path: deployed.route("GET", path).operation_id for path in found} == dict.fromkeys(found, "get_a")
    assert [path for path in not_found if deployed.route("GET", path).methods] == []
    assert [path for path in (*found, *not_found) if deployed.router.route("GET", path).methods] in (
        [],
        ["/a"],
    )


def test_the_longest_base_path_comes_first_and_no_base_path_last():
    """A path that can be read in several ways is read so, unless only another way has the method."""
    bases = [server("/v1"), server("/v1/api")]
    paths = ["/a", "/api/a", "/v1/api/a", "/{any}"]
    assert contract(*bases, paths=paths).route("GET", "/v1/api/a").operation_id == "get_a"
    assert contract(*bases, paths=paths[1:3]).route("GET", "/v1/api/a").operation_id == "get_api_a"
    assert contract(*bases, paths=paths).route("GET", "/v1").path_parameters == {"any": b"v1"}
    methods = contract(server("/v1"), paths=["/a"])
    methods.document["paths"]["/v1/a"] = {"put": {"operationId": "put", "responses": {}}}
    assert methods.route("PUT", "/v1/a").operation_id == "put"
    assert methods.route("DELETE", "/v1/a").methods == ("GET", "HEAD", "OPTIONS")


def test_a_base_url_is_a_deployment_of_its_own():
    """Its base path counts beside those of the servers, its origin instead of theirs."""
    things = contract(server("https://x.test/v1"))
    deployment = things.deployed_at("https://staging.test/api/")
    for path in ("/api/a", "/v1/a", "/a"):
        assert deployment.route("GET", path).operation_id == "get_a"
    assert deployment.has_origin_of("https://staging.test/anything")
    assert not deployment.has_origin_of("https://x.test/v1/a")
    assert things.deployed_at(None) is things.deployment


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://eu.x.test/v1/nothing", True),
        ("https://user:word@EU.x.test:443", True),
        ("https://us.x.test", True),
        ("https://ap.x.test", False),
        ("http://eu.x.test", False),
        ("https://eu.x.test:8443", False),
        ("http://acme.tenants.test", True),
        ("http://other.tenants.test:80/", True),
        ("wss://eu.x.test", False),
        ("/v1/a", False),
    ],
)
def test_origins_of_servers(url, own):
    """A URL is the API's where scheme, host and port can be those of a server."""
    region = {"default": "eu", "enum": ["eu", "us"]}
    scheme = {"default": "http", "enum": ["http"]}
    deployed = contract(
        server("https://{Region}.x.test:443/v1", Region=region),
        server("{scheme}://{tenant}.tenants.test", scheme=scheme, **ACME),
        server("/relative"),
    )
    assert deployed.deployment.has_origin_of(url) is own


def test_an_origin_has_one_spelling():
    """The scheme's own port, user and the rest of a URL are no part of it."""
    assert origin_of("HTTP://me@x.test:80/a?b#c") == origin_of("http://x.test") == "http://x.test"
    assert origin_of("http://x.test:443") == "http://x.test:443"
    assert origin_of("mailto:me@x.test") == origin_of("") == ""


def test_responses_by_status():
    """A status is declared by itself, by its range or by the default, in that order."""
    one = contract()
    one.document["paths"]["/a"]["get"]["responses"] = {
        "404": {"description": "a"},
        "4XX": {"description": "b"},
    }
    operation = one.operation("get_a")
    assert [operation.response_key(status) for status in (404, 499, 200, 0)] == ["404", "4XX", None, None]
    assert operation.response_for(404) == {"description": "a"}
    assert operation.response_for(500) is None
    assert one.operation("unknown") is None


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a?beta=true", "/a?beta=true"),
        ("/a", "/a"),
        ("/a?beta=no", "/a"),
        ("/a?x=1&beta=tru%65", "/a?beta=true"),
        ("/b?do=this", "/b?do=this"),
        ("/b?do=that&id=1", "/b?do=that"),
        ("/b", None),
        ("/b?do=nothing", None),
        ("/c?from=1", "/c?from={from}"),
        ("/c?to=2&from=1", "/c?from={from}&to={to}"),
        ("/c", "/c?from={from}"),
        ("/d?Action=Add", "/d#Action=Add"),
        ("/d%23Action=Add", "/d#Action=Add"),
        ("/e?{x}", "/e?{x}=1"),
        ("/e", "/e?{x}=1"),
    ],
)
def test_operations_that_a_query_tells_apart(target, path):
    """A template must not have a query, and may: it is compared with the query that is sent."""
    templates = [
        *("/a", "/a?beta=true", "/b?do=this", "/b?do=that", "/c?from={from}&to={to}", "/c?from={from}"),
        *("/d#Action=Add", "/e?{x}=1"),
    ]
    sent, _, query = target.partition("?")
    route = contract({"url": "/v1"}, paths=templates).route("GET", f"/v1{sent}", query.encode())
    assert (route.operation and route.operation.path) == path


def test_operations_that_a_header_field_tells_apart():
    """A fragment is never sent: what it names is in a header field, as AWS's clients send it."""
    things = contract(paths=["/#X-Amz-Target=Logs.Get", "/#X-Amz-Target=Logs.Put"])
    sent = {b"x-amz-target": "Logs.Put", b"host": "Logs.Get"}
    route = things.route("GET", "/", b"", sent.get)
    assert route.operation
    assert route.operation.path == "/#X-Amz-Target=Logs.Put"
    assert things.route("GET", "/", b"", {b"x-amz-target": "Logs.List"}.get).operation is None
    assert things.route("GET", "/").operation is None
    assert contract(paths=["/?a=1"]).route("GET", "/", b"", {b"a": "1"}.get).operation is None


def test_a_header_field_that_tells_operations_apart_is_missing():
    """The first operation has the request, whose validation names the field, if it requires that."""
    things = contract(paths=["/#Target=Get", "/#Target=Put"], parameters=[])
    assert things.route("GET", "/").operation is None
    field = {"name": "Target", "in": "header", "required": True, "schema": {"type": "string"}}
    things = contract(paths=["/#Target=Get", "/#Target=Put"], parameters=[field])
    assert things.route("GET", "/").operation
    assert things.route("GET", "/", b"", {b"target": "List"}.get).operation is None
    assert things.route("PUT", "/").operation is None


def test_parameters_in_the_query_of_a_template():
    """A path parameter that stands in the query of a template is read from the query."""
    things = contract(paths=["/a/{id}?key={key}&lang=en"])
    assert things.route("GET", "/a/7", b"lang=en&key=a+b%2F").path_parameters == {
        "id": b"7",
        "key": b"a%20b%2F",
    }
    assert things.route("HEAD", "/a/7", b"lang=en").operation_id
    assert things.route("PUT", "/a/7", b"lang=en").methods == ("GET", "HEAD", "OPTIONS")
    assert things.route("PUT", "/a/7").methods == ()


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("/a/{id:.+}", "/a/1", {"id": b"1"}),
        ("/a/{id:[0-9]+}/b", "/a/1/b", {"id": b"1"}),
        ("/a/{id:int}", "/a/1/2", None),
        ("/a/{*path}", "/a/b/c%20d.txt", {"path": b"b/c%20d.txt"}),
        ("/a/{**path}", "/a/b", {"path": b"b"}),
        ("/a/{path:path}", "/a/b/c", {"path": b"b/c"}),
        ("/a/{path:.*}", "/a/b/c", {"path": b"b/c"}),
        ("/{proxy+}", "/a/b/c", {"proxy": b"a/b/c"}),
        ("/a/{*path}", "/a/", None),
        ("/a/{*path}", "/a", None),
    ],
)
def test_expressions_as_routers_have_them(template, path, parameters):
    """Parameters are found by the plain name, and may stand for the rest of a path."""
    route = contract(paths=[template, "/z/other"]).route("GET", path)
    assert (route.operation is None) == (parameters is None)
    if parameters is not None:
        assert parameters.items() <= route.path_parameters.items()


def test_the_rest_of_a_path_comes_last():
    """A template of more literals, or of single segments, is more concrete."""
    things = contract(paths=["/a/{*path}", "/a/{id}", "/a/own", "/a/{id}/b"])
    targets = ["/a/own", "/a/1", "/a/1/b", "/a/1/c", "/a/own/c"]
    paths = [things.route("GET", each).operation.path for each in targets]
    assert paths == ["/a/own", "/a/{id}", "/a/{id}/b", "/a/{*path}", "/a/{*path}"]


@pytest.mark.parametrize("rest", ["{id:.+}", "{id+}", "{*id}"])
def test_a_path_of_any_number_of_segments_is_one_of_one_segment_too(rest):
    """A path of one segment has the methods of both templates, the one of a single segment first."""
    operation = {"responses": {}}
    paths = {
        f"/a/{rest}": {"get": operation, "delete": operation},
        "/a/{name}": {"get": operation, "put": operation},
    }
    info = {"title": "t", "version": "1"}
    things = Contract({"openapi": "3.1.0", "info": info, "paths": paths}, "test")
    operations = {method: things.route(method, "/a/1").operation for method in ("GET", "PUT", "DELETE")}
    assert {method: each.path for method, each in operations.items()} == {
        "GET": "/a/{name}",
        "PUT": "/a/{name}",
        "DELETE": f"/a/{rest}",
    }
    assert things.route("DELETE", "/a/1").path_parameters.items() >= {"id": b"1", "name": b"1"}.items()
    assert things.route("PATCH", "/a/1").methods == ("DELETE", "GET", "HEAD", "OPTIONS", "PUT")
    assert things.route("PUT", "/a/1/2").operation is None


def test_templates_are_sorted_once(monkeypatch):
    """However many paths differ in what stands beside an expression, when the first request is routed."""
    looked_at = []

    def noting(template):
        looked_at.append(template)
        return concreteness(template)

    concreteness = routing._concreteness
    monkeypatch.setattr(routing, "_concreteness", noting)
    things = contract(paths=[f"/{'x' * number}{{id}}" for number in range(50)])
    assert things.route("GET", "/xxxa").path_parameters == {"id": b"a"}
    assert len(looked_at) == 50
