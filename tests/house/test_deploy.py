"""deploy/ is linted, and holds to the programs: nothing of it can run here."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from contract_first.mock.options import ServerOptions
from contract_first.signatures import fields_of
from scanner_api.app import MULTIPART_OVERHEAD, create_app
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
OPERATORS = [
    yaml.safe_load(file.read_text()) for file in sorted((DEPLOY / "kubernetes" / "operators").glob("*.yaml"))
]
"""Of kinds that Kubernetes does not have by itself."""
TEMPLATES = {
    manifest["metadata"].get("name", "migrate"): manifest["spec"]["template"]
    for manifest in MANIFESTS
    if manifest["kind"] in {"Deployment", "Job"}
}
PODS = {name: template["spec"] for name, template in TEMPLATES.items()}
CONTAINERS = [
    container for pod in PODS.values() for container in [*pod.get("initContainers", ()), *pod["containers"]]
]
DEPLOYMENTS = ("scanner-api", "scanner-api-worker")
SECRETS = "/run/secrets/scanner-api"
npm_project = runpy.run_path(str(ROOT / "tests" / "services" / "node.py"))["npm_project"]
TEXTS = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
OURS = ("serve", "worker", "s3")
WORKFLOWS = sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yaml")))
IMAGES = ("contract-first", "strict-s3", "scanner-api", "scanner-mock")
WHOLE = ("contract-first", "strict-s3")
"""What is installed by a test."""
SENT = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split() if line[0] == "!"}
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "tests", "*_cache")
WRITABLE = "/tmp"  # noqa: S108 -- of a container


def manifests(kind):
    """Return the manifests of a kind."""
    return [manifest for manifest in MANIFESTS if manifest["kind"] == kind]


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


def test_custom_resources_are_valid(npm_project):
    """What the operators of KEDA and Prometheus read has their schemas."""
    project = npm_project(ROOT / "tests" / "house" / "custom_resources")
    command = ["node", "validate.mjs"]
    finished = subprocess.run(
        command, cwd=project, input=json.dumps(OPERATORS), capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stdout) == (0, "ScaledObject\nServiceMonitor\n"), finished.stderr


@pytest.mark.parametrize("target", IMAGES)
def test_images(target):
    """An image runs as a user without rights, has labels and a health check, and what one stage has built."""
    base, body = STAGES[target]
    _, runtime = STAGES.get(base, ("", ""))
    assert re.findall(r"^USER ([1-9]\d*:[1-9]\d*)$", runtime + body, re.MULTILINE) == ["10001:10001"]
    assert re.search(r"^HEALTHCHECK .*?CMD \[", body, re.MULTILINE | re.DOTALL)
    assert f'org.opencontainers.image.title="{target}"' in body
    assert re.findall(r"--from=(\S+)", body) == [f"build-{target}"]
    assert "constraints-hashed.txt" in STAGES[f"build-{target}"][1]


@pytest.mark.parametrize("target", IMAGES)
def test_what_an_image_runs_is_built(target, tmp_path):
    """The shell lines of its build stage work on what is copied, in a fresh environment.

    Those of the Scanner, whose models take 370 MB, are resolved and not installed.
    """
    for name in SENT:
        place = tmp_path / name
        place.parent.mkdir(exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place, **({"ignore": IGNORED} if (ROOT / name).is_dir() else {}))
    (line,) = re.findall(r"^RUN (uv venv (?:.*\\\n)*.*)$", STAGES[f"build-{target}"][1], re.MULTILINE)
    program = target if target in WHOLE else ""
    line = line.replace("/opt/", f"{tmp_path}/opt/").replace("--no-cache ", "")
    if not program:
        line = line.replace("uv pip install ", "uv pip install --dry-run ")
    environment = {**os.environ, "UV_COMPILE_BYTECODE": "0", "UV_LINK_MODE": "hardlink"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    subprocess.run(["/bin/sh", "-ec", line], cwd=tmp_path, env=environment, check=True)
    if program:
        command = [tmp_path / "opt" / program / "bin" / program, "--version"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert printed.strip() == VERSION


def test_what_is_copied_is_sent_to_the_builder():
    """What the Dockerfile copies exists, and is all that the builder gets."""
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == SENT
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
    (job,) = manifests("Job")
    assert (job["metadata"], job["spec"]["ttlSecondsAfterFinished"] > 0) == (
        {"generateName": "scanner-api-migrate-"},
        True,
    )


def test_no_proxy_is_trusted_by_default():
    """A range of the sample would let any pod in it write the addresses of clients."""
    (config,) = manifests("ConfigMap")
    assert "SCANNER_TRUSTED_PROXIES" not in config["data"]


@pytest.mark.parametrize("name", PODS)
def test_pods_are_hardened(name):
    """A pod runs as a user without rights, and can write neither its root nor its secrets."""
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in [*pod.get("initContainers", ()), *pod["containers"]]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in container["volumeMounts"]}
        assert mounts == {WRITABLE: False, SECRETS: True}
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


def test_secrets_are_in_files():
    """No setting of the Secret is in the environment, and each file that is named is in the Secret."""
    assert not any("secretRef" in source for container in CONTAINERS for source in container["envFrom"])
    (secret,) = manifests("Secret")
    files = {value for (config,) in [manifests("ConfigMap")] for value in config["data"].values()}
    assert {f"{SECRETS}/{name}" for name in secret["stringData"]} == {
        file for file in files if file.startswith("/")
    }


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_pods_wait_for_the_migration(name):
    """Their first container ends once this version can use the schema."""
    (container,) = PODS[name]["initContainers"]
    assert container["args"] == ["db", "check"]
    (wait,) = container["env"]
    assert (wait["name"], Settings(wait=wait["value"]).wait >= 600) == ("SCANNER_WAIT", True)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_pods_are_spread_and_disrupted_one_by_one(name):
    """Machines and zones share the pods, and a drain ends one at a time, of those that the labels select."""
    labels = TEMPLATES[name]["metadata"]["labels"]
    selectors = [each["labelSelector"]["matchLabels"] for each in PODS[name]["topologySpreadConstraints"]]
    (budget,) = (
        each["spec"] for each in manifests("PodDisruptionBudget") if each["metadata"]["name"] == name
    )
    (service,) = (each["spec"] for each in manifests("Service") if each["metadata"]["name"] == name)
    assert len(selectors) == 2
    for selector in (*selectors, budget["selector"]["matchLabels"], service["selector"]):
        assert selector.items() <= labels.items()
    assert budget["maxUnavailable"] == 1


def test_scaling():
    """CPU scales servers and KEDA workers, from two on; no Deployment resets their number."""
    (horizontal,) = manifests("HorizontalPodAutoscaler")
    (scaled,) = (each["spec"] for each in OPERATORS if each["kind"] == "ScaledObject")
    assert horizontal["spec"]["scaleTargetRef"]["name"] == "scanner-api"
    assert scaled["scaleTargetRef"]["name"] == "scanner-api-worker"
    assert horizontal["spec"]["minReplicas"] == scaled["minReplicaCount"] == 2
    assert not any("replicas" in deployment["spec"] for deployment in manifests("Deployment"))
    processes = horizontal["spec"]["maxReplicas"] + scaled["maxReplicaCount"]
    connections = processes * Settings.model_fields["database_pool_size"].default
    assert f"{connections} connections" in (DEPLOY / "README.md").read_text()


def test_only_ports_that_there_are_can_be_reached():
    """The policies select the pods, and let in HTTP and metrics alone."""
    policies = manifests("NetworkPolicy")
    ports = {
        entry["port"] for policy in policies for rule in policy["spec"]["ingress"] for entry in rule["ports"]
    }
    (config,) = manifests("ConfigMap")
    assert ports == {Settings.model_fields["port"].default, int(config["data"]["SCANNER_METRICS_PORT"])}
    assert all(rule["from"] for policy in policies for rule in policy["spec"]["ingress"])
    for policy in policies:
        selector = policy["spec"]["podSelector"]["matchLabels"].items()
        assert any(selector <= template["metadata"]["labels"].items() for template in TEMPLATES.values())
    assert all(
        "app.kubernetes.io/part-of" in template["metadata"]["labels"] for template in TEMPLATES.values()
    )


def test_what_the_settings_name_can_be_reached():
    """PostgreSQL, PgBouncer, Redis, Sentinels, and OpenTelemetry's collector, at the ports that they have."""
    rules = [rule for policy in manifests("NetworkPolicy") for rule in policy["spec"].get("egress", ())]
    ports = {entry["port"] for rule in rules if "to" not in rule for entry in rule["ports"]}
    assert ports == {5432, 6432, 6379, 26379, 4318}


def test_ingress():
    """A load balancer takes the largest upload, and waits longer than the slowest statement."""
    (ingress,) = manifests("Ingress")
    options = {name.partition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    fields = Settings.model_fields
    size = int(options["client-max-body-size"].removesuffix("m")) * 1024 * 1024
    assert size >= fields["max_upload_bytes"].default + MULTIPART_OVERHEAD
    longest = fields["database_statement_seconds"].default + fields["database_pool_seconds"].default
    assert int(options["proxy-read-timeout"].removesuffix("s")) > longest
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    (service,) = (each for each in manifests("Service") if each["metadata"]["name"] == "scanner-api")
    assert path["backend"]["service"]["name"] == "scanner-api"
    assert path["backend"]["service"]["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


def test_metrics_are_scraped():
    """The monitor selects the Services of servers and workers, and a port that both have."""
    (monitor,) = (each["spec"] for each in OPERATORS if each["kind"] == "ServiceMonitor")
    scraped = [
        service
        for service in manifests("Service")
        if monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ]
    assert {service["metadata"]["name"] for service in scraped} == set(DEPLOYMENTS)
    (endpoint,) = monitor["endpoints"]
    assert all(endpoint["port"] in {port["name"] for port in each["spec"]["ports"]} for each in scraped)


@pytest.mark.parametrize("name", DEPLOYMENTS)
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
    (port,) = {probe["port"] for probe in asked.values()}
    health = {each["name"]: each.get("value") for each in container.get("env", ())}.get("SCANNER_HEALTH_PORT")
    (config,) = manifests("ConfigMap")
    assert ports == {
        port: int(health or Settings.model_fields["port"].default),
        "metrics": int(config["data"]["SCANNER_METRICS_PORT"]),
    }


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
    """Each setting that is named is one of the service, each variable of mocks the one that they read."""
    names = {name.lower() for text in TEXTS for name in re.findall(r"SCANNER_(\w+)", text)}
    settings = {name.removesuffix("_file") for name in names}
    assert settings - set(Settings.model_fields) == set()
    token = fields_of(ServerOptions)["control_token"].flag.variable
    assert {name for text in TEXTS for name in re.findall(r"\b(?:\w+_)?MOCK_\w+", text)} == {token}


@pytest.mark.parametrize("where", ["kubernetes", "compose"])
def test_settings_are_right(where, monkeypatch, tmp_path):
    """The values that are set are values that the settings take."""
    values = COMPOSE["worker"]["environment"]
    if where == "kubernetes":
        (config,), (secret,) = manifests("ConfigMap"), manifests("Secret")
        values = {name: value.replace(SECRETS, str(tmp_path)) for name, value in config["data"].items()}
        for name, value in secret["stringData"].items():
            (tmp_path / name).write_text(value)
    for name, value in values.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:\?\}", "secret", value))
    settings = Settings()
    assert {f"SCANNER_{name.upper()}" for name in settings.model_fields_set} == {
        name.removesuffix("_FILE") for name in values if name.startswith("SCANNER_")
    }
    create_app(settings)


def test_commands_exist():
    """Each command, and each option of `s3`, is one of the program's."""
    program = typer.main.get_command(app)
    used = [COMPOSE[name]["command"] for name in OURS]
    used += [container["args"] for container in CONTAINERS]
    assert {words[0] for words in used} <= set(program.commands)
    s3 = program.lazy["s3"].command("s3")
    options = {option for parameter in s3.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in COMPOSE["s3"]["command"][1:]} <= options


def test_images_are_this_version():
    """Every image of ours that is named is of the project's version."""
    image = re.compile(rf"(?:{'|'.join(IMAGES)}):(\d\S+)|^ARG VERSION=(\S+)", re.MULTILINE)
    versions = {version for text in TEXTS for match in image.findall(text) for version in match if version}
    assert versions == {VERSION}


def test_the_feature(tmp_path):
    """Its script installs what its option names, and links the command."""
    prefix, programs = tmp_path / "prefix", tmp_path / "programs"
    for folder in (prefix / "bin", programs):
        folder.mkdir(parents=True)
    calls = tmp_path / "calls"
    for program in (programs / "python3", prefix / "bin" / "pip"):
        program.write_text(f'#!/bin/sh\necho "{program.name} $*" >> "{calls}"\n')
        program.chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PREFIX": str(prefix),
        "PROGRAMS": str(programs),
        "SOURCE": "contract-first==0.3.0",
    }
    subprocess.run([str(DEPLOY / "feature" / "install.sh")], check=True, env=environment)
    expected = [f"python3 -m venv {prefix}", "pip install --no-cache-dir contract-first==0.3.0"]
    assert calls.read_text().splitlines() == expected
    assert (programs / "contract-first").readlink() == prefix / "bin" / "contract-first"


def test_features_are_this_version():
    """Each feature of development containers has the project's version."""
    features = list(DEPLOY.rglob("devcontainer-feature.json"))
    assert [json.loads(file.read_text())["version"] for file in features] == [VERSION] * 2
