"""openapi-python-client writes a client of the contract, and the story runs with it."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import httpx2
import pytest

from scanner_contract import load_contract
from scanner_mocks.drawings.pictures import GTIN

pytestmark = pytest.mark.programs

REQUIREMENTS = Path(__file__).with_name("openapi-python-client.txt")
UNREACHABLE = ("Failed to fetch", "error sending request")
SECONDS = 240
POLLS = 200
POLL_SECONDS = 0.2


def generated(document, folder):
    """Write the client, by the generator in an environment of its own; it goes with no Typer of ours."""
    command = [sys.executable, "-m", "uv", "run", "--isolated", "--no-project", "--quiet"]
    command += ["--python", sys.executable]
    command += ["--with-requirements", str(REQUIREMENTS), "openapi-python-client", "generate"]
    command += ["--path", str(document), "--meta", "none", "--output-path", str(folder), "--fail-on-warning"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603 -- our own
    if any(sign in finished.stderr for sign in UNREACHABLE):
        pytest.skip("needs openapi-python-client from PyPI, which cannot be reached")
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.fixture(scope="module")
def package(document, tmp_path_factory):
    """Return the name of the generated package, which can be imported."""
    folder = tmp_path_factory.mktemp("generated")
    generated(document, folder / "scanner_client")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield "scanner_client"


@pytest.fixture(scope="module")
def models(package):
    """Return the module of the generated models."""
    return import_module(f"{package}.models")


@pytest.fixture
def call(package, scanner_mock):
    """Return what calls an operation by its tag and the end of its operationId, and returns what it gives."""
    operations = {each.operation_id: each for each in load_contract().operations}
    authenticated = import_module(f"{package}.client").AuthenticatedClient(
        base_url=scanner_mock.api,
        token=scanner_mock.api_key,
        prefix="",
        auth_header_name="X-API-Key",
        raise_on_unexpected_status=True,
        httpx_args={"trust_env": False},
    )

    def called(name, *arguments, **keywords):
        (operation,) = (each for each in operations.values() if each.operation_id.endswith(f"_{name}"))
        tag = operation.tags[0].lower().replace(" ", "_").replace("-", "_")
        module = import_module(f"{package}.api.{tag}.{operation.operation_id}")
        return module.sync(*arguments, client=client, **keywords)

    with authenticated as client:
        yield called


def until(ask, is_over):
    """Ask until what is found is over, and return it."""
    for _ in range(POLLS):
        if is_over(found := ask()):
            return found
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"It took too long: {found}")


def test_the_story(call, models, label):
    """The story goes through the client's own models from start to end."""
    session = call(
        "create_session", body=models.SessionCreateSchema(capture_mode=models.CaptureModeEnum.BOTH)
    )
    scan = models.CaptureSubmitSchema(session.id, models.CaptureTypeEnum.BARCODE, GTIN)
    capture = call("create_capture", body=scan)
    ended = until(lambda: call("get_capture", capture.id), lambda found: found.gtin)
    assert ended.product_name == "Chopped Tomatoes 400 g"
    key = uploaded(call, models, session.id, label)
    photo = models.PhotoRegisterSchema(
        key, photo_type=models.PhotoTypeEnum.INGREDIENTS, capture_short_id=capture.id
    )
    assert call("register_photo", session.id, body=photo).photo_type == models.PhotoTypeEnum.INGREDIENTS
    assert call("submit_session", session.id).status == models.SessionStatusEnum.COMPLETED
    until(lambda: call("get_session_status", session.id), lambda found: found.extraction_status == "ready")
    proposals = {each.field_name: each for each in call("list_proposals", capture.id)}
    accepted = models.ProposalReviewSchema(models.ProposalDecisionEnum.ACCEPTED)
    assert call("review_proposal", proposals["ingredients"].id, body=accepted).status == "ACCEPTED"
    assert [each.field_name for each in call("apply_proposals", capture.id)] == ["ingredients"]


def uploaded(call, models, session_id, label):
    """Put the photo into S3 by the presigned form, and return its key."""
    # the generator takes the vendor's schema of photo_type, an allOf with an inline enum, for an object
    kind = models.AppsScannerApiPhotoEndpointsGetPresignedUploadUrlPhotoType.from_dict(
        {"photo_type": "front"}
    )
    form = call("get_presigned_upload_url", session_id, photo_type=kind)
    response = httpx2.post(
        form.upload_url,
        data=form.upload_fields.to_dict(),
        files={"file": label.read_bytes()},
        trust_env=False,
    )
    assert response.status_code == 201
    return form.s3_key


def test_a_refusal_is_a_problem(call, models):
    """What is refused comes back as the contract's problem, not as an exception or nothing."""
    problem = call("get_session", "unknown")
    assert isinstance(problem, models.ProblemDetails)
    assert (problem.status, problem.error_code) == (422, "validation_error")
