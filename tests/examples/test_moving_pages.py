"""The commands of the pages for those who come from another S3, run as they stand."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("from-minio.md", '"state": "online"'),
        ("from-localstack.md", '{"services": {"s3": "running"}, "edition": "strict-s3"}b\'x\''),
        ("from-moto.md", "SignatureDoesNotMatch"),
    ],
)
def test_commands(name, printed, tmp_path):
    """Each line succeeds, on a free port in place of 9000."""
    (block,) = re.findall(r"^```sh\n(.*?)^```$", (DOCS / name).read_text(), re.MULTILINE | re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    of_others = ("AWS_", "MINIO_", "STRICT_S3_")
    environment = {
        variable: text for variable, text in os.environ.items() if not variable.startswith(of_others)
    }
    environment |= {"STRICT_S3_PORT": port, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = "set -e\ntrap 'kill $! 2> /dev/null' EXIT\n" + block.replace(":9000", f":{port}")
    done = subprocess.run(  # noqa: S603 -- our own page
        ["/bin/bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed in done.stdout
