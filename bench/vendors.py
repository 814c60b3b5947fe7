"""Vendors' own clients against a mock: create, read, list, change and delete items of five resources each.

    python bench/vendors.py stripe http://127.0.0.1:8000

prints a line of JSON for each step: resource, step, and what went wrong, if anything did.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import urlsplit

NOT_FOUND = 404
STEPS = ("create", "read", "list", "change", "delete", "gone")


class Resource:
    """One resource of a vendor; what a step returns must be what the next one needs."""

    name = ""

    def create(self) -> Any:
        """Create an item, and return it."""
        raise NotImplementedError

    def key(self, item: Any) -> Any:
        """Return what identifies an item."""
        return item.id

    def read(self, key: Any) -> Any:
        """Return an item as the API has it now."""
        raise NotImplementedError

    def list(self) -> list[Any]:
        """Return all items."""
        raise NotImplementedError

    def change(self, key: Any) -> None:
        """Change an item."""
        raise NotImplementedError

    def is_changed(self, item: Any) -> bool:
        """Tell whether an item is as it was changed."""
        raise NotImplementedError

    def delete(self, key: Any) -> None:
        """Delete an item."""
        raise NotImplementedError


def steps(resource: Resource, missing: type[Exception]) -> dict[str, str]:
    """Do all steps with a resource; return what went wrong by step, empty for nothing."""
    wrong: dict[str, str] = {}
    state: dict[str, Any] = {}

    def create() -> None:
        first, second = resource.create(), resource.create()
        state["key"], other = resource.key(first), resource.key(second)
        require(state["key"] != other, f"both have the key {other}")

    def read() -> None:
        require(resource.key(resource.read(state["key"])) == state["key"], "another was read")

    def list_() -> None:
        keys = [resource.key(each) for each in resource.list()]
        require(state["key"] in keys and len(keys) == len(set(keys)) and bool(keys[1:]), f"found {keys}")

    def change() -> None:
        resource.change(state["key"])
        require(resource.is_changed(resource.read(state["key"])), "is as it was before")

    def delete() -> None:
        resource.delete(state["key"])
        require(state["key"] not in [resource.key(each) for each in resource.list()], "is still listed")

    def gone() -> None:
        try:
            resource.read(state["key"])
        except missing as error:
            require(status_of(error) == NOT_FOUND, f"is {error}")
            return
        raise AssertionError("can still be read")

    for name, step in zip(STEPS, (create, read, list_, change, delete, gone), strict=True):
        try:
            step()
            wrong[name] = ""
        except Exception as error:  # noqa: BLE001 -- it is the result
            wrong[name] = f"{type(error).__name__}: {error}"[:300]
    return wrong


def status_of(error: Any) -> int | None:
    """Return the status that a client's error has."""
    error = getattr(error, "response_info", error)  # Box's
    found = (getattr(error, name, None) for name in ("http_status", "status", "status_code", "code"))
    return next((each for each in (*found, *error.args) if isinstance(each, int)), None)


def require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 -- a condition
    """Raise AssertionError unless a condition holds."""
    if not holds:
        raise AssertionError(otherwise)


# Stripe -----------------------------------------------------------------------------------------------------


def of_stripe(url: str) -> tuple[list[Resource], type[Exception]]:
    """Return Stripe's resources."""
    import stripe  # noqa: PLC0415 -- one vendor a run

    client = stripe.StripeClient("sk_test_123", base_addresses={"api": url}, max_network_retries=0)

    class Stripe(Resource):
        def __init__(self, name: str, sent: dict[str, Any], changed: dict[str, Any]) -> None:
            self.name, self.sent, self.changed = name, sent, changed
            self.service = getattr(client.v1, name)

        def create(self) -> Any:
            made = self.service.create(params=self.sent)
            for member, value in self.sent.items():
                if isinstance(value, str | int):
                    require(getattr(made, member) == value, f"{member} is {getattr(made, member)!r}")
            return made

        def read(self, key: str) -> Any:
            return self.service.retrieve(key)

        def list(self) -> list[Any]:
            return list(self.service.list(params={"limit": 1}).auto_paging_iter())

        def change(self, key: str) -> None:
            self.service.update(key, params=self.changed)

        def is_changed(self, item: Any) -> bool:
            shown = item.to_dict()
            return all(shown[name] == value for name, value in self.changed.items())

        def delete(self, key: str) -> None:
            require(self.service.delete(key).deleted is True, "does not say that it is deleted")

    metadata = {"metadata": {"order": "7"}}
    return [
        Stripe("customers", {"email": "ada@example.com", "name": "Ada"}, {"name": "Grace", **metadata}),
        Stripe("products", {"name": "T-shirt"}, {"name": "Shirt", **metadata}),
        Stripe("coupons", {"duration": "once", "percent_off": 25}, {"name": "Summer", **metadata}),
        Stripe(
            "plans",
            {"amount": 1200, "currency": "usd", "interval": "month", "product": "prod_1"},
            {"nickname": "Gold", **metadata},
        ),
        Stripe(
            "webhook_endpoints",
            {"url": "https://example.com/hook", "enabled_events": ["charge.failed"]},
            {"url": "https://example.com/other"},
        ),
    ], stripe.InvalidRequestError


# Twilio -----------------------------------------------------------------------------------------------------


def of_twilio(url: str) -> tuple[list[Resource], type[Exception]]:
    """Return Twilio's resources."""
    from twilio.base.exceptions import TwilioRestException  # noqa: PLC0415 -- one vendor a run
    from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415 -- one vendor a run
    from twilio.rest import Client  # noqa: PLC0415 -- one vendor a run

    class Redirected(TwilioHttpClient):
        def request(self, method: str, uri: str, *arguments: Any, **named: Any) -> Any:
            parts = urlsplit(uri)
            query = f"?{parts.query}" if parts.query else ""
            return super().request(method, f"{url}{parts.path}{query}", *arguments, **named)

    client = Client(f"AC{'0' * 32}", "token", http_client=Redirected())

    class Twilio(Resource):
        def __init__(self, name: str, sent: dict[str, Any], changed: dict[str, Any]) -> None:
            self.name, self.sent, self.changed = name, sent, changed
            self.service = getattr(client.api.v2010.account, name)

        def key(self, item: Any) -> Any:
            return item.sid

        def create(self) -> Any:
            made = self.service.create(**self.sent)
            for member, value in self.sent.items():
                if hasattr(made, member):
                    require(getattr(made, member) == value, f"{member} is {getattr(made, member)!r}")
            return made

        def read(self, key: str) -> Any:
            return self.service(key).fetch()

        def list(self) -> list[Any]:
            return list(self.service.list(page_size=1))

        def change(self, key: str) -> None:
            self.service(key).update(**self.changed)

        def is_changed(self, item: Any) -> bool:
            return all(getattr(item, name) == value for name, value in self.changed.items())

        def delete(self, key: str) -> None:
            require(self.service(key).delete(), "is not deleted")

    address = {
        "customer_name": "Ada",
        "street": "1 Main St",
        "city": "Leeds",
        "region": "W",
        "postal_code": "1",
    }
    return [
        Twilio(
            "queues", {"friendly_name": "waiting", "max_size": 10}, {"friendly_name": "other", "max_size": 5}
        ),
        Twilio("applications", {"friendly_name": "app"}, {"friendly_name": "other"}),
        Twilio("addresses", {**address, "iso_country": "GB"}, {"city": "York"}),
        Twilio("messages", {"to": "+15558675310", "from_": "+15017122661", "body": "Hi"}, {"body": ""}),
        Twilio(
            "incoming_phone_numbers",
            {"phone_number": "+15017122661", "friendly_name": "main"},
            {"friendly_name": "other"},
        ),
    ], TwilioRestException


# GitHub -----------------------------------------------------------------------------------------------------


def of_github(url: str) -> tuple[list[Resource], type[Exception]]:
    """Return GitHub's resources."""
    import github  # noqa: PLC0415 -- one vendor a run
    from github import Auth, Github, InputFileContent  # noqa: PLC0415 -- one vendor a run

    client = Github(
        auth=Auth.Token("token"),
        base_url=url,
        retry=None,
        per_page=1,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    repository = client.get_user().create_repo("hello")

    class GitHub(Resource):
        def __init__(
            self, name: str, create: Any, read: Any, list_: Any, change: Any, is_changed: Any
        ) -> None:
            self.name = name
            self._create, self._read, self._list = create, read, list_
            self._change, self._is_changed = change, is_changed
            self._count = 0

        def create(self) -> Any:
            self._count += 1
            return self._create(self._count)

        def key(self, item: Any) -> Any:
            names = {"labels": "name", "milestones": "number"}
            return getattr(item, names.get(self.name, "id"))

        def read(self, key: Any) -> Any:
            return self._read(key)

        def list(self) -> list[Any]:
            return list(self._list())

        def change(self, key: Any) -> None:
            self._change(self._read(key))

        def is_changed(self, item: Any) -> bool:
            return bool(self._is_changed(item))

        def delete(self, key: Any) -> None:
            item = self._read(key)
            (item.delete_release if self.name == "releases" else item.delete)()

    hook = {"url": "https://example.com/hook", "content_type": "json"}
    file = {"a.txt": InputFileContent("text")}
    return [
        GitHub(
            "labels",
            lambda n: repository.create_label(f"bug{n}", "d73a4a"),
            repository.get_label,
            repository.get_labels,
            lambda item: item.edit(item.name, "00ff00", "Green"),
            lambda item: item.color == "00ff00" and item.description == "Green",
        ),
        GitHub(
            "milestones",
            lambda n: repository.create_milestone(f"v{n}"),
            repository.get_milestone,
            repository.get_milestones,
            lambda item: item.edit("v9", description="Last"),
            lambda item: item.title == "v9" and item.description == "Last",
        ),
        GitHub(
            "releases",
            lambda n: repository.create_git_release(f"v{n}", f"Version {n}", "What is new"),
            repository.get_release,
            repository.get_releases,
            lambda item: item.update_release("Version 9", "Nothing"),
            lambda item: item.name == "Version 9" and item.body == "Nothing",
        ),
        GitHub(
            "hooks",
            lambda n: repository.create_hook("web", {**hook, "secret": str(n)}, ["push"], active=True),
            repository.get_hook,
            repository.get_hooks,
            lambda item: item.edit("web", hook, ["push", "pull_request"], active=False),
            lambda item: item.events == ["push", "pull_request"] and item.active is False,
        ),
        GitHub(
            "gists",
            lambda n: client.get_user().create_gist(public=False, files=file, description=f"Gist {n}"),
            client.get_gist,
            client.get_user().get_gists,
            lambda item: item.edit("Another"),
            lambda item: item.description == "Another",
        ),
    ], github.GithubException


# Kubernetes -------------------------------------------------------------------------------------------------


def of_kubernetes(url: str) -> tuple[list[Resource], type[Exception]]:
    """Return some of Kubernetes's resources."""
    from kubernetes import client  # noqa: PLC0415 -- one vendor a run

    configuration = client.Configuration(host=url)
    configuration.api_key = {"authorization": "Bearer token"}
    api = client.ApiClient(configuration)
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)

    class Kubernetes(Resource):
        def __init__(self, name: str, service: Any, kind: str, sent: dict[str, Any], *place: str) -> None:
            self.name, self.place, self.sent = name, place, sent
            self.called = f"namespaced_{kind}" if place else kind
            self.service, self.count = service, 0

        def call(self, verb: str, *arguments: Any, **named: Any) -> Any:
            return getattr(self.service, f"{verb}_{self.called}")(*arguments, **named)

        def create(self) -> Any:
            self.count += 1
            return self.call(
                "create", *self.place, body={"metadata": {"name": f"n{self.count}"}, **self.sent}
            )

        def key(self, item: Any) -> Any:
            return item.metadata.name

        def read(self, key: str) -> Any:
            return self.call("read", key, *self.place)

        def list(self) -> list[Any]:
            first = self.call("list", *self.place, limit=1)
            after = first.metadata._continue  # noqa: SLF001 -- its name
            return [*first.items, *(self.call("list", *self.place, _continue=after).items if after else ())]

        def change(self, key: str) -> None:
            self.call("patch", key, *self.place, body={"metadata": {"labels": {"order": "7"}}})

        def is_changed(self, item: Any) -> bool:
            return item.metadata.labels == {"order": "7"}

        def delete(self, key: str) -> None:
            self.call("delete", key, *self.place)

    pod = {"spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, **pod}
    deployment = {"spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}}
    return [
        Kubernetes("pods", core, "pod", pod, "default"),
        Kubernetes("config maps", core, "config_map", {"data": {"a": "b"}}, "default"),
        Kubernetes("services", core, "service", {"spec": {"ports": [{"port": 80}]}}, "default"),
        Kubernetes("deployments", apps, "deployment", deployment, "default"),
        Kubernetes("namespaces", core, "namespace", {}),
    ], client.ApiException


VENDORS = {"stripe": of_stripe, "twilio": of_twilio, "github": of_github, "kubernetes": of_kubernetes}


def main(vendor: str, url: str, vendors: Any = VENDORS) -> None:
    """Do all steps with each resource of a vendor."""
    resources, missing = vendors[vendor](url)
    for resource in resources:
        for step, wrong in steps(resource, missing).items():
            print(json.dumps([resource.name, step, wrong]), flush=True)  # noqa: T201 -- it is the result


if __name__ == "__main__":
    main(*sys.argv[1:])
