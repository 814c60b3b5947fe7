"""XML in requests and responses is the value that the XML Objects of its schema say it is."""

from xml.etree.ElementTree import fromstring

import pytest

from contract_first.service import JsonLimits
from contract_first.service.messages.response import Response
from contract_first.service.request.bodies import Limits

XML = "application/xml"
INTEGER = {"type": "integer"}
PET = {
    "type": "object",
    "required": ["id", "toys"],
    "additionalProperties": False,
    "xml": {"name": "pet", "namespace": "urn:pets", "prefix": "p"},
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True, "name": "no"}},
        "name": {"type": "string", "xml": {"name": "first-name"}},
        "nick": {"type": ["string", "null"]},
        "weight": {"type": ["number", "null"]},
        "tags": {
            "type": "array",
            "items": {"type": "string", "xml": {"name": "tag"}},
            "xml": {"wrapped": True},
        },
        "toys": {"type": "array", "items": {"type": "integer"}, "xml": {"name": "toy"}},
        "vet": {"type": "object", "additionalProperties": {"type": "boolean"}},
    },
}
PET["properties"]["tags"]["xml"] = {"wrapped": True}
REX = {"id": 1, "name": " R&x\r\n ", "tags": ["a"], "toys": [2, 3], "vet": {"is open": True}}
REX_XML = (
    '<p:pet xmlns:p="urn:pets" no="1"><first-name> R&amp;x&#13;\n </first-name><tags><tag>a</tag></tags>'
    '<toy>2</toy><toy>3</toy><vet><member name="is open">true</member></vet></p:pet>'
)


@pytest.fixture
def app(reading):
    """An operation that takes a pet in XML."""
    return reading(PET, XML)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (REX_XML, REX),
        (f'<?xml version="1.0" encoding="UTF-16"?>{REX_XML}'.encode("utf-16"), REX),
        ("<pet no=' 1 '>\n <toy> 2 </toy>\n</pet>", {"id": 1, "toys": [2]}),
        ("<pet no='1' xsi:schemaLocation='x' xmlns:xsi='y'/>", {"id": 1, "toys": []}),
        (
            "<pet no='1'><tags/><nick/><weight/></pet>",
            {"id": 1, "toys": [], "tags": [], "nick": "", "weight": None},
        ),
        ("<pet no='1'><nick i:nil='true' xmlns:i='y'/></pet>", {"id": 1, "toys": [], "nick": None}),
        ("<pet no='1'><nick i:nil='1' xmlns:i='y'/></pet>", {"id": 1, "toys": [], "nick": None}),
        ("<pet no='1'><nick><![CDATA[<a>]]></nick></pet>", {"id": 1, "toys": [], "nick": "<a>"}),
    ],
)
def test_a_handler_gets_the_value(sent, value, app):
    """Names, attributes, wrapped lists and types are those of the schema; prefixes are the document's own."""
    assert app.post("/", sent if isinstance(sent, bytes) else sent.encode(), XML).status == 204
    assert app.seen == {"body": value}


@pytest.mark.parametrize(
    ("declared", "encoding", "charset"),
    [
        ("", "iso-8859-1", "ISO-8859-1"),
        ('<?xml version="1.0" encoding="utf-8"?>', "iso-8859-1", '"iso-8859-1"'),
        ('<?xml version="1.0" encoding="iso-8859-1"?>', "utf-8", "utf-8"),
        ("", "windows-1252", "windows-1252"),
        ("", "utf-16", "iso-8859-1"),
        ("", "utf-8-sig", "iso-8859-1"),
    ],
)
def test_the_charset_of_the_content_type_counts(declared, encoding, charset, app):
    """It precedes the document's own declaration, but no byte order mark (RFC 7303, section 3)."""
    sent = f"{declared}<pet no='1'><nick>Zoé</nick></pet>".encode(encoding)
    assert app.post("/", sent, f"{XML}; charset={charset}").status == 204
    assert app.seen == {"body": {"id": 1, "toys": [], "nick": "Zoé"}}


@pytest.mark.parametrize("charset", ["no-such", "hex", "big5", "undefined", "a\0b", "é", "x" * 5000])
def test_a_charset_that_nobody_knows_is_a_400(charset, app):
    """What cannot be read is refused under every name."""
    response = app.post("/", b"<pet no='1'/>", f"{XML}; charset={charset}")
    assert (response.status, "is not XML" in response.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ("<pet><toy>1</toy></pet>", ("/id", "required")),
        ("<pet no='x'/>", ("/id", "type")),
        ("<pet no='1'><toy>x</toy></pet>", ("/toys/0", "type")),
        ("<pet no='1'><nick>a</nick><nick>b</nick></pet>", ("/nick", "type")),
        ("<pet no='1'><tag>a</tag></pet>", ("", "additionalProperties")),
        ("<pet no='1' tag='a'/>", ("", "additionalProperties")),
    ],
)
def test_what_violates_its_schema_is_refused(sent, wrong, app):
    """A violation says where the value is, and not the element."""
    ((location, place, rule),) = app.post("/", sent.encode(), XML).errors
    assert (location, rule) == ("body", wrong[1])
    assert place == (wrong[0] if rule != "required" else "")


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ("<pet>", "is not XML: no element found"),
        ("", "is not XML"),
        ("<pet>&nbsp;</pet>", "is not XML: undefined entity"),
        ("<?xml version='1.0' encoding='no-such'?><pet/>", "is not XML: unknown encoding"),
        ("<?xml version='1.0' encoding='hex'?><pet/>", "is not XML: 'hex'"),
        ("<?xml version='1.0' encoding='big5'?><pet/>", "is not XML: multi-byte encodings"),
        ("<cat no='1'/>", "outermost element of the body is 'cat'; expected 'pet'"),
        ("<!DOCTYPE pet [<!ENTITY a 'aa'>]><pet no='1'><nick>&a;</nick></pet>", "document type"),
        ("<!DOCTYPE pet SYSTEM 'http://127.0.0.1:9/'><pet no='1'/>", "document type"),
    ],
)
def test_what_is_no_xml_is_a_400(sent, detail, app):
    """Malformed documents and document types are refused."""
    response = app.post("/", (sent or " ").encode(), XML)
    assert (response.status, detail in response.json["detail"]) == (400, True)


IN_ONE_TAG = "<pet" + "".join(f" a{number}='>'" for number in range(60_000)) + "/>"


@pytest.mark.parametrize(
    ("sent", "column"),
    [
        (IN_ONE_TAG, 1),
        (IN_ONE_TAG.replace(" a", " xmlns:a"), 1),
        (f"<?xml version='1.0' encoding='utf-16'?>{IN_ONE_TAG}".encode("utf-16"), 41),
        ("<pet>" + "<b a='' b='' c=''/>" * 12_000 + "</pet>", 189_987),
        ("<pet>" + "<a/>" * 50_000 + "</pet>", 100_002),
        ("<pet>" + "<a>1</a>" * 50_000 + "</pet>", 159_998),
        ("<pet>" + "<a/>1" * 50_000 + "</pet>", 100_001),
    ],
)
def test_more_xml_than_is_read_is_a_413(sent, column, reading):
    """Tags, attributes, namespaces, texts and values count alike, in every encoding and in any member."""
    schema = {"type": "object", "properties": {"b": {"type": "array"}}}
    app = reading(schema, XML, limits=Limits(body=4_000_000))
    response = app.post("/", sent if isinstance(sent, bytes) else sent.encode(), XML)
    detail = f"over 100000 tags, attributes, texts and values, at line 1, column {column}."
    assert (response.status, response.json["detail"]) == (413, f"The body has {detail}")


def test_levels_of_xml_are_bounded(app):
    """A walk over a value may recur."""
    response = app.post("/", ("<a>\n" * 300 + "</a>" * 300).encode(), XML)
    detail = "The body has over 200 levels of elements, at line 201, column 1."
    assert (response.status, response.json["detail"]) == (413, detail)


def test_limits_of_xml_are_the_apps(reading):
    """It has those of JSON."""
    app = reading(PET, XML, limits=Limits(json=JsonLimits(members=10, levels=1)))
    assert app.post("/", b"<pet no='1' a='' xmlns:b=''/>", XML).status == 422
    assert app.post("/", b"<pet no='1' a='' xmlns:b='' c=''/>", XML).status == 413
    assert "over 1 levels" in app.post("/", b"<pet><toy/></pet>", XML).json["detail"]


def test_equals_signs_in_texts_are_no_attributes(reading):
    """A text may have any number of them."""
    app = reading({"type": "object"}, XML)
    text = "é=1;" * 120_000
    assert app.post("/", f"<a b='='><c>{text}</c><!--{'=' * 40_000}--></a>".encode(), XML).status == 204
    assert app.seen == {"body": {"b": "=", "c": text}}


def test_xml_as_aws_describes_it(reading):
    """The only member of an object may be the document, and a list be wrapped, though nothing says so."""
    tag = {"type": "object", "properties": {"Key": {"type": "string"}}, "xml": {"name": "Tag"}}
    tags = {"type": "object", "properties": {"TagSet": {"type": "array", "items": tag}}}
    app = reading({"type": "object", "required": ["Tagging"], "properties": {"Tagging": tags}}, XML)
    sent = "<Tagging xmlns='x'><TagSet><Tag><Key>a</Key></Tag><Tag><Key>b</Key></Tag></TagSet></Tagging>"
    assert app.post("/", sent.encode(), XML).status == 204
    assert app.seen == {"body": {"Tagging": {"TagSet": [{"Key": "a"}, {"Key": "b"}]}}}
    assert app.post("/", b"<TagSet/>", XML).errors == [("body", "", "required")]


def test_an_element_that_is_called_member(reading):
    """Its attribute is its name only where the schema has no element of that name."""
    person = {"type": "object", "properties": {"name": {"type": "string", "xml": {"attribute": True}}}}
    team = {"member": {"type": "array", "items": person}, "note": {}}
    app = reading({"type": "object", "properties": team}, XML)
    assert app.post("/", b"<a><member name='A B'/><note at='x'>text</note></a>", XML).status == 204
    assert app.seen == {"body": {"member": [{"name": "A B"}], "note": "text"}}


def test_what_a_schema_calls_a_text_is_not_read(reading):
    """A document whose schema is a string, or nothing, is the handler's to read."""
    for schema in ({"type": "string"}, {}):
        app = reading(schema, XML)
        assert app.post("/", b"<a", XML).status == 204
        assert app.seen == {"body": b"<a"}


def test_what_a_handler_returns_is_written(responding):
    """An object is written as the schema says, and a document of a handler's own has to conform to it."""
    responses = {"200": {"description": "", "content": {XML: {"schema": PET}}}}
    for returned in (
        REX,
        REX_XML,
        REX_XML.encode(),
        Response(REX, media_type="application/xml; charset=utf-8"),
    ):
        response = responding(responses, returned).get("/")
        assert (response.status, response.body.decode().endswith(REX_XML)) == (200, True)
    for returned, wrong in (({"toys": []}, "'id'"), ("<pet no='x'/>", "body/id"), ("<pet", "not XML")):
        response = responding(responses, returned).get("/")
        assert (response.status, wrong in response.json["detail"].replace('"', "'")) == (500, True)


@pytest.mark.parametrize("text", ["a\0", "\x01", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_characters_that_xml_does_not_have_are_replaced(text, responding, reading):
    """XML 1.0 has no control characters, not even as references (section 2.2)."""
    described = {"type": "object", "properties": {"x": {"type": "string", "xml": {"attribute": True}}}}
    responses = {"200": {"description": "", "content": {XML: {"schema": described}}}}
    written = responding(responses, {"x": f"\t{text}", "y": f"\t{text}"}).get("/")
    app = reading(described, XML)
    assert (written.status, app.post("/", written.body, XML).status) == (200, 204)
    expected = "\t" + text[:-1] + "\ufffd"
    assert app.seen == {"body": {"x": expected, "y": expected}}


def test_a_response_may_have_more_elements_than_are_read(responding):
    """The limit is for what others send; what is sent is validated, however many there are."""
    schema = {"type": "array", "items": INTEGER}
    responses = {"200": {"description": "", "content": {XML: {"schema": schema}}}}
    for number in (2_000, 50_000):
        assert responding(responses, [1] * number).get("/").status == 200
    assert responding(responses, [1] * 50_000 + ["x"]).get("/").status == 500


def test_xml_is_written_in_the_charset_that_its_media_type_names(responding):
    """What the Content-Type says is what a client reads it by."""
    media_type = f"{XML}; charset=iso-8859-1"
    responses = {"200": {"description": "", "content": {media_type: {"schema": {"xml": {"name": "pet"}}}}}}
    written = responding(responses, {"x": "é☃"}).get("/")
    assert (written.status, written.body.decode("latin-1").partition("?>")[2]) == (
        200,
        "<pet><x>&#233;&#9731;</x></pet>",
    )


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": ["string", "null"], "minLength": 1}, None),
        ({"type": ["object", "null"], "required": ["a"]}, None),
        ({"type": "array", "items": {"type": "array", "items": INTEGER}}, [[1], [], [2, 3]]),
        ({"type": "object", "additionalProperties": {"type": "array", "items": INTEGER}}, {"a": [1]}),
        ({"type": "array", "items": INTEGER, "xml": {"attribute": True}}, [1, 2]),
        ({"type": "array", "items": INTEGER, "xml": {"attribute": True, "wrapped": True}}, [1]),
        ({"type": "object", "properties": {"a": INTEGER}, "xml": {"attribute": True}}, {"a": 1}),
        ({"type": ["object", "integer"], "properties": {"a": INTEGER}, "xml": {"attribute": True}}, {"a": 1}),
        ({"type": ["object", "integer"], "properties": {"a": INTEGER}, "xml": {"attribute": True}}, 1),
        ({"type": "integer", "xml": {"attribute": True, "name": "a b"}}, 1),
        ({"type": "integer", "xml": {"attribute": True, "name": "xmlns"}}, 1),
        ({"type": "integer", "xml": {"prefix": "p"}}, 1),
    ],
)
def test_what_is_written_is_read_as_it_was(schema, value, responding, reading):
    """A null is none of the texts, a list in a list is one, and so is a member that no property names."""
    described = {"type": "object", "properties": {"x": schema}}
    responses = {"200": {"description": "", "content": {XML: {"schema": described}}}}
    written = responding(responses, {"x": value}).get("/").body
    app = reading(described, XML)
    assert (app.post("/", written, XML).status, app.seen) == (204, {"body": {"x": value}})


def test_an_attribute_that_is_called_name(responding):
    """An element whose own name is in that attribute has it once."""
    person = {"type": "object", "properties": {"name": {"type": "string", "xml": {"attribute": True}}}}
    schema = {"type": "object", "additionalProperties": person}
    responses = {"200": {"description": "", "content": {XML: {"schema": schema}}}}
    written = responding(responses, {"A B": {"name": "x"}, "AB": {"name": "x"}}).get("/").body
    assert b'<member name="A B"></member><AB name="x"></AB>' in written


@pytest.mark.parametrize(
    ("xml", "inner", "written"),
    [
        ({"prefix": "p"}, {}, "<pet><x>1</x></pet>"),
        ({"prefix": "p", "namespace": ""}, {}, '<pet xmlns=""><x>1</x></pet>'),
        ({"prefix": "p:q", "namespace": "n"}, {}, '<pet xmlns="n"><x>1</x></pet>'),
        ({"prefix": "xmlns", "namespace": "n"}, {}, '<pet xmlns="n"><x>1</x></pet>'),
        ({"prefix": "xsi", "namespace": "n"}, {}, '<pet xmlns="n"><x>1</x></pet>'),
        ({"prefix": "p", "namespace": "n"}, {}, '<p:pet xmlns:p="n"><x>1</x></p:pet>'),
        (
            {"prefix": "p", "namespace": "n"},
            {"prefix": "p"},
            '<p:pet xmlns:p="n"><p:x>1</p:x></p:pet>',
        ),
    ],
)
def test_prefixes_are_bound_to_namespaces(xml, inner, written, responding):
    """A prefix is written where a namespace is bound to it, in its own XML Object or in one around it."""
    schema = {
        "properties": {"x": {"type": "integer", "xml": inner}},
        "xml": {"name": "pet", **xml},
        "type": "object",
    }
    responses = {"200": {"description": "", "content": {XML: {"schema": schema}}}}
    response = responding(responses, {"x": 1}).get("/")
    assert (response.status, response.body.decode().partition("?>")[2]) == (200, written)
    assert fromstring(response.body) is not None  # noqa: S314 -- it is our own
