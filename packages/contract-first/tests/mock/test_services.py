"""Several contracts in one mock: each a service below a path of its own, and one of all the rest."""

import json
from pathlib import Path

import boto3
import httpx2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from contract_first import contract_mock
from contract_first.contract import ContractError

ITEM = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "name": {"type": "string"},
        "pin": {"type": "string", "format": "password"},
    },
}


def document(name, server=None):
    """Return a contract with a collection of this name, which can be created in and listed."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}
    items = {
        "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": name.title(), "version": "1"},
        **({"servers": [{"url": server}]} if server else {}),
        "paths": {
            f"/{name}": {
                "get": {
                    "operationId": "list_all",
                    "responses": {"200": {"description": "", "content": items}},
                },
                "post": {
                    "operationId": "add",
                    "requestBody": {"content": content},
                    "responses": {
                        "201": {
                            "description": "",
                            "headers": {"Location": {"schema": {"type": "string"}}},
                            "content": content,
                        }
                    },
                },
            },
            f"/{name}/{{id}}": {
                "get": {
                    "operationId": "get_one",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "responses": {"200": {"description": "", "content": content}},
                }
            },
        },
        "components": {"schemas": {"Item": ITEM}},
    }


SERVERS = {"orders": None, "invoices": "https://pay.example/v1", "people": "/"}


@pytest.fixture
def files(tmp_path):
    """Return the files of three contracts, by name."""
    for name, server in SERVERS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document(name, server)))
    return {name: tmp_path / f"{name}.json" for name in SERVERS}


@pytest.fixture
def mock(files):
    """Return a stateful mock of them."""
    with contract_mock([*files.values()], stateful=True) as running:
        yield running


def fetched(url, **parameters):
    response = httpx2.get(url, params=parameters, trust_env=False)
    response.raise_for_status()
    return response.json()


def test_each_is_below_its_base_path_or_its_name(mock):
    root = mock.control.removesuffix("/_mock")
    assert {name: service.url for name, service in mock.services.items()} == {
        "orders": f"{root}/orders", "invoices": f"{root}/v1", "people": f"{root}/people",
    }  # fmt: skip
    line = json.loads(mock.line())
    assert line.keys() == {"control", "services"}
    assert line["services"]["people"] == {
        "url": f"{root}/people", "title": "People", "version": "1", "operations": 3,
    }  # fmt: skip
    assert httpx2.get(f"{root}/orders/orders", trust_env=False).status_code == 200
    lost = httpx2.get(f"{root}/invoices", trust_env=False)
    assert (lost.status_code, "invoices below /v1" in lost.json()["detail"]) == (404, True)
    assert httpx2.get(f"{root}/people/docs", trust_env=False).status_code == 200


@pytest.mark.parametrize("name", SERVERS)
def test_a_contract_gives_the_same_responses_alone_and_in_company(files, mock, name):
    with contract_mock(files[name], stateful=True) as alone:
        pairs = [
            (alone.api, f"{alone.api}/{name}"),
            (mock.services[name].url, f"{mock.services[name].url}/{name}"),
        ]
        lists, created = [], []
        for base, url in pairs:
            lists.append(fetched(url))
            response = httpx2.post(url, json={"name": "x"}, trust_env=False)
            assert fetched(response.headers["location"]) == response.json()
            created.append((response.json(), response.headers["location"].removeprefix(base)))
        assert lists[0] == lists[1]
        assert created[0] == created[1]


def test_one_journal_has_the_service_of_each_exchange(mock):
    for name, service in mock.services.items():
        httpx2.post(f"{service.url}/{name}", json={"pin": f"secret of {name}"}, trust_env=False)
    every = fetched(f"{mock.control}/journal")["exchanges"]
    assert [(exchange["service"], exchange["operation"]) for exchange in every] == [
        ("orders", "add"), ("invoices", "add"), ("people", "add"),
    ]  # fmt: skip
    assert all(exchange["verdict"] == {"request": [], "response": [], "unjudged": ""} for exchange in every)
    assert "secret of" not in json.dumps(every)  # each contract's own secrets are masked
    (one,) = fetched(f"{mock.control}/journal", service="people")["exchanges"]
    assert one["url"] == f"{mock.services['people'].url}/people"


def test_violations_are_those_of_the_own_contract(mock):
    mock.override(service="orders", operation="list_all", respond={"body": [{"name": 7}]})
    assert fetched(f"{mock.services['orders'].url}/orders") == [{"name": 7}]
    assert fetched(f"{mock.services['people'].url}/people") != [{"name": 7}]
    wrong, right = fetched(f"{mock.control}/journal")["exchanges"]
    assert wrong["verdict"]["response"]
    assert not right["verdict"]["response"]


def test_a_rule_for_an_unknown_service_is_refused(mock):
    rule = {"match": {"service": "order"}, "effect": {"status": 503}}
    response = httpx2.post(f"{mock.control}/overrides", json=rule, trust_env=False)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["pointer"] == "/match/service"
    assert "orders, invoices, people" in error["detail"]


def test_state_is_one_and_has_the_service_of_each_collection(mock):
    services = mock.services
    httpx2.post(f"{mock.control}/state/snapshot", json={"name": "before"}, trust_env=False).raise_for_status()
    for name, service in services.items():
        httpx2.post(f"{service.url}/{name}", json={"name": "new"}, trust_env=False).raise_for_status()

    def counts():
        return {c["service"]: c["items"] for c in fetched(f"{mock.control}/state")["collections"]}

    assert counts() == dict.fromkeys(services, 4)
    items = fetched(f"{mock.control}/items", service="people", collection="/people")
    assert items["total"] == 4
    httpx2.post(f"{mock.control}/state/restore", json={"name": "before"}, trust_env=False).raise_for_status()
    assert counts() == dict.fromkeys(services, 3)
    httpx2.post(f"{services['orders'].url}/orders", json={"name": "new"}, trust_env=False)
    httpx2.post(f"{mock.control}/reset", trust_env=False).raise_for_status()
    assert counts() == dict.fromkeys(services, 3)


def test_items_and_the_contract_need_the_name_of_a_service(mock):
    for path in ("items?collection=/people", "contract", "contract?service=nobody"):
        response = httpx2.get(f"{mock.control}/{path}", trust_env=False)
        assert (response.status_code, "orders, invoices, people" in response.json()["detail"]) == (404, True)
    assert fetched(f"{mock.control}/contract", service="people")["info"]["title"] == "People"


def test_scopes_and_folders_have_the_items_of_each(files, tmp_path):
    options = {"data": tmp_path / "data", "isolate": True}
    with contract_mock([*files.values()], **options) as mock:
        scoped = mock.scoped("ann")
        url, common = f"{scoped.services['people'].url}/people", f"{mock.services['people'].url}/people"
        httpx2.post(url, json={"name": "x"}, trust_env=False).raise_for_status()
        assert [len(fetched(place)) for place in (url, common)] == [4, 3]
        assert fetched(f"{scoped.control}/journal")["exchanges"][0]["scope"] == "ann"
        httpx2.post(common, json={"name": "x"}, trust_env=False).raise_for_status()
    with contract_mock([*files.values()], **options) as mock:
        assert len(fetched(f"{mock.services['people'].url}/people")) == 4


def test_options_of_a_service_stand_beside_its_contract(files):
    several = {"orders": files["orders"], "crew": {"contract": files["people"], "stateful": True}}
    with contract_mock(several) as mock:
        assert mock.services.keys() == {"orders", "crew"}
        (only,) = fetched(f"{mock.control}/state")["collections"]
        assert only["service"] == "crew"


def test_two_of_one_name_are_refused(files, tmp_path):
    other = tmp_path / "old" / "orders.json"
    other.parent.mkdir()
    other.write_text(json.dumps(document("orders")))
    with pytest.raises(ValueError, match=r"named orders: .*orders\.json and .*old.orders\.json") as raised:
        contract_mock([files["orders"], other]).__enter__()
    assert f'[services.OTHER]\ncontract = "{other}"' in str(raised.value)


def test_a_name_that_is_the_base_path_of_another_is_refused(files, tmp_path):
    (tmp_path / "v1.json").write_text(json.dumps(document("orders")))
    with pytest.raises(ValueError, match=r"service v1 .* base path of invoices") as raised:
        contract_mock([tmp_path / "v1.json", files["invoices"]]).__enter__()
    assert "[services.OTHER]" in str(raised.value)


def test_base_paths_that_two_share_are_those_of_neither(files, tmp_path):
    (tmp_path / "bills.json").write_text(json.dumps(document("bills", "https://old.example/v1")))
    with contract_mock([files["invoices"], tmp_path / "bills.json"]) as mock:
        paths = {name: service.url.rpartition("/")[2] for name, service in mock.services.items()}
        assert paths == {"invoices": "invoices", "bills": "bills"}
        assert fetched(f"{mock.services['bills'].url}/bills")


def test_none_starts_where_one_cannot_be_read_unless_it_is_to_keep_going(files):
    several = [files["orders"], Path("gone.yaml"), Path("lost.yaml")]
    with pytest.raises(ValueError, match="gone") as raised:
        contract_mock(several).__enter__()
    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == ["gone.yaml", "lost.yaml"]
    sentences = []
    with contract_mock(several, keep_going=True, tell=sentences.append) as mock:
        assert mock.services.keys() == {"orders"}
    assert [sentence.partition(":")[0] for sentence in sentences] == ["Left out", "Left out"]
    with pytest.raises(ContractError):
        contract_mock(several[1:2], keep_going=True).__enter__()


def test_a_service_with_an_upstream_passes_its_requests_on(files):
    """They are validated by its contract; the others respond by themselves, and one that is away is a 502."""
    with contract_mock(files["people"], stateful=True) as upstream:
        several = {
            "orders": files["orders"],
            "people": {"contract": files["people"], "upstream": upstream.api},
            "invoices": {"contract": files["invoices"], "upstream": "http://127.0.0.1:9"},
        }
        with contract_mock(several) as mock:
            url = f"{mock.services['people'].url}/people"
            httpx2.post(url, json={"name": "x"}, trust_env=False).raise_for_status()
            assert fetched(url) == fetched(f"{upstream.api}/people")
            assert fetched(f"{mock.services['orders'].url}/orders")
            away = httpx2.get(f"{mock.services['invoices'].url}/invoices", trust_env=False)
            assert (away.status_code, "http://127.0.0.1:9" in away.text) == (502, True)
            exchanges = fetched(f"{mock.control}/journal", service="people")["exchanges"]
            assert [exchange["operation"] for exchange in exchanges] == ["add", "list_all"]
        seen = fetched(f"{upstream.control}/journal")["exchanges"]
        assert {exchange["url"] for exchange in seen} == {f"{upstream.api}/people"}


# an S3 beside


@pytest.fixture(scope="module")
def s3_mock(tmp_path_factory):
    """Return a stateful mock of two contracts, with an S3 beside."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in ("orders", "people"):
        (folder / f"{name}.json").write_text(json.dumps(document(name)))
    files = [folder / "orders.json", folder / "people.json"]
    with contract_mock(files, s3={"buckets": ["photos"]}, stateful=True, isolate=True) as running:
        yield running


@pytest.fixture
def s3(s3_mock):
    """Return a client of the S3, as it began."""
    httpx2.post(f"{s3_mock.control}/reset", trust_env=False).raise_for_status()
    return boto3.client(
        "s3",
        endpoint_url=s3_mock.s3,
        region_name=s3_mock.region,
        aws_access_key_id=s3_mock.access_key,
        aws_secret_access_key=s3_mock.secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def date_of(url):
    return httpx2.get(url, trust_env=False).headers["date"]


def keys(s3):
    return [item["Key"] for item in s3.list_objects_v2(Bucket="photos").get("Contents", ())]


def test_an_s3_is_part_of_the_state(s3_mock, s3):
    """A snapshot and a reset have buckets and items, and the state shows both."""
    people = s3_mock.services["people"].url
    s3.put_object(Bucket="photos", Key="a", Body=b"apple")
    httpx2.post(f"{people}/people", json={"name": "x"}, trust_env=False).raise_for_status()
    name = {"name": "before"}
    httpx2.post(f"{s3_mock.control}/state/snapshot", json=name, trust_env=False).raise_for_status()
    state = fetched(f"{s3_mock.control}/state")
    assert state["buckets"] == [{"name": "photos", "objects": 1, "bytes": 5}]
    assert [collection["items"] for collection in state["collections"]] == [3, 4]
    httpx2.post(f"{s3_mock.control}/reset", trust_env=False).raise_for_status()
    assert (keys(s3), len(fetched(f"{people}/people"))) == ([], 3)
    httpx2.post(f"{s3_mock.control}/state/restore", json=name, trust_env=False).raise_for_status()
    assert (keys(s3), len(fetched(f"{people}/people"))) == (["a"], 4)


def test_a_scope_leaves_the_s3_of_all_alone(s3_mock, s3):
    """Its reset and its clock are for its items."""
    s3.put_object(Bucket="photos", Key="a", Body=b"apple")
    control = s3_mock.scoped("ann").control
    httpx2.post(f"{control}/reset", trust_env=False).raise_for_status()
    later = {"now": "2030-01-01T00:00:00Z"}
    httpx2.post(f"{control}/clock", json=later, trust_env=False).raise_for_status()
    assert keys(s3) == ["a"]
    assert " 2030 " not in date_of(s3_mock.s3)


@pytest.mark.usefixtures("s3")
def test_an_s3_follows_the_clock(s3_mock):
    now = {"now": "2030-01-01T00:00:00Z", "freeze": True}
    httpx2.post(f"{s3_mock.control}/clock", json=now, trust_env=False).raise_for_status()
    assert " 2030 " in date_of(s3_mock.s3)


def test_faults_on_an_s3(s3_mock, s3):
    """They are those of its control API, and the journal says so."""
    fault = {"on": "s3", "match": {"operation": "GetObject"}, "effect": {"s3_code": "SlowDown"}}
    httpx2.post(f"{s3_mock.control}/faults", json=fault, trust_env=False).raise_for_status()
    s3.put_object(Bucket="photos", Key="a", Body=b"apple")
    with pytest.raises(ClientError, match="SlowDown"):
        s3.get_object(Bucket="photos", Key="a")
    exchanges = fetched(f"{s3_mock.control}/journal")["exchanges"]
    assert [(it["server"], it["operation"], it["status"]) for it in exchanges] == [
        ("s3", "PutObject", 200),
        ("s3", "GetObject", 503),
    ]
