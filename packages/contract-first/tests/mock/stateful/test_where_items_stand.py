"""Where an item stands in what is sent and shown: in a member, beside others, below another, nowhere."""

import pytest

from contract_first.mock.stateful.seeding import fill

from .conftest import NEW_PET, PET, PET_ID, PETS, in_path, in_query, operation, ref


def test_nested_items_are_their_parents(remembering):
    """Items below another are that one's alone, have its key in the member of its name, and go with it."""
    toy = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "pet_id": {"type": "integer"}},
    }
    pet_id = in_path("pet_id", "integer")
    paths = {
        **PETS,
        "/pets/{pet_id}/toys": {
            "parameters": [pet_id],
            "get": operation({"type": "array", "items": ref("Toy")}),
            "post": operation(ref("Toy"), status="201"),
        },
        "/pets/{pet_id}/toys/{toy_id}": {
            "parameters": [pet_id, in_path("toy_id", "integer")],
            "get": operation(ref("Toy")),
        },
    }
    mock = remembering(paths, {"Pet": PET, "Toy": toy})
    first, second = (mock.post("/pets", {"name": each})["id"] for each in "ab")
    made = mock.post(f"/pets/{first}/toys")
    assert made["pet_id"] == first
    assert mock.get(f"/pets/{first}/toys") == [made]
    assert mock.get(f"/pets/{second}/toys") == []
    assert mock("GET", f"/pets/{second}/toys/{made['id']}")[0] == 404
    mock("DELETE", f"/pets/{first}")
    assert mock.memory.store.all("/pets/{pet_id}/toys") == []


def test_what_is_above_an_item_has_to_be_there(remembering):
    """Nothing is below what was not created; before the first creation, or with items, any parent will do."""
    toys = {"get": operation({"type": "array", "items": ref("Toy")}), "post": operation(ref("Toy"))}
    profile = {"get": operation(ref("Toy")), "put": operation(ref("Toy"), body=ref("Toy"))}
    paths = {**PETS, "/pets/{petId}/toys": {"parameters": [PET_ID], **toys}}
    paths["/pets/{petId}/toys/{toyId}"] = {"parameters": [PET_ID, in_path("toyId", "integer")], **profile}
    paths["/pets/{petId}/profile"] = {"parameters": [PET_ID], **profile}
    toy = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    mock = remembering(paths, {"Pet": PET, "Toy": toy})
    mock.post("/pets/77/toys")
    pet = mock.post("/pets", {"name": "Rex"})["id"]
    for below in ("toys", "profile"):
        assert mock("GET", f"/pets/{pet}/{below}")[0] == 200
        assert mock("GET", f"/pets/99/{below}")[0] == 404
    assert mock("PUT", "/pets/99/profile", {"name": "x"})[0] == 404
    assert mock("POST", "/pets/99/toys")[0] == 404
    assert mock("GET", "/pets/77/toys")[0] == 200, "something is there"
    made = mock.post(f"/pets/{pet}/toys")
    mock("DELETE", f"/pets/{pet}")
    for below in ("toys", f"toys/{made['id']}", "profile"):
        assert mock("GET", f"/pets/{pet}/{below}")[0] == 404


def test_what_was_above_an_item_stays(remembering):
    """A parent that nobody created is there for good once something was below it, until it is deleted."""
    toy = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    toys = {"get": operation({"type": "array", "items": ref("Toy")}), "post": operation(ref("Toy"))}
    toy_path = {"get": operation(ref("Toy")), "delete": operation(status="204")}
    paths = {**PETS, "/pets/{petId}/toys": {"parameters": [PET_ID], **toys}}
    paths["/pets/{petId}/toys/{toyId}"] = {"parameters": [PET_ID, in_path("toyId", "integer")], **toy_path}
    mock = remembering(paths, {"Pet": PET, "Toy": toy})
    implied = mock.post("/pets/77/toys", {"name": "ball"})
    pet = mock.post("/pets", {"name": "Rex"})["id"]
    made = mock.post(f"/pets/{pet}/toys", {"name": "bone"})
    for parent, child in ((77, implied), (pet, made)):
        assert mock("DELETE", f"/pets/{parent}/toys/{child['id']}")[0] == 204
        assert mock.get(f"/pets/{parent}/toys") == []
    assert {each["items"] for each in mock.memory.summary()} == {0, 1}
    mock("DELETE", f"/pets/{pet}")
    assert mock("GET", f"/pets/{pet}/toys")[0] == 404


def test_the_identifier_is_in_an_object(remembering, tmp_path):
    """An item may have its name, and what else the mock knows of it, in ``metadata``, as in Kubernetes."""
    text, labels = {"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}
    times = {"creationTimestamp": {**text, "format": "date-time"}}
    metadata = {"type": "object", "properties": {"name": text, "uid": text, "namespace": text, **times}}
    metadata["properties"] |= {"labels": labels, "generateName": text}
    job = {"type": "object", "properties": {"metadata": ref("Meta"), "spec": {"type": "object"}}}
    scale = {"type": "object", "properties": {"metadata": ref("Meta"), "spec": {"type": "object"}}}
    listed = {"type": "object", "required": ["items"], "properties": {}}
    listed["properties"]["items"] = {"type": "array", "items": ref("Job")}
    listed["properties"]["metadata"] = {"type": "object", "properties": {"continue": text}}
    above = in_path("namespace")
    selecting = [in_query("labelSelector"), in_query("fieldSelector"), in_query("dryRun")]
    paging = [in_query("limit", "integer"), in_query("continue"), *selecting]
    item = {"put": operation(ref("Job"), body=ref("Job"))}
    item |= {"patch": operation(ref("Job"), body={"type": "object"})}
    item |= {"get": operation(ref("Job")), "delete": operation(ref("Job"))}
    made = operation(ref("Job"), body=ref("Job"))
    paths = {
        "/{namespace}/jobs": {
            "parameters": [above],
            "get": operation(listed, parameters=paging),
            "post": made,
            "delete": operation(parameters=selecting),
        },
        "/{namespace}/jobs/{name}": {"parameters": [above, in_path("name")], **item},
        "/{namespace}/jobs/{name}/scale": {
            "parameters": [above, in_path("name")],
            "get": operation(ref("Scale")),
            "put": operation(ref("Scale"), body=ref("Scale")),
        },
    }
    mock = remembering(paths, {"Job": job, "Meta": metadata, "Scale": scale})
    known = {"namespace": "dev", "creationTimestamp": "2026-11-26T12:00:00Z"}
    first = mock.post("/dev/jobs", {"metadata": {"name": "a", "labels": {"x": "1"}}})
    assert first["metadata"] == {"name": "a", "labels": {"x": "1"}, "uid": first["metadata"]["uid"], **known}
    second = mock.post("/dev/jobs", {"spec": {}})["metadata"]
    assert second["uid"] != first["metadata"]["uid"]
    assert mock("POST", "/dev/jobs", {"metadata": {"name": "a"}})[0] == 409
    page = mock.get("/dev/jobs?limit=1")
    assert page["items"] == [first]
    page = mock.get(f"/dev/jobs?limit=1&continue={page['metadata']['continue']}")
    assert [each["metadata"]["name"] for each in page["items"]] == [second["name"]]
    changed = mock("PUT", "/dev/jobs/a", {"metadata": {"labels": {"y": "2"}}, "spec": {"z": 3}})[1]
    assert changed == {"metadata": {**first["metadata"], "labels": {"y": "2"}}, "spec": {"z": 3}}
    changed = mock("PATCH", "/dev/jobs/a", {"metadata": {"labels": {"x": "1", "y": None}}})[1]
    assert changed["metadata"] == first["metadata"]
    assert mock.get("/dev/jobs/a") == changed
    assert mock("PUT", "/dev/jobs/a/scale", {"spec": {"replicas": 5}})[0] == 200
    assert mock.get("/dev/jobs/a/scale") == mock.get("/dev/jobs/a")
    assert mock.get("/dev/jobs/a")["spec"] == {"z": 3, "replicas": 5}
    made = mock.post("/dev/jobs", {"metadata": {"generateName": "new-"}})["metadata"]["name"]
    assert made.startswith("new-")
    for query, names in (
        ("labelSelector=x%3D1", {"a"}),
        ("labelSelector=!x", {second["name"], made}),
        (f"fieldSelector=metadata.name={made}", {made}),
    ):
        assert {each["metadata"]["name"] for each in mock.get(f"/dev/jobs?{query}")["items"]} == names
    assert mock("DELETE", "/dev/jobs/a")[0] == 200
    assert mock("GET", "/dev/jobs/a")[0] == 404
    seeds = tmp_path / "seeds.json"
    seeds.write_text('{"/dev/jobs": [{"metadata": {"name": "seeded", "labels": {"x": "1"}}}]}')
    fill(seeds, mock.memory)
    for query, left in (("?dryRun=All", 3), ("?labelSelector=x", 2), ("", 0)):
        assert mock("DELETE", f"/dev/jobs{query}")[0] == 200
        assert len(mock.get("/dev/jobs")["items"]) == left


def test_the_item_is_not_what_stands_beside_it(remembering):
    """Of objects with an identifier, the one that is named like the resource is the item."""
    action = {"type": "object", "properties": {"id": {"type": "integer"}}}
    made = {
        "type": "object",
        "required": ["action", "pet"],
        "properties": {"action": action, "pet": ref("Pet")},
    }
    shown = {"type": "object", "required": ["pet"], "properties": {"pet": ref("Pet")}}
    paths = {
        "/pets": {"post": operation(made, body=NEW_PET)},
        "/pets/{petId}": {"parameters": [PET_ID], "get": operation(shown)},
    }
    mock = remembering(paths, {"Pet": PET})
    pet = mock.post("/pets", {"name": "Rex"})["pet"]
    assert pet["name"] == "Rex"
    assert mock.get(f"/pets/{pet['id']}") == {"pet": pet}


def test_a_path_names_an_owner_that_the_item_does_not_tell(remembering):
    """An item whose owner is an empty object is found below any."""
    repository = {"type": "object", "properties": {"name": {"type": "string"}, "owner": {"type": "object"}}}
    paths = {
        "/user/repos": {"post": operation(ref("Repo"), body=ref("Repo"))},
        "/repos/{owner}/{repo}": {
            "parameters": [in_path("owner"), in_path("repo")],
            "get": operation(ref("Repo")),
            "delete": operation(status="204"),
        },
    }
    mock = remembering(paths, {"Repo": repository})
    mock.post("/user/repos", {"name": "hello", "owner": {}})
    assert mock.get("/repos/me/hello")["name"] == "hello"


def test_an_identifier_can_be_sent(remembering):
    """A key conforms to the parameter of each path to its item, which may have its own name there."""
    text = {"type": "string"}
    pet = {"type": "object", "properties": {"id": text, "name": text}}
    paths = {
        "/pets": {"post": operation(ref("Pet"), status="201", body=pet)},
        "/pets/{id}": {"parameters": [in_path("id")], "get": operation(ref("Pet"))},
        "/pets/{petNumber}": {"parameters": [in_path("petNumber", "integer")], "delete": operation()},
    }
    mock = remembering(paths, {"Pet": pet})
    made = mock.post("/pets", {"name": "Rex"})
    assert mock("DELETE", f"/pets/{made['id']}")[0] == 200
    assert mock("GET", f"/pets/{made['id']}")[0] == 404


def test_a_creation_without_a_body_is_found(remembering):
    """Where the response to a creation has no body, the item is found by what was sent."""
    paths = {**PETS, "/pets": {**PETS["/pets"], "post": operation(status="201", body=ref("Pet"))}}
    mock = remembering(paths, {"Pet": PET})
    assert mock("POST", "/pets", {"id": 5, "name": "Rex"}) == (201, None)
    assert mock.get("/pets/5")["name"] == "Rex"


def test_a_location_leads_to_the_item(remembering):
    """A Location that the contract documents is the URL of the new item."""
    post = operation(ref("Pet"), status="201", body=NEW_PET)
    post["responses"]["201"]["headers"] = {"Location": {"schema": {"type": "string"}, "example": "/pets/0"}}
    mock = remembering({**PETS, "/pets": {**PETS["/pets"], "post": post}}, {"Pet": PET})
    made = mock.post("/pets", {"name": "Rex"})
    assert mock.response.headers["location"] == f"http://api.test/pets/{made['id']}"


def test_items_in_xml_alone(remembering):
    """What is created in XML is shown in XML, in an API without JSON, too."""

    def in_xml(schema):
        return {"content": {"application/xml": {"schema": schema}}, "description": ""}

    pet = {**PET, "xml": {"name": "pet"}, "required": ["id", "name"]}
    paths = {
        "/pets": {"post": {"requestBody": in_xml(NEW_PET), "responses": {"201": in_xml(ref("Pet"))}}},
        "/pets/{petId}": {"parameters": [PET_ID], "get": {"responses": {"200": in_xml(ref("Pet"))}}},
    }
    mock = remembering(paths, {"Pet": pet})
    status, made = mock("POST", "/pets", xml="<pet><name>Rex</name></pet>")
    assert status == 201
    assert "<id>1</id><name>Rex</name>" in made
    assert mock.get("/pets/1") == made
    assert mock("GET", "/pets/2")[0] == 404


def test_a_path_has_the_name_of_an_item(remembering):
    """Where the path's parameter is described as a name, that identifies the item, and not its ``id``."""
    text = {"type": "string"}
    bucket = {"type": "object", "properties": {"id": text, "name": text, "selfLink": text}}
    paths = {
        "/b": {"post": operation(ref("Bucket"), body=ref("Bucket"))},
        "/b/{bucket}": {
            "parameters": [{**in_path("bucket"), "description": "Name of a bucket."}],
            "get": operation(ref("Bucket")),
        },
    }
    mock = remembering(paths, {"Bucket": bucket})
    made = mock.post("/b", {"name": "photos"})
    assert (made["name"], made["selfLink"], bool(made["id"])) == ("photos", "http://api.test/b/photos", True)
    assert mock.get("/b/photos") == made


def test_a_key_that_no_response_can_show(remembering):
    """An item whose schema contradicts itself about its key has the key of the path it is sent to."""
    named = {"type": "object", "properties": {"name": {"type": "string"}}}
    tag = {"allOf": [named], "type": "object", "additionalProperties": {"type": "object"}}
    own = {"parameters": [in_path("tagName")], "get": operation(ref("Tag"))}
    own["put"] = operation(ref("Tag"), body={"type": "object"})
    mock = remembering({"/tags/{tagName}": own}, {"Tag": tag})
    assert mock("PUT", "/tags/red", {})[0] == 200
    assert mock("GET", "/tags/red")[0] == 200
    assert mock("GET", "/tags/blue")[0] == 404


@pytest.mark.parametrize(
    ("item_paths", "books", "slash"),
    [
        (["/v1/{name}"], "/v1/{parent}/books", "%2F"),
        (["/v1/{name=shelves/*}", "/v1/{name=shelves/*/books/*}"], "/v1/{parent=shelves/*}/books", "/"),
    ],
)
def test_items_by_their_names_in_full(remembering, item_paths, books, slash):
    """Where Google's APIs have one path for items of all collections, their names say which is which."""
    members = {name: {"type": "string"} for name in ("name", "title")}
    book = {"type": "object", "properties": members}
    own = {"parameters": [in_path("name")], "get": operation(ref("Book")), "delete": operation()}
    own["patch"] = operation(ref("Book"), body=ref("Book"))

    def collection(name, *parameters):
        listed = {"type": "object", "properties": {name: {"type": "array", "items": ref("Book")}}}
        made = operation(ref("Book"), body=ref("Book"), parameters=[in_query("bookId")])
        return {"parameters": parameters, "get": operation(listed), "post": made}

    paths = {"/v1/shelves": collection("shelves"), books: collection("books", in_path("parent"))}
    mock = remembering({**paths, **dict.fromkeys(item_paths, own)}, {"Book": book})
    shelf = mock.post("/v1/shelves", {"title": "new"})["name"]
    assert shelf.startswith("shelves/")
    shelf_path = shelf.replace("/", slash)
    made = mock.post(f"/v1/{shelf_path}/books?bookId=odyssey", {"title": "a"})
    assert made == {"name": f"{shelf}/books/odyssey", "title": "a"}
    assert mock("POST", f"/v1/{shelf_path}/books?bookId=odyssey", {})[0] == 409
    path = f"/v1/{made['name'].replace('/', slash)}"
    assert mock("PATCH", path, {"title": "b"})[1] == mock.get(path) == {**made, "title": "b"}
    assert mock.get(f"/v1/{shelf_path}/books")["books"] == [mock.get(path)]
    assert mock("DELETE", f"/v1/{shelf_path}")[0] == 200
    assert mock.get("/v1/shelves")["shelves"] == []
    assert mock("GET", path)[0] == 404
