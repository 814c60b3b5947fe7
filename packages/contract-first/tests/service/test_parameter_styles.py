import pytest

INTEGER = {"type": "integer"}
INTEGERS = {"type": "array", "items": {"type": "integer"}}
STRINGS = {"type": "array", "items": {"type": "string"}}
POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}}}
DEEP = {"type": "object", "properties": {"tags": STRINGS, "at": POINT}}
DEEP["properties"]["in"] = {"type": "array", "items": {"type": "object", "properties": {"tags": STRINGS}}}
XY = {"x": 1, "y": 2}

# style, explode, schema, query, value; explode None leaves it out
QUERY = [
    (None, None, INTEGER, "p=5", 5),
    (None, None, {"type": "string"}, "p=a,b", "a,b"),
    (None, None, {"type": "string"}, "p=a+b%2B%20c", "a b+ c"),
    (None, None, {"type": "string"}, "p=", ""),
    (None, None, {"type": "string"}, "p", ""),
    (None, None, INTEGERS, "p=1&p=2", [1, 2]),
    (None, None, INTEGERS, "p=1&q=9&p=2", [1, 2]),
    (None, None, STRINGS, "p=a,b", ["a,b"]),
    ("form", False, INTEGERS, "p=1,2", [1, 2]),
    ("form", False, INTEGERS, "p=", []),
    ("form", False, STRINGS, "p=a%2Cb,c", ["a,b", "c"]),
    ("form", False, INTEGERS, "p=1%2C2%2c3", [1, 2, 3]),
    ("form", True, POINT, "x=1&y=2", XY),
    ("form", True, {"anyOf": [POINT, INTEGER]}, "p=5", 5),
    ("form", True, {"anyOf": [POINT, INTEGER]}, "x=1&y=2", XY),
    ("form", False, {"anyOf": [POINT, INTEGER]}, "p=5", 5),
    ("form", False, POINT, "p=x,1,y,2", XY),
    ("spaceDelimited", False, INTEGERS, "p=1%202", [1, 2]),
    ("spaceDelimited", False, INTEGERS, "p=1+2", [1, 2]),
    ("spaceDelimited", True, INTEGERS, "p=1&p=2", [1, 2]),
    ("spaceDelimited", False, POINT, "p=x%201%20y%202", XY),
    ("pipeDelimited", False, INTEGERS, "p=1|2", [1, 2]),
    ("pipeDelimited", False, INTEGERS, "p=1%7C2", [1, 2]),
    ("pipeDelimited", True, INTEGERS, "p=1&p=2", [1, 2]),
    ("pipeDelimited", False, POINT, "p=x|1|y|2", XY),
    ("deepObject", True, POINT, "p[x]=1&p[y]=2", XY),
    ("deepObject", True, POINT, "p%5Bx%5D=1&p%5By%5D=2", XY),
    ("deepObject", True, {"type": "object", "additionalProperties": INTEGER}, "p[n]=5", {"n": 5}),
    # what OpenAPI leaves open, as clients write it
    ("deepObject", True, INTEGERS, "p[]=1&p[]=2", [1, 2]),
    ("deepObject", True, INTEGERS, "p[1]=2&p[0]=1&p[10]=3", [1, 2, 3]),
    ("deepObject", True, {"anyOf": [POINT, INTEGER]}, "p=5", 5),
    ("deepObject", True, DEEP, "p[tags]=a", {"tags": ["a"]}),
    ("deepObject", True, DEEP, "p[tags]=a&p[tags]=b", {"tags": ["a", "b"]}),
    ("deepObject", True, DEEP, "p[tags][]=a&p[tags][]=b", {"tags": ["a", "b"]}),
    ("deepObject", True, DEEP, "p[in][0][tags][0]=a&p[at][x]=1", {"in": [{"tags": ["a"]}], "at": {"x": 1}}),
]

PATH = [
    (None, None, INTEGER, "5", 5),
    (None, None, {"type": "string"}, "a%2Fb%20c+d", "a/b c+d"),
    ("simple", False, INTEGERS, "1,2", [1, 2]),
    ("simple", True, INTEGERS, "1,2", [1, 2]),
    ("simple", False, STRINGS, "a%2Cb,c", ["a,b", "c"]),
    ("simple", False, POINT, "x,1,y,2", XY),
    ("simple", False, {"anyOf": [POINT, INTEGER]}, "5", 5),
    ("simple", True, POINT, "x=1,y=2", XY),
    ("label", False, INTEGER, ".5", 5),
    ("label", False, INTEGERS, ".1,2", [1, 2]),
    ("label", True, INTEGERS, ".1.2", [1, 2]),
    ("label", False, POINT, ".x,1,y,2", XY),
    ("label", True, POINT, ".x=1.y=2", XY),
    ("matrix", False, INTEGER, ";p=5", 5),
    ("matrix", False, {"type": "string"}, ";p", ""),
    ("matrix", False, INTEGERS, ";p=1,2", [1, 2]),
    ("matrix", True, INTEGERS, ";p=1;p=2", [1, 2]),
    ("matrix", False, POINT, ";p=x,1,y,2", XY),
    ("matrix", True, POINT, ";x=1;y=2", XY),
]

HEADER = [
    (None, None, INTEGER, "5", 5),
    (None, None, {"type": "string"}, "a, b", "a, b"),
    ("simple", False, INTEGERS, "1, 2,3", [1, 2, 3]),
    ("simple", False, POINT, "x,1, y,2", XY),
    ("simple", True, POINT, "x=1, y=2", XY),
]

COOKIE = [
    (None, None, INTEGER, "a=1; p=5", 5),
    (None, None, {"type": "string"}, 'p="x"', "x"),
    ("form", False, INTEGERS, "p=1,2", [1, 2]),
    ("form", False, POINT, "p=x,1,y,2", XY),
]


def parameter(location, style, explode, schema):
    """Return a Parameter Object called ``p``."""
    said = {"style": style, "explode": explode}
    return {
        "in": location,
        "name": "p",
        "required": location == "path",
        "schema": schema,
        **{key: value for key, value in said.items() if value is not None},
    }


@pytest.mark.parametrize(("style", "explode", "schema", "query", "value"), QUERY)
def test_query_styles(style, explode, schema, query, value, taking):
    """A query parameter is read in the style that the contract gives it, delimiters before decoding."""
    app = taking(parameter("query", style, explode, schema))
    assert app.get("/?" + query).status == 204
    assert app.seen == {"p": value}


PAGE = {"type": "object", "properties": {"page": INTEGER}}


@pytest.mark.parametrize(("style", "explode"), [(None, None), ("deepObject", True)])
def test_an_empty_object_is_spelled_by_nothing(style, explode, taking):
    """A query has the names of an object's members: with none it may be an empty object, even if required."""
    required = {**parameter("query", style, explode, PAGE), "required": True}
    app = taking(required)
    assert app.get("/").status == 204
    assert app.seen == {"p": {}}
    required["schema"] = {**PAGE, "required": ["page"]}
    assert taking(required).get("/").status == 422


@pytest.mark.parametrize(("style", "explode", "schema", "segment", "value"), PATH)
def test_path_styles(style, explode, schema, segment, value, taking):
    """A path parameter is read in the style that the contract gives it."""
    app = taking(parameter("path", style, explode, schema), path="/photos/{p}")
    assert app.get("/photos/" + segment).status == 204
    assert app.seen == {"p": value}


@pytest.mark.parametrize(("style", "explode", "schema", "field", "value"), HEADER)
def test_header_styles(style, explode, schema, field, value, taking):
    """A header parameter is read in the style that the contract gives it, in either case of its name."""
    app = taking(parameter("header", style, explode, schema))
    assert app("GET", "/", headers={"P": field}).status == 204
    assert app.seen == {"p": value}


@pytest.mark.parametrize(("style", "explode", "schema", "cookies", "value"), COOKIE)
def test_cookie_styles(style, explode, schema, cookies, value, taking):
    """A cookie parameter is read in the style that the contract gives it, among the other cookies."""
    app = taking(parameter("cookie", style, explode, schema))
    assert app.get("/", cookie=cookies).status == 204
    assert app.seen == {"p": value}


def test_items_are_coerced_by_their_position(taking):
    """prefixItems, items and contains each say what the texts of an array mean."""
    leading = {"type": "array", "prefixItems": [{"type": "string"}, INTEGER], "items": {"type": "boolean"}}
    containing = {"type": "array", "contains": {"type": "integer"}, "minContains": 2}
    app = taking(
        {"in": "query", "name": "l", "schema": leading}, {"in": "query", "name": "c", "schema": containing}
    )
    assert app.get("/?l=01&l=7&l=true&c=1&c=x&c=2").status == 204
    assert app.seen == {"l": ["01", 7, True], "c": [1, "x", 2]}
    assert app.get("/?l=01&l=x&c=1").errors == [("query", "l/1", "type"), ("query", "c", "contains")]


@pytest.mark.parametrize(
    ("schema", "query", "value"),
    [
        ({"anyOf": [INTEGERS, {"type": "null"}]}, "p=1&p=2", [1, 2]),
        ({"anyOf": [INTEGERS, {"type": "null"}]}, "p=null", None),
        ({"anyOf": [{**INTEGERS, "minItems": 2}, {"type": "string"}]}, "p=1", "1"),
        ({"anyOf": [{**INTEGERS, "minItems": 2}, {"type": "string"}]}, "p=1&p=2", [1, 2]),
        ({"oneOf": [INTEGERS, {"const": "all"}]}, "p=all", "all"),
    ],
)
def test_an_array_may_have_an_alternative(schema, query, value, taking):
    """One text under a schema that also allows something else is that, where no array would be valid."""
    app = taking({"in": "query", "name": "p", "schema": schema})
    assert app.get("/?" + query).status == 204
    assert app.seen == {"p": value}


@pytest.mark.parametrize(
    ("style", "explode", "schema", "query"),
    [
        ("form", True, INTEGER, "p=1&p=1"),
        ("form", False, INTEGERS, "p=1&p=2"),
        ("form", True, POINT, "x=1&x=2"),
        ("form", False, POINT, "p=x,1,x,2"),
        ("deepObject", True, POINT, "p[x]=1&p[x]=2"),
        ("deepObject", True, DEEP, "p[at]=1&p[at][x]=2"),
    ],
)
def test_what_takes_one_value_is_not_repeated(style, explode, schema, query, taking):
    """A scalar, a delimited list or a member that is sent twice is a 422, not one of the two."""
    assert taking(parameter("query", style, explode, schema)).get("/?" + query).errors == [
        ("query", "p", "repeated")
    ]


@pytest.mark.parametrize(
    ("style", "explode", "query"), [("form", False, "p=x,1,y"), ("deepObject", True, "p[x]=1&p[y]=")]
)
def test_half_an_object_is_not_read(style, explode, query, taking):
    """A member without a value is an empty text for the schema to validate, and not left out."""
    response = taking(parameter("query", style, explode, POINT)).get("/?" + query)
    assert response.errors == [("query", "p/y", "type")]


def test_every_parameter_that_is_wrong_is_named(taking):
    """A 422 names each part in its place, with the rule it breaks."""
    app = taking(
        {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
        {"in": "query", "name": "l", "schema": INTEGERS},
        {"in": "query", "name": "needed", "required": True, "schema": {}},
        {"in": "header", "name": "X-Max", "schema": {"maximum": 5, "type": "integer"}},
        {"in": "cookie", "name": "c", "schema": {"enum": ["a"]}},
        path="/{id}",
    )
    response = app.get("/x?l=1&l=x", X_Max="6", cookie="c=b")
    assert response.status == 422
    assert response.errors == [
        ("path", "id", "type"),
        ("query", "l/1", "type"),
        ("query", "needed", "required"),
        ("header", "X-Max", "maximum"),
        ("cookie", "c", "enum"),
    ]
    assert all(each["detail"] for each in response.json["errors"])


def test_defaults_reach_the_handler(taking):
    """A parameter that is left out has its schema's default, its own before that of what it refers to."""
    schemas = {"Size": {"type": "integer", "default": 3}}
    app = taking(
        {"in": "query", "name": "own", "schema": {"type": "integer", "default": 1}},
        {"in": "query", "name": "referred", "schema": {"$ref": "#/components/schemas/Size"}},
        {"in": "query", "name": "nearer", "schema": {"$ref": "#/components/schemas/Size", "default": 5}},
        {"in": "query", "name": "merged", "schema": {"allOf": [{"$ref": "#/components/schemas/Size"}]}},
        {"in": "query", "name": "listed", "schema": {"type": "array", "default": []}},
        {"in": "query", "name": "none", "schema": {"type": "integer"}},
        {"in": "header", "name": "X-H", "schema": {"type": "string", "default": "h"}},
        {"in": "cookie", "name": "c", "schema": {"type": "string", "default": "c"}},
        components={"schemas": schemas},
    )
    expected = {
        "own": 1,
        "referred": 3,
        "nearer": 5,
        "merged": 3,
        "listed": [],
        "none": None,
        "x_h": "h",
        "c": "c",
    }
    assert app.get("/").status == 204
    assert app.seen == expected
    app.seen["listed"].append("changed by a handler")
    app.get("/")
    assert app.seen == expected


@pytest.mark.parametrize("schema", [{"type": "boolean"}, INTEGERS, {"enum": ["a"]}])
def test_an_empty_value_that_the_contract_allows(taking, schema):
    """``allowEmptyValue`` allows it though the schema does not; the handler gets what it gets without."""
    app = taking({"in": "query", "name": "p", "schema": schema, "required": True, "allowEmptyValue": True})
    assert app.get("/?p=").status == 204
    assert app.seen == {"p": None}
    assert app.get("/").status == 422
    assert taking({"in": "query", "name": "p", "schema": schema}).get("/?p=").status == 422


def test_unknown_query_parameters_are_ignored(taking):
    """What the contract does not name is not refused, and does not reach the handler."""
    app = taking({"in": "query", "name": "p", "schema": {"type": "integer"}})
    assert app.get("/?utm_source=x&p=5&utm_source=y&P=x").status == 204
    assert app.seen == {"p": 5}


def test_content_parameters(taking):
    """A parameter with content is read as its media type says: JSON as JSON, anything else as text."""
    app = taking(
        {"in": "query", "name": "j", "content": {"application/json": {"schema": {"type": "object"}}}},
        {"in": "header", "name": "X-J", "content": {"application/vnd.x+json": {"schema": INTEGERS}}},
        {"in": "query", "name": "t", "content": {"text/plain": {"schema": {"maxLength": 4}}}},
    )
    assert app.get("/?j=%7B%22a%22:1%7D&t=1%202", X_J="[1,2]").status == 204
    assert app.seen == {"j": {"a": 1}, "x_j": [1, 2], "t": "1 2"}
    assert app.get("/?j=[]&t=12345").errors == [("query", "j", "type"), ("query", "t", "maxLength")]
    for malformed in ("j=%7B", "j=NaN", "j=", "j=" + "[" * 3000, "j=" + "[" * 300 + "]" * 300):
        response = app.get("/?" + malformed)
        assert response.status == 400
        assert "query parameter 'j'" in response.json["detail"]


@pytest.mark.parametrize("style", ["one", "several"])
def test_bytes_beyond_ascii_in_a_header(taking, style):
    """They are UTF-8, or else Latin-1 as browsers write it: no character is lost."""
    schema = {"type": "string"} if style == "one" else {"type": "array", "items": {"type": "string"}}
    app = taking({"in": "header", "name": "X-City", "schema": schema})
    for encoding in ("utf-8", "latin-1"):
        app.get("/", X_City="Zürich".encode(encoding))
        assert app.seen == {"x_city": "Zürich" if style == "one" else ["Zürich"]}


def test_parameters_have_python_names(taking):
    """Names of the contract reach the handler as Python spells them; two that would be one stay apart."""
    names = [
        "X-Thing",
        "warningDays",
        "id",
        "class",
        "1st",
        "filter[]",
        "-",
        "body",
        "caller",
        "on",
        "on>",
        "On",
    ]
    app = taking(
        {"in": "path", "name": "same", "required": True, "schema": {}},
        *({"in": "query", "name": name, "schema": {}} for name in [*names, "same"]),
        path="/{same}",
    )
    app.get("/p?same=q")
    assert list(app.seen) == [
        "path_same",
        *("x_thing", "warning_days", "id_", "class_", "_1st", "filter_", "_", "query_body", "query_caller"),
        *("query_on", "query_on_2", "query_on_3", "query_same"),
    ]
    assert (app.seen["path_same"], app.seen["query_same"]) == ("p", "q")


def test_a_default_beside_allof(taking):
    """A parameter that is declared through allOf, with a default beside it, has both."""
    kind = {"allOf": [{"type": "string", "enum": ["cat", "other"]}], "default": "other"}
    app = taking(
        {"in": "path", "name": "pet_id", "required": True, "schema": {"type": "string"}},
        {"in": "query", "name": "kind", "schema": kind},
        {"in": "query", "name": "file_name", "schema": {"type": "string", "default": "pet.jpg"}},
        path="/pets/{pet_id}",
    )
    app.get("/pets/s")
    assert app.seen == {"pet_id": "s", "kind": "other", "file_name": "pet.jpg"}
    assert app.get("/pets/s?kind=dog").status == 422


def test_members_may_have_alternatives(taking):
    """Items and properties that a schema's alternatives describe are coerced by whichever is valid."""
    items = {"type": "array", "anyOf": [{"items": {"type": "integer"}}, {"items": {"type": "boolean"}}]}
    flag = {"properties": {"z": {"type": "boolean"}}, "required": ["z"]}
    point = {"type": "object", "oneOf": [{**POINT, "required": ["x"]}, flag]}
    app = taking(
        {"in": "query", "name": "l", "schema": items},
        {"in": "query", "name": "p", "schema": point, "style": "deepObject"},
    )
    for query, value in [
        ("l=1&l=2&p[x]=1", {"l": [1, 2], "p": {"x": 1}}),
        ("l=true&p[z]=true", {"l": [True], "p": {"z": True}}),
    ]:
        assert app.get("/?" + query).status == 204
        assert app.seen == value
    assert app.get("/?l=1&l=true").status == 422
