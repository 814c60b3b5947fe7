"""Rewrites what is derived from the contract, the settings, the checks and the source: ``tox -e ledger``.

The texts that the files should have are made here and nowhere else; ``tests/house/test_ledger.py`` compares.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
import textwrap
import tomllib
from collections import Counter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract_first.check.run.options import CheckOptions
from contract_first.cli.checking.check import Inputs
from contract_first.cli.checking.outputs import Outputs
from contract_first.cli.checking.proxy import Files, ProxyOptions
from contract_first.cli.contract import DiffOptions, TypesOptions
from contract_first.cli.lint import LintOptions
from contract_first.cli.mock import MockOutput
from contract_first.cli.options import Process
from contract_first.cli.recordings import MatchOptions
from contract_first.cli.s3 import S3Options as S3CommandOptions
from contract_first.cli.serve import ServeOptions
from contract_first.contract import load_contract as load
from contract_first.generation.requests import Samples
from contract_first.mock.options import MockOptions
from contract_first.mock.responses.page import document
from contract_first.mock.rule_members import On, notes
from contract_first.mock.rule_schemas import descriptions
from contract_first.signatures import fields_of
from scanner_api.settings import MOCKED, Settings
from scanner_contract.loading import PACKAGED, load_contract, packaged_overlays
from scanner_mocks.checks import CHECKS
from scanner_mocks.faults import ScannerEffect, ScannerMatch
from strict_s3.messages.operations import ON_BUCKETS, ON_OBJECTS, STORED
from strict_s3.options import Options as S3Options

sys.path.insert(0, str(Path(__file__).parent))
import s3_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from contract_first.contract import Operation
    from contract_first.mock.rule import Effect, Match
    from strict_s3.messages.operations import Operation as S3Operation

ROOT = Path(__file__).parents[1]
PROMISES = tomllib.loads((ROOT / "tools" / "promises.toml").read_text("utf-8"))
PACKAGES = {
    "contract_first": ROOT / "packages" / "contract-first" / "src",
    "strict_s3": ROOT / "packages" / "strict-s3" / "src",
    "scanner_contract": ROOT / "spec",
    "scanner_api": ROOT / "handlers",
    "scanner_mocks": ROOT / "mocks",
}
"""The folder that has the source of each package."""
BASE_PATH = "/scanner/api/v1"
CURL_LINE = re.compile(r"^# ([A-Z]+) (/\S*)(?: \+)?\n(curl (?:.*\\\n)*.*)$", re.MULTILINE)
WIDTH = 119
NOT_RUN = "<!-- not run: another test calls each, with identifiers of its own -->"


def table(text: str, header: str, rows: Iterable[str]) -> str:
    """Return a Markdown text with other rows in the table that has this header.

    Raises:
        ValueError: there is no such table.
    """
    head, found, rest = text.partition(f"{header}\n")
    if not found:
        raise ValueError(f"no table with the header {header}")
    separator, *lines = rest.splitlines(keepends=True)
    after = next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return "".join([head, found, separator, *(f"{row}\n" for row in rows), *lines[after:]])


def section(text: str, heading: str, lines: Iterable[str]) -> str:
    """Return a Markdown text with other lines below a heading, up to the next heading or the end.

    Raises:
        ValueError: there is no such heading.
    """
    head, mark, rest = text.partition(f"{heading}\n")
    if not mark:
        raise ValueError(f"no heading {heading}")
    after = re.search(r"^##+ ", rest, re.MULTILINE)
    end = f"\n{rest[after.start() :]}" if after else ""
    return "".join([head, mark, "\n", *(f"{line}\n" for line in lines), end])


def entry(text: str) -> str:
    """Return an entry of a list in lines of a page's width."""
    return fill(text, "- ", "  ")


def fill(text: str, first: str = "", others: str = "") -> str:
    """Return a paragraph in lines of a page's width; what stands between backticks is not broken."""
    glued = re.sub(r"`[^`]+`", lambda code: code[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(
        glued,
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace("\0", " ")


def digests(text: str) -> str:
    """Return the source of the contract's loading with the digests of both variants, which are valid.

    Raises:
        ContractError: one is not valid.
    """
    variants = [load(PACKAGED, packaged_overlays(extensions=each)).digest for each in (True, False)]
    known = "".join(f'    "{digest}",\n' for digest in variants)
    return re.sub(r"(?<=^KNOWN_VALID = \{\n).*?(?=^\}$)", known, text, flags=re.DOTALL | re.MULTILINE)


def operations(text: str) -> str:
    """Return the page of the operations with a curl line for each."""
    block = [NOT_RUN, "```sh", *operation_lines(text), "```"]
    return section(text, "## Each operation", block)


def settings(text: str) -> str:
    """Return the page of the settings with an entry for each."""
    return section(text, "## All settings", map(entry, setting_entries(Settings.model_fields)))


def operation_lines(text: str) -> list[str]:
    """Return a curl line for each operation: those of the text, then a draft for each new one."""
    curls = {(method, path): curl for method, path, curl in CURL_LINE.findall(text)}
    vendors = {(each.method, each.path) for each in load_contract(extensions=False).operations}
    by_place = {
        (each.method.upper(), each.path.removeprefix(BASE_PATH)): each for each in load_contract().operations
    }
    places = [place for place in curls if place in by_place]
    places += [place for place in by_place if place not in curls]
    lines = []
    for method, path in places:
        operation = by_place[method, path]
        mark = "" if (operation.method, operation.path) in vendors else " +"
        line = curls.get((method, path)) or draft(operation, method, path)
        lines += [f"# {method} {path}{mark}", line]
    return lines


def draft(operation: Operation, method: str, path: str) -> str:
    """Return a curl line to begin with: variables in the path, and the body of a sample."""
    target = re.sub(r"(\w+)/\{(\w+)\}", lambda match: f"{match[1]}/${variable(match[1], match[2])}", path)
    options = ""
    if operation.request_body is not None:
        sample = Samples(load_contract()).request(operation)
        options = f" --json {shlex.quote(json.dumps({} if sample is None else sample.body))}"
    if method != ("POST" if options else "GET"):
        options = f" -X {method}{options}"
    credential = '-H "$AUTH" ' if operation.security else ""
    return f'curl {credential}"$V1{target}"{options}'


def variable(segment: str, parameter: str) -> str:
    """Return the variable of a path parameter: SESSION for ``session_id``, and ``id`` after ``sessions``."""
    own = parameter.removesuffix("short_id").removesuffix("id").removesuffix("_")
    return (own or segment.removesuffix("s")).upper()


def responses(_: str) -> str:
    """Return the page of the responses, whose lines have a page's width."""
    lines = document(load_contract()).splitlines()
    return "".join(f"{entry(line[2:]) if line.startswith('- ') else fill(line)}\n" for line in lines)


def setting_entries(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield an entry for each field of the settings: its variable, default and description."""
    for name, field in fields.items():
        default = field.default if field.default not in (None, "", ()) else None
        code = default if isinstance(default, str) else json.dumps(default)
        value = "" if default is None else f" (`{code}`)"
        only = "" if name in MOCKED else " `serve` only."
        yield f"`SCANNER_{name.upper()}`{value}: {field.description}{only}"


def mock_options(_: str) -> str:
    """Return the page of the options of mocks."""
    return options_page(
        "# Options of mocks",
        "A file [mock.toml](mock.md#one-file-mocktoml) has the same names.",
        {"mock": (MockOptions, Process, MockOutput), "s3": (S3Options, Process, S3CommandOptions)},
    )


def command_options(_: str) -> str:
    """Return the page of the options of commands about contracts."""
    file = "[contract-first.toml](checks.md#in-a-ci-that-leaves-it-switched-on)"
    return options_page(
        "# Options of commands",
        f"{file} has those of `check`, `proxy`, `lint` and `diff` by the same names.",
        {
            "check": (CheckOptions, Inputs, Outputs),
            "serve": (ServeOptions,),
            "proxy": (ProxyOptions, Files, MatchOptions),
            "contract lint": (LintOptions, Outputs),
            "contract diff": (DiffOptions,),
            "contract types": (TypesOptions,),
        },
    )


def options_page(title: str, sentence: str, records: Mapping[str, Iterable[Any]]) -> str:
    """Return a page with the options of commands, by the records that declare them."""
    what = "Of functions they are the arguments; one without dashes is for Python alone."
    text = f"{title}\n\n{fill(f'{what} {sentence}')}\n"
    for command, of_command in records.items():
        fields = {name: field for record in of_command for name, field in fields_of(record).items()}
        entries = "\n".join(entry(option_entry(name, field)) for name, field in fields.items())
        text += f"\n## {command}\n\n{entries}\n"
    return text


def option_entry(name: str, field: Any) -> str:
    """Return an option's flag, or its argument's name, and what it is for."""
    flags = (field.flag.names or (f"--{name.replace('_', '-')}",)) if field.flag else (name,)
    text = re.sub(r"\$\{variables\}", "$CHECK", field.help).replace("``", "`")
    return f"{', '.join(f'`{flag}`' for flag in flags)}: {text[:1].upper()}{text[1:]}"


def checks(text: str) -> str:
    """Return the page of the checks with a section for each."""
    return text[: text.index("\n## ")] + "".join(map(check_section, CHECKS))


def check_section(check: Any) -> str:
    """Return the section of a check: its sentence, its severity, where it is promised, and its rules."""
    promised = f"`{PROMISES[check.name][0]}`" if check.name in PROMISES else check.source
    paragraph = fill(f"{check.sentence} Severity: {check.severity.value}. Source: {promised}.")
    rules = "\n".join(entry(f"**{rule}**: {holds}.") for rule, holds in check.rules.items())
    return f"\n## {check.name}\n\n{paragraph}\n\n{rules}\n"


def faults(text: str) -> str:
    """Return the page of faults with an entry for each effect, and for each selector of requests."""
    text = section(text, "### Effects", map(entry, member_entries(ScannerEffect)))
    return section(text, "### Selectors", map(entry, member_entries(ScannerMatch)))


def member_entries(part: type[Effect | Match]) -> Iterator[str]:
    """Yield an entry for each member of a part of rules: its description, and for which server it is."""
    texts, only = descriptions(part), {On("api"): " On the API only.", On("s3"): " On S3 only."}
    for name in part.__struct_fields__:
        servers = [only[note] for member, note in notes(part) if member == name and note in only]
        yield f"`{name}`: {texts[name]}{''.join(servers)}"


def s3_operations(text: str) -> str:
    """Return the page of S3's operations with a row for each, in a table for each kind of effect."""
    for target, operations in (("a bucket", ON_BUCKETS), ("an object", ON_OBJECTS)):
        tables: dict[str, list[str]] = {"": [], ", stored only": [], ", refused": []}
        for place, operation in operations.items():
            effect = "" if place[1] not in STORED else ", stored only"
            tables[effect if operation.is_served else ", refused"].append(s3_row(*place, operation))
        for effect, rows in tables.items():
            if rows:
                text = table(text, f"| of {target}{effect} | operation | actions | ACL |", rows)
    return text


def s3_row(method: str, selector: str, operation: S3Operation) -> str:
    """Return the row of an operation of S3: its request, name, actions and permission."""
    parameter = selector or ("list-type=2" if method == "LIST" else "")
    http_method = {"LIST": "GET", "COPY": "PUT"}.get(method, method)
    request = f"`{http_method} ?{parameter}`" if parameter else f"`{http_method}`"
    if method == "COPY":
        request += " of a copy"
    elif method == "LIST" and selector:
        request += ", all"
    actions = ", ".join(operation.actions).replace("*", "[Version]")
    return f"| {request} | {operation.name} | {actions} | {operation.permission} |".replace("  |", " |")


def banner(text: str) -> str:
    """Return the README with the number of operations in the mock's banner."""
    return re.sub(
        r"(?<=^Scanner API mock: )\d+", str(len(load_contract().operations)), text, flags=re.MULTILINE
    )


def architecture(text: str) -> str:
    """Return ARCHITECTURE.md with the layers of each package, as import-linter's contracts have them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    pictures = [
        entry(f"`{', '.join(contract.get('containers', ['packages']))}`: {', '.join(contract['layers'])}")
        for contract in contracts
        if contract["type"] == "layers"
    ]
    explanation = fill(
        "A module imports from what comes after it; `|` stands between those that are independent."
    )
    return section(text, "## Layers", [explanation, "", *pictures])


def rooms() -> Counter[str]:
    """Return the lines of code of each room, which is a package or a folder directly below it."""
    lines: Counter[str] = Counter()
    for name, folder in PACKAGES.items():
        for file in (folder / name).rglob("*.py"):
            lines["/".join(file.relative_to(folder).parts[:-1][:2])] += code_lines(file)
    return lines


def code_lines(file: Path) -> int:
    """Return how many lines of a module are neither blank nor a comment nor part of a docstring."""
    text = file.read_text("utf-8")
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return sum(
        bool(line.strip()) and line.strip()[0] != "#" and number not in prose for number, line in lines
    )


DERIVED: Mapping[str, Callable[[str], str]] = {
    "README.md": banner,
    "ARCHITECTURE.md": architecture,
    "spec/scanner_contract/loading.py": digests,
    "docs/faults-and-journal.md": faults,
    "docs/operations.md": operations,
    "docs/settings.md": settings,
    "docs/responses.md": responses,
    "docs/check-rules.md": checks,
    "docs/s3-operations.md": s3_operations,
    "docs/mock-options.md": mock_options,
    "docs/command-options.md": command_options,
    "packages/strict-s3/src/strict_s3/buckets/shapes.json": lambda _: s3_shapes.text(),
}
"""What makes of each file's present text the text that it should have."""


def main() -> None:
    """Rewrite what is out of date, name it, and print the lines of code by room."""
    for name, derive in DERIVED.items():
        file = ROOT / name
        text = file.read_text("utf-8")
        if (expected := derive(text)) != text:
            file.write_text(expected, "utf-8")
            sys.stdout.write(f"rewritten: {name}\n")
    lines = rooms()
    for room in sorted(lines):
        sys.stdout.write(f"{lines[room]:7,} {room}\n")
    sys.stdout.write(f"{lines.total():7,} lines of code\n")
    if find_spec("cognitive_complexity"):  # of the group house
        complexity = import_module("complexity")
        count = len(complexity.hard_functions())
        sys.stdout.write(f"{count:7,} functions of a complexity over {complexity.MOST}\n")


if __name__ == "__main__":
    main()
