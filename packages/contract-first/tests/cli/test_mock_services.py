"""``mock`` of several contracts on the command line, and of those that contract-first.toml names."""

import json
import signal
import socket
import subprocess
import sys
import tomllib

import pytest
from typer.testing import CliRunner

from contract_first.cli.tree import app

SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.endswith('_URL')}))"
COMMAND = ["--", sys.executable, "-c", SHOW]
ITEMS = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with three contracts."""
    for name in ("orders", "billing-v2", "users"):
        (tmp_path / f"{name}.json").write_text(
            json.dumps(
                {
                    "openapi": "3.1.0",
                    "info": {"title": name, "version": "1"},
                    "paths": {"/things": {"get": {"operationId": "list_things", "responses": ITEMS}}},
                }
            )
        )
    return tmp_path


@pytest.fixture
def _signals():
    """Have the signals back that a command takes for itself."""
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in handlers.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture
def run(tmp_path, monkeypatch, capfd, _signals):
    """Runs a command in the folder, in this process, and returns its status and what was written."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        outcome = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "TERM": "dumb"})
        printed, _ = capfd.readouterr()  # by a command beside a mock, which the runner does not see
        written = outcome.stdout + printed
        return subprocess.CompletedProcess(arguments, outcome.exit_code, written, outcome.stderr)

    return invoke


@pytest.fixture
def refusal(run):
    """Runs a command that exits with 2, and returns what it says."""

    def invoke(*arguments):
        outcome = run(*arguments)
        assert outcome.returncode == 2, outcome.stderr
        return " ".join(outcome.stderr.split())

    return invoke


def urls(outcome):
    """Return the paths of the URLs that a command beside the mock has, by variable."""
    assert outcome.returncode == 0, outcome.stderr
    found = json.loads(outcome.stdout)
    root = found.pop("MOCK_CONTROL_URL").removesuffix("/_mock")
    return {name: url.removeprefix(root) for name, url in found.items() if url.startswith(root)}


@pytest.mark.parametrize(
    "arguments",
    [
        ["mock", "exec", "orders.json", "billing-v2.json"],
        ["mock", "orders.json", "billing-v2.json", "exec"],
        ["mock", "--contract", "orders.json", "--stateful", "--contract", "billing-v2.json", "exec"],
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_command_finds_each_service(run, arguments):
    assert urls(run(*arguments, *COMMAND)) == {
        "ORDERS_URL": "/orders",
        "BILLING_V2_URL": "/billing-v2",
    }


@pytest.mark.usefixtures("folder")
def test_none_starts_where_one_cannot_be_read(run):
    broken = run("mock", "exec", "orders.json", "gone.json", "users.json", *COMMAND)
    assert (broken.returncode, broken.stdout) == (125, "") or broken.returncode == 2
    assert "gone.json: cannot be read" in broken.stderr
    going = run("mock", "--keep-going", "exec", "orders.json", "gone.json", "users.json", *COMMAND)
    assert urls(going) == {"ORDERS_URL": "/orders", "USERS_URL": "/users"}
    assert "Left out: gone.json: cannot be read" in going.stderr


def test_the_file_of_the_project_names_services(folder, run):
    (folder / "contract-first.toml").write_text(
        '[services.shop]\ncontract = "orders.json"\nstateful = true\nitems = 5\n'
        '[services.users]\ncontract = "users.json"\n'
        "[check]\nmax-examples = 2\n"
        '[[overrides]]\nmatch = {service = "users"}\neffect = {status = 503}\n'
    )
    show = "import httpx2, os\nfor name in ('SHOP', 'USERS'):\n"
    show += "    print(httpx2.get(os.environ[f'{name}_URL'] + '/things').status_code)"
    outcome = run("mock", "exec", "--", sys.executable, "-c", show)
    assert outcome.stdout.split() == ["200", "503"], outcome.stderr
    # with a contract on the command line, the file is not read
    alone = run("mock", "exec", "users.json", *COMMAND)
    assert (alone.returncode, "Configuration" in alone.stderr) == (0, False)
    assert urls(alone) == {"MOCK_API_URL": ""}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[servces.a]\ncontract = "orders.json"\n', ":1: 'servces' is not an option; close to it: services"),
        ('[services.a]\ncontrct = "orders.json"\n', ":2: 'contrct' is not an option; close to it: contract"),
        ("[services.a]\nstateful = true\n", ":1: has no contract"),
        ('[services.a]\ncontract = "orders.json"\nport = 1\n', ":3: port is of all services"),
        ('[services.a]\ncontract = "orders.json"\nusers = "u.toml"\n', ":3: users is of all services"),
        ('[services.a]\ncontract = "orders.json"\n[users.ann]\n', "[users.ann]: wrong password"),
        ('[services.a]\ncontract = "orders.json"\nhandlers = "os"\n', ":3: handlers are code"),
        ('[services.a]\ncontract = "orders.json"\nitems = "many"\n', ":3: "),
        ('[services."a b"]\ncontract = "orders.json"\n', "expected a name of letters"),
        ("services = 3\n", ":1: expected a table, got 3"),
        ('[services.a]\ncontract = "gone.json"\n', "gone.json: cannot be read"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(folder, refusal, text, sentence):
    (folder / "contract-first.toml").write_text(text)
    assert sentence in refusal("mock", "--port", "0")


def test_the_other_commands_read_past_services(folder, run):
    (folder / "contract-first.toml").write_text(
        'contract = "orders.json"\n[services.a]\ncontract = "users.json"\n[users.ann]\npassword = "x"\n'
        "[s3]\nbucket = 'photos'\n"
    )
    assert run("contract", "lint").returncode == 0


def test_what_is_installed_hides_no_contract(tmp_path, run):
    """Files of packages do not count among those that are looked at."""
    installed = tmp_path / "a" / "node_modules"
    installed.mkdir(parents=True)
    for number in range(2001):
        (installed / f"{number}.json").touch()
    document = {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1"}, "paths": {}}
    (tmp_path / "pets.json").write_text(json.dumps(document))
    assert run("init").returncode == 0


def test_a_service_has_the_name_of_its_own_base_path(tmp_path, run):
    """Only that of another contract is taken."""
    for name in ("billing", "orders"):
        document = {"openapi": "3.1.0", "info": {"title": name, "version": "1"}, "paths": {}}
        (tmp_path / f"{name}.json").write_text(json.dumps({**document, "servers": [{"url": f"/{name}"}]}))
    assert run("init").returncode == 0
    tables = tomllib.loads((tmp_path / "contract-first.toml").read_text())["services"]
    assert tables == {name: {"contract": f"{name}.json"} for name in ("billing", "orders")}


def test_init_writes_the_file_and_mock_starts_from_it(folder, run):
    """What is no contract is left out, and names are unique: a stem that is there twice, or a base path."""
    (folder / "package.json").write_text('{"name": "app"}')
    (folder / "notes.yaml").write_text("openapi: is what we use\n")
    (folder / "broken.json").write_text('{"openapi": ')
    for place in ("old", "node_modules", ".cache"):
        (folder / place).mkdir()
        (folder / place / "orders.json").write_text((folder / "orders.json").read_text())
    document = json.loads((folder / "users.json").read_text())
    document["servers"] = [{"url": "https://x.example/orders"}]
    (folder / "users.json").write_text(json.dumps(document))
    outcome = run("init")
    assert outcome.returncode == 0, outcome.stderr
    text = (folder / "contract-first.toml").read_text()
    assert '# orders\n[services.orders-3]\ncontract = "orders.json"\n# stateful = true' in text
    assert urls(run("mock", "exec", *COMMAND)) == {
        "BILLING_V2_URL": "/billing-v2", "ORDERS_2_URL": "/orders-2",
        "ORDERS_3_URL": "/orders-3", "USERS_URL": "/orders",
    }  # fmt: skip
    again = run("init")
    assert (again.returncode, "contract-first.toml is there already" in again.stderr) == (2, True)
    assert (folder / "contract-first.toml").read_text() == text
    (folder / "empty").mkdir()
    nothing = run("init", "--output", "empty/contract-first.toml")
    assert (nothing.returncode, "There is no OpenAPI contract in empty" in nothing.stderr) == (2, True)


# an S3 beside

SERVICE = '[services.shop]\ncontract = "orders.json"\n'
USE_S3 = """
import json, os, boto3, httpx2
s3 = boto3.client("s3")
s3.put_object(Bucket=os.environ["S3_BUCKET"], Key="a.txt", Body=b"apple")
exchanges = httpx2.get(os.environ["MOCK_CONTROL_URL"] + "/journal").json()["exchanges"]
print(json.dumps({
    "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
    "region": s3.meta.region_name,
    "exchanges": [(exchange["server"], exchange["operation"]) for exchange in exchanges],
    "is_found": s3.meta.endpoint_url == os.environ["MOCK_S3_URL"] == os.environ["AWS_ENDPOINT_URL_S3"],
}))
"""


def test_an_s3_beside_the_services(folder, run):
    """AWS's clients in the command find it, and the journal has their requests."""
    options = 'bucket = ["photos", "thumbnails"]\nregion = "eu-north-1"\ncredential = "ANNKEY:hunter-2"\n'
    (folder / "contract-first.toml").write_text(f"{SERVICE}[s3]\n{options}")
    outcome = run("mock", "exec", "--", sys.executable, "-c", USE_S3)
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout) == {
        "buckets": ["photos", "thumbnails"],
        "region": "eu-north-1",
        "exchanges": [["s3", "PutObject"]],
        "is_found": True,
    }


def test_an_s3_beside_a_single_contract(folder, run):
    """A file of one mock may have the table, too, or another file."""
    (folder / "s3.toml").write_text('[s3]\nbucket = "photos"\n')
    file = "ready.json"
    show = f"print(open({file!r}).read())"
    named = ["--ready-file", file, "orders.json", "--s3", "s3.toml"]
    outcome = run("mock", "exec", *named, "--", sys.executable, "-c", show)
    assert outcome.returncode == 0, outcome.stderr
    facts = json.loads(outcome.stdout)
    assert facts["s3"].startswith("http://127.0.0.1:")
    expected = {"buckets": ["photos"], "region": "us-east-1", "access_key": "ACCESSKEY"}
    assert facts | expected | {"secret_key": "secret-key", "title": "orders"} == facts


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("crs = true", ":4: 'crs' is not an option; close to it: cors; known are account, bucket, cors,"),
        ("seed = 3", ":4: seed is of all services."),
        ("control-port = 3", ":4: control-port is of all services."),
        ('control-origin = "http://a.test"', ":4: control-origin is of all services."),
        ('port = "many"', "for '--port': contract-first.toml:4: "),
        ('credential = "short"', ":4: Number 1 is not ACCESS_KEY:SECRET_KEY"),
        ('bucket = "A"', "'A' is not a bucket's name"),
        ("port = {port}", "[s3] port"),
    ],
)
def test_a_wrong_option_of_the_s3_is_said_with_its_line(folder, refusal, options, sentence):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = options.replace("{port}", str(taken.getsockname()[1]))
        (folder / "contract-first.toml").write_text(f"{SERVICE}[s3]\n{options}\n")
        assert sentence in refusal("mock", "--port", "0")


def test_what_is_no_table_is_no_s3(folder, refusal):
    (folder / "contract-first.toml").write_text(f"s3 = true\n{SERVICE}")
    assert ":1: " in refusal("mock", "--port", "0")
