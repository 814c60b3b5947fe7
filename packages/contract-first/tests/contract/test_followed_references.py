"""References that lead to URLs and out of the folder are followed where they may be, and cached."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import httpx2
import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app
from contract_first.contract import ContractError, load_contract
from contract_first.contract.document import fetching
from contract_first.contract.document.fetching import References
from contract_first.mock import contract_mock


@contextmanager
def site(pages):
    """Serve pages by path; yield the URL, and the paths that are asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            page = pages.get(self.path)
            self.send_response(404 if page is None else 302 if isinstance(page, str) else 200)
            if isinstance(page, str):
                self.send_header("Location", page)
            self.end_headers()
            self.wfile.write(b"" if page is None else json.dumps(page).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def with_reference(minimal):
    """Refer to something for the one schema, beside one of the same name that is something else."""

    def make(reference):
        content = {"application/json": {"schema": {"$ref": reference}}}
        minimal["paths"]["/pets"]["get"]["responses"]["200"]["content"] = content
        return minimal | {"components": {"schemas": {"Pet": {"type": "boolean"}}}}

    return make


def types_of(contract):
    """Return the types of the one schema."""
    (media_type,) = contract.operations[0].responses["200"]["content"].values()
    return contract.schemas.in_media_type(media_type).types


PET = {"Pet": {"allOf": [{"$ref": "deeper/kind.json#/Kind"}]}}
PAGES = {"/v1/pets.json": PET, "/v1/deeper/kind.json": {"Kind": {"type": "string"}}}


@pytest.mark.parametrize("lenient", [False, True])
def test_urls_are_fetched_once_and_cached(with_reference, write, tmp_path, lenient):
    """References in what they hold are relative to it; with the cache nothing is fetched, nor needed."""
    cache = tmp_path / "references.json"
    with site(PAGES) as (url, asked):
        path = write(with_reference(f"{url}/v1/pets.json#/Pet"))
        contract = load_contract(path, lenient=lenient, references=References(cache))
        assert types_of(contract) == {"string"}
        assert contract.defects == ()
        assert sorted(asked) == sorted(PAGES)
        load_contract(path, lenient=lenient, references=contract.references)
        assert len(asked) == len(PAGES)
    recorded = json.loads(cache.read_text())
    assert {entry["sha256"] for entry in recorded.values()} == {
        sha256(json.dumps(page).encode()).hexdigest() for page in PAGES.values()
    }
    offline = References(cache, offline=True)
    assert types_of(load_contract(path, lenient=lenient, references=offline)) == {"string"}


def test_nothing_is_fetched_offline(with_reference, write):
    """A sentence says so; a lenient reading leaves the reference out, also beside a component of its name."""
    path = write(with_reference("https://pets.test/pets.json#/Pet"))
    with pytest.raises(ContractError, match="nothing is fetched offline; go online, or give a cache"):
        load_contract(path, references=References(offline=True))
    contract = load_contract(path, lenient=True, references=References(offline=True))
    (defect,) = contract.defects
    assert "offline" in defect.reason
    assert defect.action == "left out"
    assert "boolean" not in types_of(contract) or len(types_of(contract)) > 1


@pytest.mark.parametrize("references", [None, References()])
def test_no_component_stands_for_what_is_not_reached(references, with_reference, write):
    """It happens to have the name of what a URL or a file elsewhere has."""
    with site({"/moved.json": "/pets.json", "/pets.json": PET}) as (url, _):
        for reference in (f"{url}/gone.json#/Pet", f"{url}/moved.json#/Pet", "../../elsewhere/Pet.json"):
            contract = load_contract(write(with_reference(reference)), lenient=True, references=references)
            assert [defect.action for defect in contract.defects] == ["left out"]
            assert types_of(contract) != {"boolean"}


def test_files_outside_of_the_folder_are_read(with_reference, write):
    """By relative paths, and none that is hidden."""
    write({"Pet": {"type": "string"}}, "common/pets.json")
    write({"Pet": {"type": "string"}}, ".secret/pets.json")
    path = write(with_reference("../common/pets.json#/Pet"), "api/api.json")
    assert types_of(load_contract(path, references=References())) == {"string"}
    absolute = path.parent.parent / "common" / "pets.json"
    for refused in ("../.secret/pets.json#/Pet", f"{absolute}#/Pet", f"{absolute.as_uri()}#/Pet"):
        with pytest.raises(ContractError, match="nor a file in its folder or below"):
            load_contract(write(with_reference(refused), "api/api.json"), references=References())


def test_what_is_fetched_leads_to_no_file_and_into_no_private_network(with_reference, write, monkeypatch):
    """A document of the Internet might find there what its author does not."""
    monkeypatch.setattr(fetching, "_is_public", lambda host: host != "127.0.0.1")
    secret = write({"Pet": {"type": "string"}}, "secret.json")
    pages = {"/a.json": {"Pet": {"$ref": f"{secret.as_uri()}#/Pet"}}, "/c.json": {"Pet": {"type": "string"}}}
    with site(pages) as (url, asked):
        pages["/b.json"] = {"Pet": {"$ref": f"{url}/c.json#/Pet"}}
        elsewhere = url.replace("127.0.0.1", "localhost")
        for page in ("a", "b"):
            document = write(with_reference(f"{elsewhere}/{page}.json#/Pet"))
            with pytest.raises(ContractError, match="neither in the document"):
                load_contract(document, references=References())
            contract = load_contract(document, lenient=True, references=References())
            assert types_of(contract) != {"string"}
        assert "/c.json" not in asked


@pytest.mark.parametrize("host", ["a.test", "127.0.0.1"])
def test_no_address_is_connected_to_but_one_that_was_checked(host, with_reference, write, monkeypatch):
    """A name may have another one by then: what a public host refers to is sent to public addresses alone."""
    names = {"a.test": ["127.0.0.1", "93.184.215.14"], "127.0.0.1": ["93.184.215.14"]}
    monkeypatch.setattr(fetching, "getaddrinfo", lambda name, _: [(0, 0, 0, "", (names[name][-1], 0))])
    connected = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda address, *rest: connected(("127.0.0.1", address[1]), *rest)
    )
    monkeypatch.setattr(fetching, "ip_address", lambda text: Address(text, asked))
    pages = {"/c.json": {"Pet": {"type": "string"}}}
    with site(pages) as (url, asked):
        elsewhere = url.replace("127.0.0.1", "a.test")
        there = url.replace("127.0.0.1", host)
        pages["/b.json"] = {"Pet": {"$ref": f"{there}/c.json#/Pet"}}
        document = write(with_reference(f"{elsewhere}/b.json#/Pet"))
        with pytest.raises(ContractError, match=r"is at 127.0.0.1 now, which is in a private network"):
            load_contract(document, references=References())
        assert asked == ["/b.json"]


class Address(NamedTuple):
    """An address of a site that is on the Internet until it has been asked for something."""

    text: str
    asked: list[str]

    @property
    def is_global(self):
        return self.text != "127.0.0.1" or not self.asked


@pytest.mark.parametrize("command", [("show",), ("lint",), ("diff",), ("types",), ("digest",)])
def test_commands_follow_references(command, with_reference, write, tmp_path):
    """As the mock does: into a cache, from it, or not at all."""
    cache = ("--references", str(tmp_path / "references.json"))
    with site(PAGES) as (url, asked):
        path = str(write(with_reference(f"{url}/v1/pets.json#/Pet")))
        arguments = ["contract", *command, path, *([path] if command == ("diff",) else [])]
        first = CliRunner().invoke(app, [*arguments, *cache])
        assert sorted(asked) == sorted(PAGES)
    assert CliRunner().invoke(app, [*arguments, *cache, "--offline"]).output == first.output
    refused = CliRunner().invoke(app, [*arguments, "--offline", *(["--strict"] * (command != ("digest",)))])
    assert "nothing is fetched offline" in refused.output
    assert refused.exit_code != 0
    broken = CliRunner().invoke(app, [*arguments, "--references", path])
    assert (broken.exit_code, "is no cache of references" in broken.output) == (2, True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "is no cache of references"),
        ('{"http://a.test/": {"sha256": "00", "content": "e30="}}', "has another digest"),
    ],
)
def test_a_cache_that_is_none(content, reason, tmp_path):
    """It is refused with what is wrong."""
    file = tmp_path / "references.json"
    file.write_text(content)
    with pytest.raises(ContractError, match=reason):
        References(file)


def test_a_mock_follows_references_unless_it_is_offline(with_reference, write):
    """And says in a defect why it has not."""
    with site(PAGES) as (url, asked):
        path = str(write(with_reference(f"{url}/v1/pets.json#/Pet")))
        for offline in (True, False):
            with contract_mock(path, offline=offline) as mock:
                defects = httpx2.get(f"{mock.control}/defects", trust_env=False).text
                assert ("nothing is fetched offline" in defects) is offline
                pet = httpx2.get(f"{mock.api}/pets", trust_env=False).json()
                assert isinstance(pet, str) or offline
            assert bool(asked) is not offline


@pytest.mark.parametrize("lenient", [False, True])
def test_a_document_from_a_url_names_its_own_origin(with_reference, write, lenient):
    """Beside it public addresses alone: not another port of its host, a metadata service, or a file."""
    secret = write({"Pet": {"type": "string"}}, "secret.json")
    with site({"/pets.json": {"Pet": {"type": "string"}}}) as (other, asked_elsewhere):
        pages = {"/pets.json": {"Pet": {"type": "string"}}}
        with site(pages) as (url, _):
            pages["/api.json"] = with_reference("pets.json#/Pet")
            contract = load_contract(f"{url}/api.json", lenient=lenient, references=References())
            assert types_of(contract) == {"string"}
            for place in (
                f"{other}/pets.json",
                url.replace("127.0.0.1", "localhost") + "/pets.json",
                "http://169.254.169.254/latest",
                "http://10.0.0.1/pets.json",
                "http://[::1]/pets.json",
                secret.as_uri(),
                "file:///etc/hostname",
            ):
                pages["/api.json"] = with_reference(f"{place}#/Pet")
                if not lenient:
                    with pytest.raises(ContractError, match="neither in the document nor at its origin"):
                        load_contract(f"{url}/api.json", references=References())
                    continue
                contract = load_contract(f"{url}/api.json", lenient=True, references=References())
                assert [defect.action for defect in contract.defects] == ["left out"]
                assert types_of(contract) != {"string"}
    assert asked_elsewhere == []


@pytest.mark.parametrize("lenient", [False, True])
def test_what_is_public_leads_to_no_private_origin_of_who_names_it(with_reference, monkeypatch, lenient):
    """A document of a private network may name one of the Internet, which may not name others there."""
    monkeypatch.setattr(fetching, "_is_public", lambda host: host != "127.0.0.1")
    monkeypatch.setattr(fetching, "ip_address", lambda text: Address(text, []))
    pages = {"/secret.json": {"Pet": {"type": "string"}}}
    with site(pages) as (url, asked):
        pages["/public.json"] = {"Pet": {"$ref": f"{url}/secret.json#/Pet"}}
        pages["/api.json"] = with_reference(url.replace("127.0.0.1", "localhost") + "/public.json#/Pet")
        if lenient:
            contract = load_contract(f"{url}/api.json", lenient=True, references=References())
            assert types_of(contract) != {"string"}
        else:
            with pytest.raises(ContractError, match=r"leads to .*secret.json, which is neither"):
                load_contract(f"{url}/api.json", references=References())
    assert asked == ["/api.json", "/public.json"]


def test_a_root_confines_what_is_read(with_reference, write, tmp_path):
    """To its files, wherever links lead, and to no URL; what a cache has of one neither."""
    root, cache = tmp_path / "root", tmp_path / "references.json"
    write({"Pet": {"type": "string"}}, "root/common/pets.json")
    secret = write({"Pet": {"type": "string"}}, "secret.json")
    (root / "link.json").symlink_to(secret)
    (root / "away").symlink_to(tmp_path)
    path = write(with_reference("../common/pets.json#/Pet"), "root/api/api.json")
    assert types_of(load_contract(path, references=References(root=root))) == {"string"}
    outside = write(with_reference("root/common/pets.json#/Pet"), "api.json")
    with site({**PAGES, "/api.json": with_reference("/v1/pets.json#/Pet")}) as (url, asked):
        load_contract(write(with_reference(f"{url}/v1/pets.json#/Pet")), references=References(cache))
        asked.clear()
        refused = [
            (outside, []),
            (root / "away" / "api.json", []),
            (f"{url}/api.json", []),
            (path, [write({"overlay": "1.0.0"}, "overlay.json")]),
        ]
        for number, place in enumerate(
            ("../../secret.json", "../link.json", "../away/secret.json", f"{url}/v1/pets.json")
        ):
            refused.append((write(with_reference(f"{place}#/Pet"), f"root/api/{number}.json"), []))
        for contract, overlays in refused:
            with pytest.raises(ContractError, match=r"it is no file in .*root, and nothing else may be read"):
                load_contract(contract, overlays, references=References(cache, root=root))
        assert asked == []
    with pytest.raises(ContractError, match="is no folder"):
        References(root=secret)


def test_commands_have_a_root(with_reference, write, tmp_path):
    """Those that read a contract, that which makes a project of it, and mocks."""
    path = write(with_reference("../common/pets.json#/Pet"), "root/api/api.json")
    write({"Pet": {"type": "string"}}, "root/common/pets.json")
    for command, strict in (
        ("show", ["--strict"]),
        ("types", ["--strict"]),
        ("digest", []),
    ):
        arguments = ["contract", command, str(path), *strict, "--root"]
        assert CliRunner().invoke(app, [*arguments, str(tmp_path / "root")]).exit_code == 0
        refused = CliRunner().invoke(app, [*arguments, str(path.parent)])
        assert (refused.exit_code, "(--root)" in refused.output) == (2, True), refused.output
    write({"Pet": {"type": "string"}}, "root/api/pets.json")
    whole = write(with_reference("pets.json#/Pet"), "root/api/whole.json")
    new = ["contract", "new", str(whole), "--into", str(tmp_path / "shop"), "--root"]
    refused = CliRunner().invoke(app, [*new, str(tmp_path / "root" / "common")])
    assert (refused.exit_code, "(--root)" in refused.output) == (2, True), refused.output
    result = CliRunner().invoke(app, [*new, str(tmp_path / "root")])
    assert result.exit_code == 0, result.output
    with contract_mock(str(path), root=tmp_path / "root") as mock:
        assert isinstance(httpx2.get(f"{mock.api}/pets", trust_env=False).json(), str)
    with pytest.raises(ContractError, match="--root"):
        contract_mock(str(path), root=tmp_path / "root" / "common").__enter__()
    nowhere = CliRunner().invoke(app, ["contract", "show", str(path), "--root", str(tmp_path / "none")])
    assert (nowhere.exit_code, "is no folder" in nowhere.output) == (2, True)
