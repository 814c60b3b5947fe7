"""The console in a real browser: every panel does what it shows, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from contract_first.mock import contract_mock
from scanner_contract import load_contract
from scanner_mocks.bucket.aws_session import aws_session
from scanner_mocks.drawings.pictures import draw_tin

pytestmark = pytest.mark.programs

HERE = Path(__file__)
ROOT = HERE.parents[2]
TOKEN = "a token of the tests"
MOST_PICTURE_BYTES = 200 * 1024
RED = "rgb(179, 32, 27)"
PICTURES = os.environ.get("SCANNER_CONSOLE_PICTURES")
"""A folder for the pictures that the README shows, such as ``docs/console``; without it none are made."""
THINGS = """
openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      operationId: list_things
      responses: {"200": {description: All., content: {application/json: {schema: {type: array}}}}}
    post:
      operationId: add_thing
      responses: {"201": {$ref: "#/components/responses/Thing"}}
  /things/{id}:
    get:
      operationId: get_thing
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {$ref: "#/components/responses/Thing"}}
  /things/{id}/a-rather-long-name-of-what-belongs-to-a-thing:
    get:
      operationId: get_parts
      responses: {"200": {content: {application/json: {schema: {type: array}}}}}
    put: none
components:
  schemas: {Thing: {type: object, properties: {id: {type: integer}}}}
  responses:
    Thing: {description: It., content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """Run the mock of another contract, behind a control token."""
    document = tmp_path_factory.mktemp("contract") / "things.yaml"
    document.write_text(THINGS)
    with contract_mock(str(document), control_token=TOKEN, stateful=True, items=0) as running:
        yield running


@pytest.fixture(scope="module")
def seen(mock, foreign, drive, tmp_path_factory):
    """Return what was seen in each scene."""
    pictures = tmp_path_factory.mktemp("pictures")
    photo = pictures / "tin.jpg"
    photo.write_bytes(draw_tin())
    outcomes = drive(
        "console",
        "drive.js",
        MOCK=mock.line(),
        FOREIGN=foreign.api,
        TOKEN=TOKEN,
        PHOTO=str(photo),
        SCREENSHOTS=str(pictures) if PICTURES else "",
    )
    if PICTURES:
        publish(pictures, ROOT / PICTURES)
    return outcomes


def publish(pictures, folder):
    """Keep screenshots where the README finds them, with as many colours as they need."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures.glob("*.png"):
        with Image.open(picture) as image:
            image.convert("RGB").quantize(256).save(folder / picture.name, optimize=True)


def test_a_tour_of_all_pages_leaves_nothing_red(seen):
    """Who looks at console and docs, and uploads a photo, violates nothing, whatever a browser asks for."""
    tour = seen["tour"]
    assert tour["address"] == "/_mock/console"
    assert tour["exchanges"] > 10
    assert (tour["red"], tour["shown"]) == ([], 0)


def test_a_photo_goes_through_the_page(seen, mock):
    """A chosen photo goes into S3 whole before one's eyes, is registered, and is looked at in the gallery."""
    photo = seen["photo"]
    assert photo["progress"] == 1
    assert "<PostResponse>" in photo["answer"]
    assert photo["width"] > 0
    assert photo["inView"]
    s3 = aws_session().client("s3", endpoint_url=mock.s3)
    # the state was reset since then, and restored
    assert s3.get_object(Bucket=mock.bucket, Key=photo["key"])["Body"].read() == draw_tin()
    s3.close()


def test_the_form_is_decoded(seen):
    """The page shows the form's fields, its policy as JSON, and how long it is good."""
    photo = seen["photo"]
    assert ["content-length-range", 1, 20971520] in photo["policy"]["conditions"]
    assert "x-amz-signature" in photo["fields"]
    assert photo["left"].endswith(" left")


def test_photo_types_are_the_contracts(seen):
    """The page offers the photo types that the contract has."""
    schemas = load_contract().document["components"]["schemas"]
    assert seen["photo"]["types"] == schemas["PhotoTypeEnum"]["enum"]


def test_nothing_is_complained_of(seen):
    """No script fails, and the browser names as errors the refusals alone that were asked for."""
    assert seen["photo"]["complaints"] == []
    assert [line for line in seen["complaints"] if not line.startswith("Failed to load resource")] == []


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which is not on this machine")
@pytest.mark.parametrize("where", ["curl", "again"])
def test_curl_is_copied(seen, where):
    """What is copied as curl works in a shell, from the journal too, where the key is masked."""
    silent = seen["snippets"][where].replace("curl ", "curl --silent --fail ", 1)
    done = subprocess.run(silent, shell=True, capture_output=True, check=True)  # noqa: S602 -- as it is pasted
    assert "upload_fields" in json.loads(done.stdout)


def test_fetch_is_copied(seen):
    """What is copied as fetch is the request, and works in a page."""
    assert seen["snippets"]["status"] == 200


def test_the_control_token_is_in_nothing_that_is_copied(seen):
    """What is copied has a variable in the place of the control token, and works once that is set."""
    token = seen["token"]
    assert TOKEN not in token["curl"] + token["fetching"]
    assert '-H "Authorization: Bearer $CONTROL_TOKEN"' in token["curl"]
    assert token["status"] == 201


def test_time_left_is_of_the_form_that_is_shown(seen):
    """Where no form was handed out, no time is left of one."""
    assert seen["refused"] == {"left": False}


def test_what_is_no_picture_is_reported(seen):
    """The gallery says of an object that it is no picture."""
    assert seen["notes"]["shown"] == "no picture"


def test_what_s3_refuses_is_reported(seen):
    """A refusal by S3 is reported in its own sentence, explained and in view; the journal has it too."""
    changed = seen["changed"]
    failed = '["eq", "$Content-Type", "image/jpeg"]'
    sentence = f"AccessDenied Invalid according to Policy: Policy Condition failed: {failed}"
    assert changed["refusal"].startswith(sentence)
    assert "Send every field of the response unchanged." in changed["refusal"]
    assert changed["inView"]
    assert changed["said"] == sentence
    assert ["content-length-range", 1, 20971520] in changed["policy"]["conditions"]


def test_a_page_that_is_loaded_while_a_fault_is_on_is_whole(seen):
    """The page reads the contract where no fault applies."""
    assert seen["dark"]["types"] > 0


def test_a_fault_appears_and_goes(seen):
    """A switch sets a fault that applies, is counted and is explained, and one click ends it."""
    fault = seen["fault"]
    assert "s3_code=SlowDown" in fault["on"]
    assert "SlowDown" in fault["refusal"]
    assert "Wait" in fault["refusal"]
    assert (fault["checked"], fault["standing"]) == (False, 0)


def test_any_fault(seen):
    """The form sets any fault, and shows what the mock says of a wrong one."""
    assert "status=418; operation=get_session; times=2" in seen["anyFault"]["on"]
    assert "/match/operation" in seen["anyFault"]["refusal"]


def test_a_violation_is_red(seen):
    """A violation is reported as it comes, in red, in the contract's words and with where they stand."""
    violation = seen["violation"]
    assert "required" in violation["sentence"]
    assert "/components/schemas/" in violation["sentence"]
    assert violation["colour"] == RED
    assert violation["badge"] == "1"


def test_hostile_content_is_text(seen):
    """Markup in a request is shown as the text that it is."""
    violation = seen["violation"]
    assert "<img src=x onerror" in violation["body"]
    assert "\\u202e" in violation["body"]
    assert "\u202e" not in violation["body"]
    assert violation["images"] == 0
    assert violation["title"] != "taken"


def test_the_journal_is_filtered(seen):
    """The journal shows what is asked for, and is downloaded as HAR."""
    shown = seen["filter"]
    assert len(shown["all"]) > len(shown["s3"]) > 0
    assert shown["violations"] == ["POST"]
    assert "POST" in shown["refused"]
    assert set(shown["text"]) == {"GET"}
    assert shown["har"] == "mock.har"


def test_the_journal_is_bounded(seen):
    """However many exchanges there are, 200 are shown."""
    assert seen["many"]["rows"] == 200


def test_one_upload_at_a_time(seen):
    """Who chooses another photo while one is on its way is not offered to send it yet."""
    assert not seen["meanwhile"]["offered"]
    assert "s3_key" in seen["meanwhile"]["registered"]


def test_a_form_expires_by_the_mocks_clock(seen):
    """An hour by the mock's clock makes a form expire, in the page and in S3."""
    assert "Policy expired" in seen["time"]["refusal"]


def test_a_capture_moves(seen):
    """A scan goes through all states of the pipeline before one's eyes."""
    assert seen["scan"]["moved"] == 5
    assert "COMPLETED" in seen["scan"]["row"]


def test_state_is_reset_and_restored(seen):
    """A reset takes the photos away, and a snapshot brings them back."""
    assert seen["reset"]["there"] > 0
    assert seen["reset"]["again"] == seen["reset"]["there"]
    assert int(seen["reset"]["sent"]) > 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(seen, scheme):
    """axe-core finds nothing serious in any view."""
    assert seen[scheme]["serious"] == []


def test_what_is_not_accessible_is_found(seen):
    """A field without a name is found, so that finding nothing means something."""
    assert any("select-name" in line for line in seen["wrong"]["serious"])


def test_dark(seen):
    """The page is dark where that is preferred."""
    assert seen["dark"]["background"] == "rgb(22, 25, 29)"
    explorer = seen["tour"]["explorer"]
    assert explorer == {"dark": "rgb(28, 32, 34)", "light": "rgba(0, 0, 0, 0)"}


def test_forced_colours(seen):
    """A switch that is on looks other than one that is off, even where colours are forced upon the page."""
    assert seen["forced"]["seen"]


def test_narrow(seen):
    """No view is wider than a screen of 360 pixels; no table is cut, and no link is missing."""
    assert set(seen["narrow"]["widths"].values()) == {360}
    assert (seen["narrow"]["cut"], seen["narrow"]["links"]) == (0, ["Explorer", "Responses"])


def test_keyboard(seen):
    """The panels are reached by keyboard, and whatever has the focus shows it."""
    assert seen["keyboard"] == {"unseen": []}


def test_a_photo_is_dropped(seen):
    """A photo may be dropped anywhere in the page."""
    assert seen["drop"]["chosen"] == "dropped.jpg · 50 B"


def test_what_was_missed_is_caught_up_on(seen):
    """What went over the wire while the page could not listen is shown, once, when it listens again."""
    assert seen["missed"]["rows"] == 1


def test_a_response_is_overridden(seen):
    """At an entry of the journal one says what such requests get, once; what is wrong is said."""
    overridden = seen["overridden"]
    assert (overridden["before"], overridden["statuses"]) == (401, [418, 401])
    assert overridden["refusal"].startswith("Headers are no JSON")
    assert "/scanner/api/v1/sessions" in overridden["standing"]
    assert overridden["violation"].startswith("/body")
    assert "--overrides FILE" in overridden["unsaved"]
    assert overridden["ofOperation"] == 2
    assert overridden["serious"] == []


def test_a_token_is_asked_for(seen):
    """With a control token the page asks for it, and keeps it in the tab alone."""
    assert seen["token"]["kept"] == [[TOKEN], 0, ""]


def test_another_contract(seen):
    """For another contract the page has what there is: no uploads, and no S3 to tell the API from."""
    assert seen["token"]["servers"] == 0
    assert seen["token"]["title"] == "Things"
    assert [link.split()[0] for link in seen["token"]["links"]] == ["Faults", "State", "Journal"]


def test_collections_that_are_remembered(seen):
    """A mock that remembers shows its collections."""
    assert seen["token"]["collections"] == ["/things 0 items by id: create, list, read"]


def test_defects_of_the_contract(seen):
    """Each has file, line and pointer, and what was done; on a phone the list is as wide as the screen."""
    assert seen["defects"]["count"] == "3"
    at = "#/paths/~1things~1{id}~1a-rather-long-name-of-what-belongs-to-a-thing"
    for item, end in zip(
        seen["defects"]["items"],
        [
            f":18{at}/get Path parameter 'id' is in the template and not declared. (repaired)",
            f':20{at}/get/responses/200 "description" is a required property. (repaired)',
            f':21{at}/put "none" is not of type "object". (operation disabled)',
        ],
        strict=True,
    ):
        assert item.endswith(f"things.yaml{end}")
    assert seen["defects"]["width"] == 360


def test_nobody_else_is_asked(seen, mock, foreign):
    """The page talks to the mock and its S3, and to nobody else."""
    assert {origin for origin in seen["asked"] if origin != "null"} == {mock.api, mock.s3, foreign.api}


@pytest.mark.usefixtures("seen")
def test_pictures_are_small():
    """The README's pictures are there, and load fast."""
    folder = ROOT / "docs" / "console"
    sizes = {each.name: each.stat().st_size for each in folder.glob("*.png")}
    assert sorted(sizes) == ["dark.png", "light.png", "narrow.png"]
    assert [name for name, size in sizes.items() if size >= MOST_PICTURE_BYTES] == []
