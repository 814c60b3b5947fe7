import re

import pytest

NO_CONTENT = {"204": {"description": ""}}
PATHS = [
    "/",
    "/photos",
    "/photos/",
    "/photos/latest",
    "/photos/{id}",
    "/photos/{id}/file",
    "/photos/latest/{part}",
    "/files/{name}.{ext}",
    "/files/{name}.json",
    "/files/{name}",
    "/pairs/{a}-{b}",
    "/jobs/{id}:cancel",
    "/a.c/[x]+(y)|z/{id}",
    "/größe/{id}",
    "/sp ace",
    "/%41b",
    "//double",
    "/x-{odd name}/{id}",
]

# what is asked for: the path that matches, and its parameters; None for a 404
ROUTES = {
    "/": ("/", {}),
    "/photos": ("/photos", {}),
    "/photos/": ("/photos/", {}),
    "/photos//": None,
    "//photos": None,
    "/Photos": None,
    "/photos/latest": ("/photos/latest", {}),
    "/photos/late%73t": ("/photos/latest", {}),
    "/photos/other": ("/photos/{id}", {"id_": "other"}),
    "/photos/a%2Fb": ("/photos/{id}", {"id_": "a/b"}),
    "/photos/a%2fb": ("/photos/{id}", {"id_": "a/b"}),
    "/photos/a%00%0Ab": ("/photos/{id}", {"id_": "a\0\nb"}),
    "/photos/a+b%2Bc%20d": ("/photos/{id}", {"id_": "a+b+c d"}),
    "/photos/%E2%82%AC": ("/photos/{id}", {"id_": "€"}),
    "/photos/%252F": ("/photos/{id}", {"id_": "%2F"}),
    "/photos/a;b=1": ("/photos/{id}", {"id_": "a;b=1"}),
    "/photos/..": ("/photos/{id}", {"id_": ".."}),
    "/photos/%2e%2E": ("/photos/{id}", {"id_": ".."}),
    "/photos/latest/file": ("/photos/latest/{part}", {"part": "file"}),
    "/photos/other/file": ("/photos/{id}/file", {"id_": "other"}),
    "/photos/../photos": None,
    "/./photos": None,
    "/files/a.b": ("/files/{name}.{ext}", {"name": "a", "ext": "b"}),
    "/files/a.b.c": ("/files/{name}.{ext}", {"name": "a.b", "ext": "c"}),
    "/files/a": ("/files/{name}", {"name": "a"}),
    "/pairs/1-2": ("/pairs/{a}-{b}", {"a": "1", "b": "2"}),
    "/pairs/12": None,
    "/jobs/5:cancel": ("/jobs/{id}:cancel", {"id_": "5"}),
    "/jobs/5": None,
    "/a.c/[x]+(y)|z/1": ("/a.c/[x]+(y)|z/{id}", {"id_": "1"}),
    "/a.c/%5Bx%5D+(y)%7Cz/1": ("/a.c/[x]+(y)|z/{id}", {"id_": "1"}),
    "/abc/[x]+(y)|z/1": None,
    "/gr%C3%B6%C3%9Fe/1": ("/größe/{id}", {"id_": "1"}),
    "/gr%c3%b6%c3%9fe/1": ("/größe/{id}", {"id_": "1"}),
    "/größe/1": ("/größe/{id}", {"id_": "1"}),
    "/sp%20ace": ("/sp ace", {}),
    "/Ab": ("/%41b", {}),
    "//double": ("//double", {}),
    "/x-1/2": ("/x-{odd name}/{id}", {"odd_name": "1", "id_": "2"}),
    "/nowhere": None,
    "": None,
    "*": None,
}


def operation(path, **more):
    """Return an operation with the parameters of its path."""
    names = re.findall(r"{([^}]+)}", path)
    parameters = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}} for name in names
    ]
    return {"operationId": f"get {path}", "parameters": parameters, "responses": NO_CONTENT, **more}


@pytest.fixture(scope="module")
def app(serve):
    """All the paths, each with a handler that tells which it is."""
    seen = {}

    def handler(path):
        async def note(**arguments):
            seen["path"], seen["arguments"] = path, arguments

        return note

    app = serve(
        {path: {"get": operation(path)} for path in PATHS}, {f"get {path}": handler(path) for path in PATHS}
    )
    app.seen = seen
    return app


@pytest.mark.parametrize("target", ROUTES)
def test_a_path_finds_its_operation(target, app):
    """Concrete paths come before templates, segments stay whole, and a spelling of a path is the path."""
    app.seen.clear()
    response = app("GET", target)
    if ROUTES[target] is None:
        assert (response.status, response.json["error_code"]) == (404, "not_found")
    else:
        assert response.status == 204
        assert (app.seen["path"], app.seen["arguments"]) == ROUTES[target]


def test_a_path_of_raw_bytes(app):
    """Bytes that are not ASCII are read as if they were percent-encoded: UTF-8, or a bad request."""
    assert app("GET", b"/gr\xc3\xb6\xc3\x9fe/\xe2\x82\xac").status == 204
    assert app.seen["arguments"] == {"id_": "€"}
    response = app("GET", b"/gr\xf6\xdfe/1")
    assert (response.status, response.json["instance"]) == (400, "/gr%F6%DFe/1")


def test_methods(serve):
    """A path responds to its methods, HEAD where it has GET, and OPTIONS; Allow names just these."""
    methods = {method: operation("/", operationId=method) for method in ("get", "put", "trace")}
    app = serve({"/": methods, "/post": {"post": operation("/", operationId="post")}})
    assert [app(method, "/").status for method in ("GET", "HEAD", "PUT", "TRACE", "OPTIONS")] == [204] * 5
    assert app("OPTIONS", "/").headers["allow"] == "GET, HEAD, OPTIONS, PUT, TRACE"
    for method, path, allow in [
        ("POST", "/", "GET, HEAD, OPTIONS, PUT, TRACE"),
        ("get", "/", "GET, HEAD, OPTIONS, PUT, TRACE"),
        ("BREW", "/post", "OPTIONS, POST"),
        ("HEAD", "/post", "OPTIONS, POST"),
    ]:
        response = app(method, path)
        assert (response.status, response.headers["allow"]) == (405, allow)
    assert app("OPTIONS", "/nowhere").status == 404


def test_templates_that_differ_in_names_alone_are_one_path(serve):
    """Each operation gets its own names, the first of a method handles requests, whatever OpenAPI forbids."""
    seen = []

    async def note(**arguments):
        seen.append(arguments)

    paths = {
        "/p/{one}": {"get": operation("/p/{one}"), "head": operation("/p/{one}", operationId="head")},
        "/p/{other}": {"get": operation("/p/{other}"), "put": operation("/p/{other}", operationId="put")},
    }
    app = serve(paths, dict.fromkeys(["get /p/{one}", "get /p/{other}", "head", "put"], note))
    assert [app(method, "/p/1").status for method in ("GET", "HEAD", "PUT")] == [204] * 3
    assert seen == [{"one": "1"}, {"one": "1"}, {"other": "1"}]
    assert app("DELETE", "/p/1").headers["allow"] == "GET, HEAD, OPTIONS, PUT"


def test_head_is_get_without_a_body(responding):
    """HEAD runs GET's operation, and sends its headers with the length that the body would have."""
    app = responding({"200": {"description": "", "content": {"application/json": {}}}}, {"a": 1})
    got, headed = app("GET", "/"), app("HEAD", "/")
    assert headed.body == b""
    assert {**headed.headers, "x-request-id": ""} == {**got.headers, "x-request-id": ""}
    assert headed.headers["content-length"] == str(len(got.body))
    missing = app("HEAD", "/nowhere")
    assert (missing.status, missing.body) == (404, b"")


def test_a_contract_may_have_options_and_head_itself(serve):
    """An operation of the contract comes before what the binding does by itself."""

    async def op():
        return {"mine": True}

    mine = {"responses": {"200": {"description": "", "content": {"application/json": {}}}}}
    app = serve(
        {
            "/": {
                "options": {**mine, "operationId": "a_op"},
                "head": {**mine, "operationId": "b_op"},
                "get": {**mine, "operationId": "c_op"},
            }
        },
        {"a_op": op, "b_op": op, "c_op": op},
    )
    assert app("OPTIONS", "/").json == {"mine": True}
    assert app("HEAD", "/").status == 200


def test_what_is_not_routed_is_admitted_as_anonymous(serve):
    """The authenticator counts also what no operation handles, and its headers are on those responses."""

    class Counting:
        calls = 0

        async def admit(self, request, *arguments):
            self.calls += 1
            assert arguments == ({}, ())
            request.response_headers.append((b"ratelimit-remaining", b"%d" % self.calls))

    app = serve({"/": {"get": operation("/")}}, authenticator=Counting(), most_target_bytes=100)
    targets = [("GET", "/nowhere"), ("PUT", "/"), ("OPTIONS", "/"), ("GET", "/%zz"), ("GET", "/" + "x" * 100)]
    responses = [app(*target) for target in targets]
    assert [each.status for each in responses] == [404, 405, 204, 400, 414]
    assert [each.headers["ratelimit-remaining"] for each in responses] == list("12345")


@pytest.mark.parametrize("target", ["/" + "x" * 100, "/?" + "x" * 100, "/xxxx?" + "x" * 96])
def test_a_long_target_is_a_414(target, serve):
    """A path and query over the limit are refused, one at the limit is not."""
    app = serve({"/": {"get": operation("/")}, "/xxxx": {"get": operation("/xxxx")}}, most_target_bytes=100)
    assert app("GET", target).json["error_code"] == "uri_too_long"
    assert app("GET", target[:-1]).status in {204, 404}
