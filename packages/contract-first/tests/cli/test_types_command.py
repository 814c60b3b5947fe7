"""``contract-first contract types`` prints types of Python."""

from contract_first.contract import load_contract
from contract_first.contract.models import write_models


def test_python(contract, pets, write):
    """What it prints are the types of the contract."""
    result = contract("types", write(pets))
    assert (result.exit_code, result.stdout) == (0, write_models(load_contract(write(pets))))


def test_models(contract, pets, write):
    """--models says what objects are in Python."""
    result = contract("types", write(pets), "--models", "msgspec")
    assert (result.exit_code, result.stdout) == (0, write_models(load_contract(write(pets)), "msgspec"))


def test_check(contract, pets, write, tmp_path):
    """--check exits with 1 where a module and its contract differ, 0 where they do not, 2 without one."""
    path = tmp_path / "models.py"
    pets["components"] = {"schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}}}
    source = write_models(load_contract(write(pets)), "msgspec")
    command = ("types", write(pets), "--models", "msgspec", "--check", path)
    path.write_text(source)
    assert (contract(*command).exit_code, contract(*command).stdout[:15]) == (0, "No differences ")
    path.write_text(source.replace("name:", "title:"))
    result = contract(*command)
    assert result.exit_code == 1
    assert (
        f"{path}: Pet.name: is in the contract alone\n{path}: Pet.title: is not in the contract"
        in result.stdout
    )
    path.write_text("class")
    result = contract(*command)
    assert (result.exit_code, "is no Python" in result.stderr) == (2, True)
    path.unlink()
    assert contract(*command).exit_code == 2
