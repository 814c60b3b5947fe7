"""The banner of ``scanner-api mock``: all that a person may copy."""

from contract_first.cli import banner
from contract_first.contract import Contract
from contract_first.mock.console.page import PATH as CONSOLE
from scanner_mocks import seeds
from scanner_mocks.server import Mock

SESSIONS = "/scanner/api/v1/sessions"


def show(mock: Mock, contract: Contract, *, verbose: bool) -> None:
    """Print the URLs of the mock, and a first command.

    Args:
        verbose: print all that it accepts, and its operations.
    """
    operations = banner.operation_rows(contract)
    title = f"Scanner API mock: {len(operations)} operations. Its keys are public."
    command = f"curl -H 'X-API-Key: {mock.api_key}' {mock.api}{SESSIONS}/{mock.session_id}"
    command = banner.trusting(command, mock.ca)
    if verbose:
        sections = {**_sections(mock), "Operations": operations}
        banner.show(title, sections, command=command, qr=mock.lan)
        return
    note = "--verbose prints all keys, sessions and operations."
    banner.show(title, {"": {**_places(mock), "key": mock.api_key}}, note, command=command, qr=mock.lan)


def _places(mock: Mock) -> dict[str, str]:
    return {
        "API": mock.api,
        "S3": mock.s3,
        "console": f"{mock.api}{CONSOLE}",
        **banner.reach_rows(mock.lan, mock.ca, mock.control),
    }


def _sections(mock: Mock) -> dict[str, dict[str, str]]:
    return {
        "Where": {
            **_places(mock),
            "explorer": f"{mock.api}/docs",
            "bucket": f"{mock.bucket} in {mock.region}",
        },
        "X-API-Key": {
            "of the first organization": mock.api_key,
            "of the second": mock.keys["other_organization"],
            "of a member of both": seeds.USER_KEY,
            "publishable": mock.keys["publishable"],
            "5 requests a minute": mock.keys["limited"],
            "no limit that matters": mock.keys["unlimited"],
            "revoked": mock.keys["revoked"],
            "expired": mock.keys["expired"],
            "good for 12 hours": mock.keys["expiring"],
        },
        "Cookie": {"sessionid": mock.sessionid},
        "Authorization: Bearer": {"": mock.bearer_token},
        "Sessions": {"ACTIVE": mock.session_id, "COMPLETED": mock.completed_session_id},
        "Organizations": {"first": seeds.ORGANIZATION, "second": seeds.OTHER_ORGANIZATION},
        "S3 credentials": {"access key": seeds.S3_ACCESS_KEY, "secret key": seeds.S3_SECRET_KEY},
    }
