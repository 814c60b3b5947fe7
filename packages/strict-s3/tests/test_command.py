"""The command: S3 by itself, with the options that Python has."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import httpx2
import pytest
from botocore.exceptions import ClientError

from strict_s3.cli import main
from strict_s3.options import Options, flags
from strict_s3.startup import initialization
from strict_s3.startup.environment import of_environment
from strict_s3.startup.initialization import initialize

COMMAND = [sys.executable, "-m", "strict_s3"]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    """Have none of the variables that stand for options."""
    for name in os.environ:
        if name.startswith(("AWS_", "MINIO_", "STRICT_S3_")):
            monkeypatch.delenv(name)


def test_it_serves_until_a_signal(tmp_path):
    """AWS's clients find it by what it prints, and programs its log; SIGTERM ends it with 0, objects stay."""
    options = ["--bucket", "photos", "-b", "more", "--port", "0", "--data", str(tmp_path), "--public"]
    options += ["--credential", "KEY:a-secret", "--tls", "--json", "--log", "json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, *options], text=True, **pipes) as process:  # noqa: S603 -- our own
        facts = json.loads(process.stdout.readline())
        client = boto3.client(
            "s3",
            endpoint_url=facts["AWS_ENDPOINT_URL_S3"],
            aws_access_key_id=facts["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=facts["AWS_SECRET_ACCESS_KEY"],
            region_name=facts["AWS_REGION"],
            verify=facts["AWS_CA_BUNDLE"],
        )
        client.put_object(Bucket="more", Key="k", Body=b"x")
        assert facts["buckets"] == ["photos", "more"]
        with pytest.raises(ClientError):
            client.head_object(Bucket="more", Key="a\nb")
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=30)[1]
        assert process.returncode == 0
    assert [*(tmp_path / "more" / "objects").glob("*.bin")]
    put, entry = (json.loads(line) for line in errors.splitlines())
    assert (put["operation"], put["status"], put["code"]) == ("PutObject", 200, "")
    assert (entry["path"], entry["operation"], entry["status"]) == ("/more/a%0Ab", "HeadObject", 404)


def test_by_default_it_says_what_clients_have_to_know():
    """Without --json it prints the command that sets AWS's variables; others are refused."""
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own
        lines = [process.stdout.readline() for _ in range(5)]
        assert f"AWS_ENDPOINT_URL_S3={lines[0].split()[1]} AWS_ACCESS_KEY_ID=ACCESSKEY" in lines[4]
        assert lines[2].startswith("stored, without an effect: accelerate, analytics, ")
        assert httpx2.get(lines[0].split()[1]).status_code == 403
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_credential_of_the_environment_that_is_none():
    """It is refused as an option is, without the secret."""
    variables = {"MINIO_ROOT_USER": "a b", "MINIO_ROOT_PASSWORD": "hunter2"}
    ended = subprocess.run(COMMAND, capture_output=True, text=True, check=False, env=os.environ | variables)  # noqa: S603 -- our own
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "the environment: Number 1 is not ACCESS_KEY:SECRET_KEY" in ended.stderr
    assert "hunter2" not in ended.stderr


def test_everything_by_variables(tmp_path, capsys):
    """Options stand in variables, scripts prepare it before it is ready, and what means nothing is named."""
    (tmp_path / "1.sh").write_text('echo "prepared $S3_BUCKET at $AWS_REGION"')
    code = "import boto3; boto3.client('s3').put_object(Bucket='photos', Key='k', Body=b'prepared')"
    (tmp_path / "2.py").write_text(code)
    (tmp_path / "notes.txt").write_text("exit 1")
    of_s3 = {"BUCKET": "photos, more", "PORT": "0", "PUBLIC": "1", "INIT": str(tmp_path), "CORS": "false"}
    variables = {f"STRICT_S3_{name}": text for name, text in of_s3.items()}
    variables |= {
        "PERSISTENCE": "1",
        "SERVICES": "s3,sqs",
        "MINIO_BROWSER": "off",
        "MINIO_ROOT_USER": "minio",
    }
    variables |= {"MINIO_ROOT_PASSWORD": "minio-secret", "MINIO_SITE_REGION": "eu-west-1"}
    variables |= {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_DEFAULT_REGION": "sa-east-1"}
    with subprocess.Popen(  # noqa: S603 -- our own
        [*COMMAND, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | variables,
    ) as process:  # fmt: skip
        line = process.stdout.readline()
        facts = json.loads(line)
        body = httpx2.get(f"{facts['s3']}/photos/k").text
        port = facts["s3"].rpartition(":")[2]
        with pytest.raises(SystemExit) as ended:
            main(["health", "--port", port])
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=30)[1]
    assert "minio-secret" not in line
    assert (facts["buckets"], body, ended.value.code) == (["photos", "more"], "prepared", 0)
    assert (
        "Variables that mean nothing here: MINIO_BROWSER, PERSISTENCE (write --data DIR), SERVICES\n"
        in errors
    )
    assert "prepared photos at eu-west-1\n" in errors
    with pytest.raises(SystemExit, match=r"/healthz: .*refused"):
        main(["health", "--port", port])
    capsys.readouterr()


def test_variables_that_are_none(monkeypatch, capsys):
    """A variable is refused as its option is."""
    for name, text, message in (
        ("TLS", "maybe", "STRICT_S3_TLS is neither 1 nor 0"),
        ("PORT", "x", "not a port"),
    ):
        monkeypatch.setenv(f"STRICT_S3_{name}", text)
        with pytest.raises(SystemExit):
            main([])
        assert message in capsys.readouterr().err
        monkeypatch.delenv(f"STRICT_S3_{name}")


def test_credentials_and_regions_of_other_servers():
    """They are those of MinIO's variables, or else of AWS's, with a token."""
    of_aws = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-west-1"}
    of_minio = {"MINIO_ROOT_USER": "minio", "MINIO_ROOT_PASSWORD": "m", "MINIO_SITE_REGION": "sa-east-1"}
    for variables, credential, region in (
        (of_aws, "AKIA:s", "eu-west-1"),
        (of_aws | {"AWS_SESSION_TOKEN": "t"}, "AKIA:s:t", "eu-west-1"),
        (of_aws | of_minio, "minio:m", "sa-east-1"),
    ):
        assert of_environment(variables) == {"credentials": [credential], "region": region}


def test_buckets_of_images_of_minio():
    """A policy may be behind a bucket."""
    assert of_environment({"MINIO_DEFAULT_BUCKETS": "a:public, b"}) == {
        "buckets": ["a", "b"], "policies": ["a:public"],
    }  # fmt: skip


def test_scripts_that_fail(tmp_path, monkeypatch):
    """A script that fails or takes too long ends the start with its name; a folder may be missing."""
    initialize([tmp_path / "none"], {})
    (tmp_path / "1.sh").write_text("exit $CODE")
    with pytest.raises(ValueError, match=r"1\.sh ended with exit code 3\."):
        initialize([tmp_path], {"CODE": "3"})
    monkeypatch.setattr(initialization, "SECONDS", 0.01)
    (tmp_path / "1.sh").write_text("exec sleep 60")
    with pytest.raises(ValueError, match=r"1\.sh takes more than 0\.01 seconds\."):
        initialize([tmp_path], {})


def test_help_has_every_option(capsys):
    """Each field of the options is a flag of the command, with its help."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert flags().keys() == set(Options.__struct_fields__)
    for flag, _ in flags().values():
        assert all(name in shown for name in flag.names)
        assert " ".join(flag.help.split()[:4]) in shown


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--port", "70000"], 2, "argument --port: '70000' is not a port: expected 0 to 65535."),
        (["--account", "me"], 2, "argument --account: 'me' is not an AWS account ID: 12 digits."),
        (["--credential", "hunter2"], 2, "argument --credential: Number 1 is not ACCESS_KEY:SECRET_KEY"),
        (["--public-url", "nowhere"], 2, "argument --public-url: nowhere is not an http:// or https:// URL"),
        (["--seed", "x"], 2, "argument --seed: "),
        (["--nothing"], 2, "unrecognized arguments: --nothing"),
        (["--bucket", "Photos"], 2, "Cannot start: 'Photos' is not a bucket's name"),
    ],
)
def test_wrong_options(arguments, code, message, capsys):
    """What cannot be done is refused in a sentence, without a secret."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, errors = capsys.readouterr()
    assert (ended.value.code, out) == (code, "")
    assert message in errors
    assert "hunter2" not in errors


def test_an_address_of_another_machine():
    """A start that fails ends with a sentence, and no traceback."""
    command = [*COMMAND, "--host", "192.0.2.1", "--port", "0"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Cannot start: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_secrets_are_not_shown():
    """What prints options prints no secret."""
    assert "a-secret" not in repr(Options(credentials={"KEY": "a-secret"}))


def test_texts_are_read_in_python():
    """What the command reads of an option's text, Python does: paths, and URLs."""
    options = Options(data="data", ca="ca", init=["init"], public_url="https://s3.test/")
    assert (options.data, options.ca, options.init) == (Path("data"), Path("ca"), (Path("init"),))
    assert options.public_url == "https://s3.test"
    with pytest.raises(ValueError, match="x is not an http:// or https:// URL"):
        Options(public_url="x")


def test_the_command_of_minio(tmp_path):
    """Its folder is that of --data, its console is named, and a log says what was served."""
    words = ["server", str(tmp_path / "d"), "--console-address", ":9001", "--address", "127.0.0.1:0"]
    words += ["--log", "text"]
    environment = {"MINIO_DEFAULT_BUCKETS": "photos:public,thumbnails:download,notes:none,more"}
    environment |= {
        "MINIO_ACCESS_KEY": "minio",
        "MINIO_SECRET_KEY": "minio-secret",
        "MINIO_REGION_NAME": "eu-west-1",
    }
    with subprocess.Popen(  # noqa: S603 -- our own
        [*COMMAND, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | environment,
    ) as process:  # fmt: skip
        facts = json.loads(process.stdout.readline())
        statuses = {
            bucket: [
                httpx2.put(f"{facts['s3']}/{bucket}/k", content=b"x").status_code,
                httpx2.get(f"{facts['s3']}/{bucket}/k?X-Amz-Security-Token=t0ken").status_code,
                httpx2.get(f"{facts['s3']}/{bucket}").status_code,
            ]
            for bucket in facts["buckets"]
        }
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=30)[1]
    assert statuses == {
        "photos": [200, 200, 200], "thumbnails": [403, 403, 403], "notes": [403] * 3, "more": [403] * 3,
    }  # fmt: skip
    assert facts["AWS_REGION"] == "eu-west-1"
    assert [*(tmp_path / "d").iterdir()]
    assert "--console-address means nothing here: contract-first s3 has a console" in errors
    assert re.search(r"\d\d:\d\d:\d\d s3  PUT    200 +\d+ ms /photos/k PutObject\n", errors)
    assert re.search(r" GET    403 +\d+ ms /notes GetObject|/notes ListObjects AccessDenied\n", errors)
    assert "t0ken" not in errors


@pytest.mark.parametrize("words", [["serve", "/data"], ["server", "/a", "/b"], ["/data"]])
def test_words_that_are_no_options(words, capsys):
    """MinIO's command has one folder; any other word is refused."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "expected options, or server DIR" in capsys.readouterr().err


def test_policies_that_are_unknown(monkeypatch, capsys):
    """The policy of a bucket is refused where it cannot be had, and never dropped."""
    monkeypatch.setenv("MINIO_DEFAULT_BUCKETS", "photos:upload")
    with pytest.raises(SystemExit):
        main([])
    assert "photos:upload is not BUCKET:POLICY: expected none, download, public" in capsys.readouterr().err
