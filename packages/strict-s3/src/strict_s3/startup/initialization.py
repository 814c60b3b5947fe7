"""Scripts that prepare an S3 once it responds, such as those of an image's ``/docker-entrypoint-init.d``."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

SECONDS: Final = 300
"""How long a script may take."""
_PROGRAMS = {".sh": "sh", ".py": sys.executable}


def initialize(folders: Iterable[Path], environment: Mapping[str, str]) -> None:
    """Run the files ``*.sh`` and ``*.py`` of folders, by their names; what they print goes to standard error.

    Args:
        folders: one that does not exist is left out.
        environment: further variables, by which clients find S3.

    Raises:
        OSError: a script cannot be run.
        ValueError: it fails, or takes more than 5 minutes.
    """
    for folder in folders:
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if program := _PROGRAMS.get(file.suffix):
                _run([program, str(file.absolute())], {**os.environ, **environment})


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    try:
        subprocess.run(  # noqa: S603 -- who starts S3 names the folder
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.__stderr__,
            check=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{command[1]} takes more than {SECONDS} seconds.") from None
    except subprocess.CalledProcessError as error:
        raise ValueError(f"{command[1]} ended with exit code {error.returncode}.") from None
