"""Clients of S3 that others wrote, unchanged, with their defaults: each stores, reads, lists and removes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strict_s3 import running

pytestmark = pytest.mark.programs

HERE = Path(__file__).parent / "s3"
UNREACHABLE = ("Failed to fetch", "error sending request")
SECONDS = 240
CURL = """set -e
keys="$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
sign() { curl -sSf --aws-sigv4 "aws:amz:$AWS_REGION:s3" --user "$keys" "$@"; }
printf content > file
sign -T file "$AWS_ENDPOINT_URL_S3/$S3_BUCKET/curl/file"
test "$(sign "$AWS_ENDPOINT_URL_S3/$S3_BUCKET/curl/file")" = content
test "$(sign -r 3-5 "$AWS_ENDPOINT_URL_S3/$S3_BUCKET/curl/file")" = ten
sign "$AWS_ENDPOINT_URL_S3/$S3_BUCKET?list-type=2&prefix=curl" | grep -q '<Key>curl/file</Key>'
sign -X DELETE "$AWS_ENDPOINT_URL_S3/$S3_BUCKET/curl/file"
"""
RCLONE = """set -e
export RCLONE_CONFIG=none RCLONE_CONFIG_S_TYPE=s3 RCLONE_CONFIG_S_PROVIDER=Other RCLONE_CONFIG_S_ENV_AUTH=true
export RCLONE_CONFIG_S_ENDPOINT=$AWS_ENDPOINT_URL_S3 RCLONE_CONFIG_S_REGION=$AWS_REGION
mkdir -p files/folder && head -c 12000000 /dev/urandom > files/large && echo small > "files/folder/small ü"
rclone mkdir s:rclone-bucket
rclone copy files s:rclone-bucket/files --s3-upload-cutoff 6M --s3-chunk-size 5M
rclone check files s:rclone-bucket/files
rclone moveto s:rclone-bucket/files/large s:rclone-bucket/files/moved
rclone copy s:rclone-bucket/files back
cmp files/large back/moved
rclone purge s:rclone-bucket
"""
AWS_CLI_2 = """set -e
export AWS_CONFIG_FILE=none AWS_SHARED_CREDENTIALS_FILE=none AWS_PAGER=
mkdir -p files/folder && head -c 12000000 /dev/urandom > files/large && echo small > "files/folder/small ü"
aws s3 mb s3://cli-bucket
aws s3 sync --no-progress files s3://cli-bucket/files
aws s3 cp --no-progress s3://cli-bucket/files/large s3://cli-bucket/copied
aws s3 cp --no-progress s3://cli-bucket/copied copied
cmp files/large copied
aws s3 ls --recursive s3://cli-bucket | grep -q 'files/folder/small ü'
test "$(curl -sSf "$(aws s3 presign "s3://cli-bucket/files/folder/small ü")")" = small
aws s3api get-object --bucket cli-bucket --key copied --part-number 1 part > part.json
cmp part <(head -c 8388608 files/large)
aws s3 rb --force s3://cli-bucket
"""


@pytest.fixture(scope="module")
def environment():
    """Return the environment in which clients find S3; the machine's own AWS settings are not in it."""
    with running("clients") as s3:
        own = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
        yield {**own, **s3.environment, "S3_BUCKET": s3.buckets[0], "AWS_CONFIG_FILE": os.devnull}


def finished(command, environment, folder):
    """Run a command, and fail with what it printed unless it succeeds."""
    done = subprocess.run(  # noqa: S603 -- our own
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    if any(sign in done.stderr for sign in UNREACHABLE):
        pytest.skip("needs clients from PyPI, which cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("client", ["aws", "s3fs", "minio", "s3cmd"])
def test_python_clients(client, environment, tmp_path):
    """AWS CLI version 1, s3fs, minio-py and s3cmd work."""
    command = [sys.executable, "-m", "uv", "run", "--isolated", "--no-project", "--quiet", "--python"]
    command += [sys.executable, "--with-requirements", str(HERE / "requirements.txt")]
    finished([*command, "python", str(HERE / "clients.py"), client], environment, tmp_path)


def test_the_sdk_for_javascript(environment, npm_project):
    """The AWS SDK for JavaScript v3 works: ranges, parts, streams, lib-storage, presigned URLs and forms."""
    finished(["node", "s3.js"], environment, npm_project(HERE))


def aws_cli_2():
    """Return the folder of AWS CLI version 2, which may come after version 1 on the path; None without it."""
    for folder in os.get_exec_path():
        program = shutil.which("aws", path=folder)
        version = program and subprocess.check_output([program, "--version"], text=True)  # noqa: S603 -- AWS's own
        if version and version.startswith("aws-cli/2."):
            return folder
    return None


def test_aws_cli_2(environment, tmp_path):
    """AWS CLI version 2 works."""
    folder = aws_cli_2()
    if folder is None:
        pytest.skip("needs AWS CLI version 2, which is not on this machine")
    path = f"{folder}{os.pathsep}{environment['PATH']}"
    finished(["bash", "-c", AWS_CLI_2], {**environment, "PATH": path}, tmp_path)


@pytest.mark.parametrize(("program", "script"), [("curl", CURL), ("rclone", RCLONE)])
def test_programs(program, script, environment, tmp_path):
    """curl, which signs by itself, and rclone work."""
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}, which is not on this machine")
    finished(["bash", "-c", script], environment, tmp_path)
