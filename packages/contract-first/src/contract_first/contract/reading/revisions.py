"""Takes a file of a git revision, with the documents beside and below it, out of the repository."""

import posixpath
import re
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from contract_first.contract.document.errors import UnreadableContractError

PLACE = re.compile(r"([^:\s-][^:\s]*):([^:]+)")
DOCUMENTS = (".yaml", ".yml", ".json")
MOST_BYTES = 200_000_000
EXPECTED = (
    "is neither a file nor one of a git revision; expected REVISION:PATH, of a revision that is fetched, with"
    " a path from the repository's root or one that begins with ./"
)


@contextmanager
def checked_out(source: str) -> Iterator[str]:
    """Yield the file of ``REVISION:PATH``, for as long as the block lasts; any other source as it is.

    The path is one of the repository, or of the working directory if it begins with ``./``, as in git.

    Raises:
        UnreadableContractError: there is no such file, repository or git.
    """
    match = PLACE.fullmatch(source)
    if match is None or "://" in source or Path(source).exists():
        yield source
        return
    revision, path = match.groups()
    root, _, prefix = _git(source, "rev-parse", "--show-toplevel", "--show-prefix").partition("\n")
    folder, name = posixpath.split(
        posixpath.normpath(prefix.strip() + path) if path.startswith(".") else path
    )
    _git(source, "rev-parse", "--verify", "--quiet", f"{revision}:{path}")
    with TemporaryDirectory() as place:
        _extract(source, root, f"{revision}:{folder}", place)
        yield str(Path(place, name))


def _extract(source: str, root: str, tree: str, place: str) -> None:
    """Write the documents of a tree into a folder."""
    command = ["git", "-C", root, "archive", "--format=tar", tree]
    left = MOST_BYTES
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as git:  # noqa: S603 -- the user's own git
        try:
            with tarfile.open(fileobj=git.stdout, mode="r|") as files:
                for member in files:
                    if member.isfile() and member.name.endswith(DOCUMENTS):
                        left -= member.size
                        if left < 0:
                            raise UnreadableContractError(
                                source, f"has documents of more than {MOST_BYTES} bytes beside it"
                            )
                        _save(files, member, Path(place))
        except tarfile.TarError:
            raise UnreadableContractError(source, EXPECTED) from None
        finally:
            git.kill()


def _save(files: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """Write a file below a folder; one whose name leads elsewhere is none of git's."""
    target, content = (place / member.name).resolve(), files.extractfile(member)
    if content is None or not target.is_relative_to(place.resolve()):
        raise tarfile.TarError(member.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.read())


def _git(source: str, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=True, text=True)  # noqa: S603, S607 -- the same
    except OSError as error:
        raise UnreadableContractError(source, f"{EXPECTED}, and git ({error.strerror})") from None
    except (subprocess.CalledProcessError, UnicodeDecodeError):
        raise UnreadableContractError(source, EXPECTED) from None
    return done.stdout
