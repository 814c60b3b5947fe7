"""deploy/ is linted, and holds to the programs: nothing of it can run here."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from scanner_api.app import create_app
from scanner_api.cli import app
from scanner_api.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
STAGES = {
    name: (base, body)
    for base, name, body in re.findall(
        r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL
    )
}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
MANIFESTS = [
    manifest
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(file.read_text())
]
PODS = {
    each["metadata"].get("name", "migrate"): each["spec"]["template"]["spec"]
    for each in MANIFESTS
    if each["kind"] in {"Deployment", "Job"}
}
TEXTS = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
OURS = ("serve", "worker", "s3")
WORKFLOWS = sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yaml")))
WRITABLE = "/tmp"  # noqa: S108 -- of a container


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
        ["kubernetes-validate", "--strict", *sorted(path.name for path in DEPLOY.glob("kubernetes/*.yaml"))],
    ],
    ids=lambda command: command[0],
)
def test_linted(command, tmp_path):
    """hadolint, and the schemas of Compose, workflows and Kubernetes, find nothing."""
    if "TOX_ENV_NAME" not in os.environ and shutil.which(command[0]) is None:
        pytest.skip("only tox installs the group deploy")
    folder = DEPLOY
    if command[0] == "kubernetes-validate":  # it reports by name, and the server makes that of a Job
        folder = tmp_path
        for path in DEPLOY.glob("kubernetes/*.yaml"):
            (tmp_path / path.name).write_text(path.read_text().replace("generateName: ", "name: "))
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("target", ["serve", "mock"])
def test_images(target):
    """An image runs as a user without rights, in its last stage alone, and has a health check of its own."""
    base, body = STAGES[target]
    _, runtime = STAGES[base]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", runtime, re.MULTILINE)
    assert 'CMD ["scanner-api", "health"]' in runtime
    assert "USER" not in body
    assert re.findall(r"--from=(\S+)", body) == [f"build-{target}"]
    assert "constraints-hashed.txt" in STAGES[f"build-{target}"][1]


def test_what_is_copied_is_sent_to_the_builder():
    """What the Dockerfile copies exists, and is all that the builder gets."""
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    sent = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split() if line[0] == "!"}
    assert copied == sent
    assert [source for source in copied if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("name", OURS)
def test_services_are_hardened(name):
    """A service of ours cannot write its root, gain rights or outlive a failing health check unseen."""
    service = COMPOSE[name]
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], [WRITABLE])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][:3] == ["CMD", "scanner-api", "health"]


def test_backends_are_waited_for():
    """PostgreSQL, Valkey and S3 have health checks, which server and worker wait for."""
    for name in ("serve", "worker"):
        waited_for = {
            each for each, how in COMPOSE[name]["depends_on"].items() if how["condition"] == "service_healthy"
        }
        assert waited_for == {"postgresql", "valkey", "s3"}
    assert all("healthcheck" in service for service in COMPOSE.values())


def test_migrations_can_be_run_again():
    """A Job of the same name could not be changed; each has a name of its own, and goes after a while."""
    (job,) = [manifest for manifest in MANIFESTS if manifest["kind"] == "Job"]
    assert (job["metadata"], job["spec"]["ttlSecondsAfterFinished"] > 0) == (
        {"generateName": "scanner-api-migrate-"},
        True,
    )


def test_no_proxy_is_trusted_by_default():
    """A range of the sample would let any pod in it write the addresses of clients."""
    (config,) = [manifest["data"] for manifest in MANIFESTS if manifest["kind"] == "ConfigMap"]
    assert "SCANNER_TRUSTED_PROXIES" not in config


@pytest.mark.parametrize("name", PODS)
def test_pods_are_hardened(name):
    """A pod runs as a user without rights, on a root that it cannot write."""
    (container,) = PODS[name]["containers"]
    assert PODS[name]["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {WRITABLE}


@pytest.mark.parametrize("name", ["scanner-api", "scanner-api-worker"])
def test_probes(name):
    """Liveness asks about the process alone, readiness about what it needs; both at a port that there is."""
    (container,) = PODS[name]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in asked.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in asked.values()} == set(ports)
    health = {each["name"]: each.get("value") for each in container.get("env", ())}.get("SCANNER_HEALTH_PORT")
    assert list(ports.values()) == [int(health or Settings.model_fields["port"].default)]


def test_nothing_is_cut_off():
    """A server has time for preStop, its lame-duck time and requests under way before it is killed."""
    fields = Settings.model_fields
    pod = PODS["scanner-api"]
    (container,) = pod["containers"]
    seconds = [
        container["lifecycle"]["preStop"]["sleep"]["seconds"],
        fields["lame_duck_seconds"].default,
        fields["shutdown_seconds"].default,
    ]
    assert pod["terminationGracePeriodSeconds"] > sum(seconds)
    assert int(COMPOSE["serve"]["stop_grace_period"].removesuffix("s")) > sum(seconds[1:])


def test_settings_exist():
    """Each setting that is named is one of the service, or the mock's token."""
    named = {name.lower() for text in TEXTS for name in re.findall(r"SCANNER_(\w+)", text)}
    assert named - {"mock_control_token"} - set(Settings.model_fields) == set()


@pytest.mark.parametrize("where", ["kubernetes", "compose"])
def test_settings_are_right(where, monkeypatch):
    """The values that are set are values that the settings take."""
    values = COMPOSE["worker"]["environment"]
    if where == "kubernetes":
        given = [each.get("data") or each.get("stringData") for each in MANIFESTS]
        values = {name: value for data in given if data for name, value in data.items()}
    for name, value in values.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:\?\}", "secret", value))
    settings = Settings()
    assert {f"SCANNER_{name.upper()}" for name in settings.model_fields_set} == {
        name for name in values if name.startswith("SCANNER_")
    }
    create_app(settings)


def test_commands_exist():
    """Each command, and each option of `s3`, is one of the program's."""
    program = typer.main.get_command(app)
    used = [COMPOSE[name]["command"] for name in OURS]
    used += [container["args"] for pod in PODS.values() for container in pod["containers"]]
    assert {words[0] for words in used} <= set(program.commands)
    s3 = program.lazy["s3"].command("s3")
    options = {option for parameter in s3.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in COMPOSE["s3"]["command"][1:]} <= options


def test_images_are_this_version():
    """Every image of ours that is named is of the project's version."""
    versions = {
        version for text in TEXTS for version in re.findall(r"scanner-api/(?:serve|mock):(\S+)", text)
    }
    assert versions == {VERSION}
