"""More vendors' own clients against a mock, as `vendors.py` has the first four.

python bench/sdks.py box http://127.0.0.1:8000
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from vendors import Resource, main, require

HTTP = {"enforce_https": False}
"""Has Azure's core send a token without TLS."""
Made = tuple[list[Resource], type[Exception]]


class Calls(Resource):
    """A resource by functions of a client; ``create`` gets a number, the others the key.

    Args:
        changed: members that ``change`` sets, which are then shown.
    """

    def __init__(
        self,
        name: str,
        create: Callable[[int], Any],
        read: Callable[[Any], Any],
        list_: Callable[[], Any],
        change: Callable[[Any], Any],
        delete: Callable[[Any], Any],
        changed: dict[str, Any],
        key: str = "id",
    ) -> None:
        self.name, self.changed, self.member = name, changed, key
        self.calls = create, read, list_, change, delete
        self.numbers = count(1)

    def create(self) -> Any:
        return self.calls[0](next(self.numbers))

    def key(self, item: Any) -> Any:
        return member(item, self.member)

    def read(self, key: Any) -> Any:
        return self.calls[1](key)

    def list(self) -> list[Any]:
        return list(self.calls[2]())

    def change(self, key: Any) -> None:
        self.calls[3](key)

    def is_changed(self, item: Any) -> bool:
        return all(member(item, name) == value for name, value in self.changed.items())

    def delete(self, key: Any) -> None:
        self.calls[4](key)


def member(item: Any, name: str) -> Any:
    """Return a member of an object, of any type that a client makes of it."""
    return item[name] if isinstance(item, dict) else getattr(item, name)


def of_box(url: str) -> Made:
    """Return Box's folders, and files whose content is downloaded."""
    from box_sdk_gen import (  # noqa: PLC0415 -- one a run
        BoxAPIError,
        BoxClient,
        BoxDeveloperTokenAuth,
        NetworkSession,
        managers,
    )
    from box_sdk_gen.networking import BaseUrls  # noqa: PLC0415 -- one a run

    urls = BaseUrls(base_url=urlsplit(url)._replace(path="").geturl(), upload_url=url)
    client = BoxClient(BoxDeveloperTokenAuth("token"), network_session=NetworkSession(base_urls=urls))
    folders, uploads = managers.folders, managers.uploads

    def file(number: int) -> Any:
        content = f"file {number}".encode()
        attributes = uploads.UploadFileAttributes(
            f"{number}.txt", uploads.UploadFileAttributesParentField("0")
        )
        made = client.uploads.upload_file(attributes, io.BytesIO(content)).entries[0]
        require(client.downloads.download_file(made.id).read() == content, "another content is downloaded")
        return made

    def entries(kind: str) -> list[Any]:
        return [item for item in client.folders.get_folder_items("0").entries if item.type.value == kind]

    return [
        Calls(
            "folders",
            lambda n: client.folders.create_folder(f"f{n}", folders.CreateFolderParent("0")),
            client.folders.get_folder_by_id,
            lambda: entries("folder"),
            lambda key: client.folders.update_folder_by_id(key, name="Other"),
            client.folders.delete_folder_by_id,
            {"name": "Other"},
        ),
        Calls(
            "files",
            file,
            client.files.get_file_by_id,
            lambda: entries("file"),
            lambda key: client.files.update_file_by_id(key, name="other.txt"),
            client.files.delete_file_by_id,
            {"name": "other.txt"},
        ),
    ], BoxAPIError


def of_asana(url: str) -> Made:
    """Return Asana's resources."""
    import asana  # noqa: PLC0415 -- one a run
    from asana.rest import ApiException  # noqa: PLC0415 -- one a run

    configuration = asana.Configuration()
    configuration.host, configuration.access_token = url, "token"
    api = asana.ApiClient(configuration)

    def resource(one: str, many: str, service: Any, sent: dict[str, Any], changed: dict[str, Any]) -> Calls:
        def call(verb: str, *arguments: Any) -> Any:
            return getattr(service, verb)(*arguments, {})

        return Calls(
            many,
            lambda n: call(f"create_{one}", {"data": {"name": f"n{n}", **sent}}),
            lambda key: call(f"get_{one}", key),
            lambda: call(f"get_{many}"),
            lambda key: call(f"update_{one}", {"data": changed}, key),
            getattr(service, f"delete_{one}"),
            changed,
            "gid",
        )

    place = {"workspace": "12345"}
    return [
        resource("project", "projects", asana.ProjectsApi(api), place, {"name": "Other", "archived": True}),
        resource("task", "tasks", asana.TasksApi(api), place, {"name": "Other", "completed": True}),
        resource("tag", "tags", asana.TagsApi(api), place, {"name": "Other"}),
    ], ApiException


def of_hetzner(url: str) -> Made:
    """Return Hetzner Cloud's resources."""
    from hcloud import APIException, Client  # noqa: PLC0415 -- one a run

    client = Client("token", api_endpoint=url)

    def resource(name: str, create: Callable[[int], Any]) -> Calls:
        service = getattr(client, name)
        return Calls(
            name,
            create,
            service.get_by_id,
            service.get_all,
            lambda key: service.update(service.get_by_id(key), name="other", labels={"order": "7"}),
            lambda key: service.delete(service.get_by_id(key)),
            {"name": "other", "labels": {"order": "7"}},
        )

    return [
        resource("ssh_keys", lambda n: client.ssh_keys.create(f"key{n}", "ssh-rsa AAAA")),
        resource("networks", lambda n: client.networks.create(f"net{n}", "10.0.0.0/16")),
        resource(
            "placement_groups", lambda n: client.placement_groups.create(f"g{n}", "spread").placement_group
        ),
        resource("firewalls", lambda n: client.firewalls.create(f"wall{n}").firewall),
    ], APIException


def of_docker(url: str) -> Made:
    """Return Docker's networks and volumes, which nothing changes, so that they are read again."""
    from docker import APIClient  # noqa: PLC0415 -- one a run
    from docker.errors import APIError  # noqa: PLC0415 -- one a run

    client = APIClient(urlsplit(url)._replace(scheme="tcp", path="").geturl(), version="1.33")
    return [
        Calls(
            "volumes",
            lambda n: client.create_volume(f"v{n}", labels={"order": "7"}),
            client.inspect_volume,
            lambda: client.volumes()["Volumes"],
            client.inspect_volume,
            client.remove_volume,
            {"Labels": {"order": "7"}},
            "Name",
        ),
        Calls(
            "networks",
            lambda n: client.create_network(f"n{n}", labels={"order": "7"}),
            client.inspect_network,
            client.networks,
            client.inspect_network,
            client.remove_network,
            {"Labels": {"order": "7"}},
            "Id",
        ),
    ], APIError


def of_linode(url: str) -> Made:
    """Return Linode's resources."""
    from linode_api4 import ApiError, Domain, LinodeClient, SSHKey, Volume  # noqa: PLC0415 -- one a run

    client = LinodeClient("token", base_url=url)

    def resource(kind: Any, create: Callable[[int], Any], list_: Any, changed: dict[str, Any]) -> Calls:
        def read(key: Any) -> Any:
            return client.load(kind, key)

        def change(key: Any) -> None:
            item = read(key)
            for name, value in changed.items():
                setattr(item, name, value)
            item.save()

        return Calls(kind.__name__, create, read, list_, change, lambda key: read(key).delete(), changed)

    return [
        resource(
            Domain,
            lambda n: client.domain_create(f"example{n}.org", soa_email="a@example.org"),
            client.domains,
            {"description": "Other"},
        ),
        resource(
            SSHKey,
            lambda n: client.profile.ssh_key_upload("ssh-rsa AAAA_valid_public_ssh_key", f"key{n}"),
            client.profile.ssh_keys,
            {"label": "other"},
        ),
        resource(
            Volume,
            lambda n: client.volume_create(f"vol{n}", region="us-east"),
            client.volumes,
            {"label": "other"},
        ),
    ], ApiError


def of_xero(url: str) -> Made:
    """Return Xero's accounts and items, which are sent and shown in arrays."""
    from xero_python.accounting import AccountingApi, models  # noqa: PLC0415 -- one a run
    from xero_python.api_client import ApiClient, Configuration  # noqa: PLC0415 -- one a run
    from xero_python.api_client.oauth2 import OAuth2Token  # noqa: PLC0415 -- one a run
    from xero_python.exceptions import HTTPStatusException  # noqa: PLC0415 -- one a run

    client = ApiClient(Configuration(oauth2_token=OAuth2Token()))
    token = {"access_token": "t", "expires_at": 9e9, "expires_in": 1800, "token_type": "Bearer", "scope": "a"}
    client.oauth2_token_getter(lambda: token)
    client.oauth2_token_saver(lambda _: None)
    api, tenant = AccountingApi(client, base_url=url), "tenant"
    item, account = models.Item, models.Account
    return [
        Calls(
            "items",
            lambda n: api.create_items(tenant, models.Items([item(code=f"i{n}", name="Tea")])).items[0],
            lambda key: api.get_item(tenant, key).items[0],
            lambda: api.get_items(tenant).items,
            lambda key: api.update_item(tenant, key, models.Items([item(code="i1", name="Coffee")])),
            lambda key: api.delete_item(tenant, key),
            {"name": "Coffee"},
            "item_id",
        ),
        Calls(
            "accounts",
            lambda n: api.create_account(
                tenant, account(code=str(n), name="A", type=models.AccountType.EXPENSE)
            ).accounts[0],
            lambda key: api.get_account(tenant, key).accounts[0],
            lambda: api.get_accounts(tenant).accounts,
            lambda key: api.update_account(tenant, key, models.Accounts([account(name="Other")])),
            lambda key: api.delete_account(tenant, key),
            {"name": "Other"},
            "account_id",
        ),
    ], HTTPStatusException


def of_square(url: str) -> Made:
    """Return Square's customers and their groups."""
    from square import Square  # noqa: PLC0415 -- one a run
    from square.core.api_error import ApiError  # noqa: PLC0415 -- one a run

    client = Square(base_url=url, token="token")  # noqa: S106 -- no secret
    customers, groups = client.customers, client.customers.groups
    return [
        Calls(
            "customers",
            lambda n: customers.create(given_name=f"Ada {n}", email_address="ada@example.com").customer,
            lambda key: customers.get(key).customer,
            customers.list,
            lambda key: customers.update(key, given_name="Grace"),
            customers.delete,
            {"given_name": "Grace", "email_address": "ada@example.com"},
        ),
        Calls(
            "groups",
            lambda n: groups.create(group={"name": f"Group {n}"}).group,
            lambda key: groups.get(key).group,
            groups.list,
            lambda key: groups.update(key, group={"name": "Other"}),
            groups.delete,
            {"name": "Other"},
        ),
    ], ApiError


def of_svix(url: str) -> Made:
    """Return Svix's applications, event types and endpoints."""
    from svix.api import (  # noqa: PLC0415 -- one a run
        ApplicationIn,
        EndpointIn,
        EndpointUpdate,
        EventTypeIn,
        EventTypeUpdate,
        Svix,
        SvixOptions,
    )
    from svix.exceptions import HttpError  # noqa: PLC0415 -- one a run

    client = Svix("token", SvixOptions(server_url=url))
    app = client.application.create(ApplicationIn(name="Of endpoints")).id
    return [
        Calls(
            "applications",
            lambda n: client.application.create(ApplicationIn(name=f"A{n}")),
            client.application.get,
            lambda: client.application.list().data,
            lambda key: client.application.update(key, ApplicationIn(name="Other")),
            client.application.delete,
            {"name": "Other"},
        ),
        Calls(
            "event_types",
            lambda n: client.event_type.create(EventTypeIn(name=f"user.{n}", description="A")),
            client.event_type.get,
            lambda: client.event_type.list().data,
            lambda key: client.event_type.update(key, EventTypeUpdate(description="Other")),
            client.event_type.delete,
            {"description": "Other"},
            "name",
        ),
        Calls(
            "endpoints",
            lambda n: client.endpoint.create(app, EndpointIn(url=f"https://hook{n}.example.com/", version=n)),
            lambda key: client.endpoint.get(app, key),
            lambda: client.endpoint.list(app).data,
            lambda key: client.endpoint.update(
                app, key, EndpointUpdate(url="https://other.example.com/", version=1)
            ),
            lambda key: client.endpoint.delete(app, key),
            {"url": "https://other.example.com/"},
        ),
    ], HttpError


def of_digitalocean(url: str) -> Made:
    """Return DigitalOcean's networks, volumes and firewalls."""
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415 -- one a run
    from pydo import Client  # noqa: PLC0415 -- one a run

    client = Client("token", endpoint=url)

    def read(service: Any, key: Any, one: str) -> Any:
        response = service.get(key, **HTTP)
        if one not in response:  # the client returns an error as it does anything
            error = HttpResponseError(response["message"])
            error.status_code = 404 if response["id"] == "not_found" else 0
            raise error
        return response[one]

    def resource(service: Any, one: str, sent: dict[str, Any], change: Callable[..., Any]) -> Calls:
        return Calls(
            f"{one}s",
            lambda n: service.create(body={**sent, "name": f"{one}-{n}"}, **HTTP)[one],
            lambda key: read(service, key, one),
            lambda: service.list(**HTTP)[f"{one}s"],
            lambda key: change(key, body={"name": "other"}, **HTTP),
            lambda key: service.delete(key, **HTTP),
            {"name": "other"},
        )

    project = {"purpose": "Service or API", "environment": "Production"}
    key = {"public_key": "ssh-rsa AAAAB3NzaC1yc2E= ada"}
    return [
        resource(client.vpcs, "vpc", {"region": "nyc1"}, client.vpcs.patch),
        resource(client.projects, "project", project, client.projects.patch),
        resource(client.ssh_keys, "ssh_key", key, client.ssh_keys.update),
    ], HttpResponseError


def of_openai(url: str) -> Made:
    """Return OpenAI's files, which cannot be changed: their content is read instead."""
    from openai import APIStatusError, OpenAI  # noqa: PLC0415 -- one a run

    files = OpenAI(api_key="key", base_url=url, max_retries=0).files

    def content(key: str) -> None:
        require(files.content(key).read().startswith(b"file "), "another content is downloaded")

    return [
        Calls(
            "files",
            lambda n: files.create(file=(f"{n}.jsonl", f"file {n}".encode()), purpose="fine-tune"),
            files.retrieve,
            lambda: files.list().data,
            content,
            files.delete,
            {"purpose": "fine-tune"},
        ),
    ], APIStatusError


def of_netbox(url: str) -> Made:
    """Return NetBox's sites, tags and prefixes."""
    import pynetbox  # noqa: PLC0415 -- one a run

    client = pynetbox.api(url.removesuffix("/api"), token="token")  # noqa: S106 -- of no server

    def resource(
        name: str, endpoint: Any, sent: Callable[[int], dict[str, Any]], changed: dict[str, Any]
    ) -> Calls:
        def read(key: Any) -> Any:
            item = endpoint.get(key)
            if item is None:  # as this client says that there is none
                error = LookupError(key)
                error.status = 404  # type: ignore[attr-defined] -- as errors of the other clients have it
                raise error
            return item

        return Calls(
            name,
            lambda n: endpoint.create(**sent(n)),
            read,
            lambda: list(endpoint.all()),
            lambda key: read(key).update(changed),
            lambda key: read(key).delete(),
            changed,
        )

    return [
        resource("sites", client.dcim.sites, lambda n: {"name": f"s{n}", "slug": f"s{n}"}, {"name": "other"}),
        resource("tags", client.extras.tags, lambda n: {"name": f"t{n}", "slug": f"t{n}"}, {"name": "other"}),
        resource(
            "prefixes", client.ipam.prefixes, lambda n: {"prefix": f"10.{n}.0.0/16"}, {"description": "other"}
        ),
    ], LookupError


def of_mastodon(url: str) -> Made:
    """Return Mastodon's statuses, lists and filters."""
    from mastodon import Mastodon, MastodonNotFoundError  # noqa: PLC0415 -- one a run

    client = Mastodon(access_token="token", api_base_url=url, version_check_mode="none")  # noqa: S106 -- of no server
    return [
        Calls(
            "statuses",
            lambda n: client.status_post(f"toot {n}"),
            client.status,
            client.timeline_home,
            lambda key: client.status_update(key, "other"),
            client.status_delete,
            {},
        ),
        Calls(
            "filters",
            lambda n: client.filter_create(f"f{n}", ["home"]),
            client.filter,
            client.filters,
            lambda key: client.filter_update(key, phrase="other"),
            client.filter_delete,
            {"phrase": "other"},
        ),
    ], MastodonNotFoundError


def of_mailchimp(url: str) -> Made:
    """Return Mailchimp's audiences, templates and campaign folders."""
    import mailchimp_marketing  # noqa: PLC0415 -- one a run
    from mailchimp_marketing.api_client import ApiClientError  # noqa: PLC0415 -- one a run

    client = mailchimp_marketing.Client({"api_key": "key-us1"})
    client.api_client.host = url
    lists, folders, templates = client.lists, client.campaignFolders, client.templates
    contact = {"company": "A", "address1": "B", "city": "C", "country": "US"}
    sender = {"from_name": "A", "from_email": "a@example.com", "subject": "S", "language": "en"}
    audience = {"permission_reminder": "r", "email_type_option": True, "contact": contact}
    return [
        Calls(
            "lists",
            lambda n: lists.create_list({**audience, "name": f"l{n}", "campaign_defaults": sender}),
            lists.get_list,
            lambda: lists.get_all_lists()["lists"],
            lambda key: lists.update_list(key, {"name": "Other"}),
            lists.delete_list,
            {"name": "Other"},
        ),
        Calls(
            "folders",
            lambda n: folders.create({"name": f"f{n}"}),
            folders.get,
            lambda: folders.list()["folders"],
            lambda key: folders.update(key, {"name": "Other"}),
            folders.remove,
            {"name": "Other"},
        ),
        Calls(
            "templates",
            lambda n: templates.create({"name": f"t{n}", "html": "<p>"}),
            templates.get_template,
            lambda: templates.list()["templates"],
            lambda key: templates.update_template(key, {"name": "Other", "html": "<p>"}),
            templates.delete_template,
            {"name": "Other"},
        ),
    ], ApiClientError


def of_elevenlabs(url: str) -> Made:
    """Return ElevenLabs's voices, which are made of files."""
    from elevenlabs import ElevenLabs  # noqa: PLC0415 -- one a run
    from elevenlabs.core.api_error import ApiError  # noqa: PLC0415 -- one a run

    voices = ElevenLabs(api_key="key", base_url=url).voices
    sound = ("a.mp3", b"ID3", "audio/mpeg")
    return [
        Calls(
            "voices",
            lambda n: voices.ivc.create(name=f"v{n}", files=[sound]),
            voices.get,
            lambda: voices.get_all().voices,
            lambda key: voices.update(key, name="Other"),
            voices.delete,
            {"name": "Other"},
            "voice_id",
        ),
    ], ApiError


VENDORS = {
    "mailchimp": of_mailchimp,
    "elevenlabs": of_elevenlabs,
    "netbox": of_netbox,
    "mastodon": of_mastodon,
    "box": of_box,
    "digitalocean": of_digitalocean,
    "openai": of_openai,
    "svix": of_svix,
    "asana": of_asana,
    "hetzner": of_hetzner,
    "docker": of_docker,
    "linode": of_linode,
    "xero": of_xero,
    "square": of_square,
}

if __name__ == "__main__":
    main(*sys.argv[1:], vendors=VENDORS)
