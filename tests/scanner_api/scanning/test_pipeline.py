from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning.scans import pipeline
from scanner_api.scanning.scans.captures import FINAL, Capture, CaptureStatus
from scanner_api.scanning.scans.pipeline import LinkedProduct, StepError

NOW = datetime(2026, 4, 9, tzinfo=UTC)
GTIN = "04006381333931"
PEN = LinkedProduct("pen", "A pen")
URL = "https://example.com/x"


def capture(raw_value="4006381333931", status=CaptureStatus.PENDING, **fields):
    """Return a capture as it is submitted."""
    submitted = {
        "id": "c" * 22,
        "session_id": "s" * 22,
        "status": status,
        "capture_type": "BARCODE",
        "raw_value": raw_value,
        "created": NOW,
    }
    return Capture(**{**submitted, **fields})


def analysis(gtin=None):
    """Return a redirect analysis as far as the pipeline looks at it."""
    return {"final_url": URL, "extracted_gtin": gtin}


def run(started, *, product=None, found=None, resolved=None):
    """Take a capture through all steps and return every status it had, and the end."""
    statuses = []

    def note(step):
        statuses.append(step.status)
        return step

    current = note(pipeline.claim(started, NOW))
    current = note(pipeline.read(current))
    current = note(pipeline.look_up(current, product, NOW))
    if current.status is CaptureStatus.ENRICHING:
        current = note(pipeline.enrich(current))
    if current.status is CaptureStatus.RESOLVING:
        current = note(pipeline.resolve(current, found, resolved, NOW))
    return statuses, current


def test_a_known_product_goes_through_every_state():
    """A scan whose product is known runs in the order of the contract and ends with the product linked."""
    statuses, ended = run(capture(), product=PEN)
    assert statuses == ["PENDING", "LOOKING_UP", "ENRICHING", "RESOLVING", "COMPLETED"]
    assert (ended.gtin, ended.product_short_id, ended.product_name) == (GTIN, "pen", "A pen")
    assert (ended.error_message, ended.processed_at, ended.qr_analysis) == ("", NOW, None)


@pytest.mark.parametrize(
    ("submitted", "message"),
    [
        (capture(), "No product has the GTIN 04006381333931."),
        (capture("4006381333932"), "The check digit of GTIN-13 4006381333932 should be 1."),
        (capture("hello"), "The value names no GTIN."),
        (capture(""), "No barcode was found in the image."),
        (capture("hello", sent_gtin="123"), "A GTIN has 8, 12, 13 or 14 digits."),
    ],
)
def test_a_scan_without_a_product_is_not_found(submitted, message):
    """Each way to have no product ends in NOT_FOUND with its reason."""
    statuses, ended = run(submitted)
    assert statuses == ["PENDING", "LOOKING_UP", "NOT_FOUND"]
    assert (ended.error_message, ended.processed_at) == (message, NOW)


def test_a_url_without_a_product_is_resolved_all_the_same():
    """Where a URL leads is reported even if no product is found."""
    statuses, ended = run(capture(URL), found=analysis())
    assert statuses == ["PENDING", "LOOKING_UP", "RESOLVING", "NOT_FOUND"]
    assert ended.qr_analysis == analysis()
    assert ended.error_message == "The value names no GTIN."


def test_the_end_of_a_redirect_chain_may_name_the_product():
    """A GTIN that the analysis extracts is the capture's, and its product is linked."""
    statuses, ended = run(capture(URL), found=analysis(GTIN), resolved=PEN)
    assert statuses[-1] == "COMPLETED"
    assert (ended.gtin, ended.product_short_id) == (GTIN, "pen")


def test_the_gtin_is_that_of_the_product_that_is_linked():
    """Where the client's GTIN has no product and the chain's has one, the capture is about the chain's."""
    _, ended = run(capture(URL, sent_gtin="96385074"), found=analysis(GTIN), resolved=PEN)
    assert (ended.gtin, ended.product_short_id) == (GTIN, "pen")


def test_an_extracted_gtin_without_a_product_is_named():
    """A chain that names an unknown product is NOT_FOUND with that GTIN."""
    _, ended = run(capture(URL), found=analysis(GTIN))
    assert (ended.status, ended.error_message) == ("NOT_FOUND", f"No product has the GTIN {GTIN}.")


def test_the_product_of_the_scan_is_not_replaced():
    """A capture that is linked keeps its product, whatever the chain says."""
    link = f"https://example.com/01/{GTIN}"
    _, ended = run(capture(link), product=PEN, found=analysis(GTIN), resolved=LinkedProduct("other", "Other"))
    assert ended.product_short_id == "pen"
    assert ended.qr_analysis == analysis(GTIN)


def test_a_failed_analysis_does_not_cost_the_product():
    """A link that cannot be followed still names its product."""
    _, ended = run(
        capture(f"https://example.com/01/{GTIN}"), product=PEN, found={"error_message": "It failed."}
    )
    assert (ended.status, ended.error_message) == ("COMPLETED", "")


def test_the_client_s_gtin_counts_where_the_scan_has_none():
    """A GTIN that the client derived is normalised; one that the scan itself holds goes first."""
    assert pipeline.read(capture("hello", sent_gtin="4006381333931")).gtin == GTIN
    assert pipeline.read(capture("96385074", sent_gtin=GTIN)).gtin == "00000096385074"
    assert pipeline.read(capture("4006381333932", sent_gtin=GTIN)).gtin == ""


def test_identifiers_of_the_scan_join_those_of_the_client():
    """Every application identifier reaches the capture; the scan's word counts."""
    read = pipeline.read(capture(f"(01){GTIN}(10)A", gs1_dl_data={"10": "B", "note": 1}))
    assert read.gs1_dl_data == {"01": GTIN, "10": "A", "note": 1}


@pytest.mark.parametrize(
    ("decoded", "raw_value"),
    [
        ([], ""),
        (["hello"], "hello"),
        (["hello", "4006381333931"], "4006381333931"),
        (["4006381333932", "96385074"], "96385074"),
    ],
)
def test_the_barcode_that_names_a_product_is_taken_from_an_image(decoded, raw_value):
    """Of the values decoded from an image the first with a GTIN becomes the raw value, else the first."""
    assert pipeline.read(capture(""), decoded).raw_value == raw_value


def test_what_the_client_says_it_scanned_goes_before_the_image():
    """A raw value that came with the image is not replaced by what is decoded."""
    assert pipeline.read(capture("hello"), ["4006381333931"]).raw_value == "hello"


def test_a_capture_that_kills_its_worker_three_times_fails():
    """The fourth claim gives up, wherever the earlier ones ended."""
    current = capture()
    for attempt in (1, 2, 3):
        current = pipeline.claim(current, NOW)
        assert (current.status, current.attempts) == ("PENDING", attempt)
        current = pipeline.look_up(pipeline.read(current), PEN, NOW)
    current = pipeline.claim(current, NOW)
    assert (current.status, current.processed_at) == ("FAILED", NOW)
    assert current.error_message == "Processing was started 3 times and did not end."


@pytest.mark.parametrize(
    "status", [CaptureStatus.LOOKING_UP, CaptureStatus.ENRICHING, CaptureStatus.RESOLVING]
)
def test_a_claimed_capture_starts_again(status):
    """Whatever state a crash left it in, a capture starts from PENDING with nothing half done."""
    claimed = pipeline.claim(capture(status=status, product_short_id="pen", error_message="x"), NOW)
    assert claimed == capture(attempts=1)


def test_a_second_run_ends_the_same():
    """Running a capture again from any step gives the same end."""
    _, first = run(capture(), product=PEN)
    _, again = run(pipeline.look_up(pipeline.read(pipeline.claim(capture(), NOW)), PEN, NOW), product=PEN)
    assert pipeline.replace(again, attempts=1) == first


@pytest.mark.parametrize(
    ("submitted", "extracted"),
    [
        (capture("hello", sent_gtin="123", gtin="123"), None),
        (capture("hello", sent_gtin=GTIN, gtin=GTIN), None),
        (capture(URL), "00000096385074"),
        (capture("96385074", sent_gtin=GTIN, gtin=GTIN), None),
    ],
)
def test_a_retry_ends_as_the_first_run_did(submitted, extracted):
    """What a run found out, in the scan or behind it, is not taken for what the client sent."""
    _, first = run(submitted, found=analysis(extracted))
    assert pipeline.retry(first) == submitted
    assert run(pipeline.retry(first), found=analysis(extracted))[1] == first


@pytest.mark.parametrize("status", [CaptureStatus.FAILED, CaptureStatus.NOT_FOUND])
def test_a_retry_is_a_new_start(status):
    """A retried capture is PENDING, its error, attempts and results cleared, what was submitted kept."""
    ended = capture(status=status, error_message="x", processed_at=NOW, attempts=3, qr_analysis=analysis())
    assert pipeline.retry(ended) == capture()


@pytest.mark.parametrize(
    "status", sorted(set(CaptureStatus) - {CaptureStatus.FAILED, CaptureStatus.NOT_FOUND})
)
def test_only_what_ended_without_a_product_is_retried(status):
    """Any other capture refuses, and the message names its status."""
    with pytest.raises(StepError, match=f"this one is {status}"):
        pipeline.retry(capture(status=status))


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_capture_stays_as_it_is(status):
    """No step but retry leads out of a final status."""
    ended = capture(status=status)
    for step in (
        lambda: pipeline.claim(ended, NOW),
        lambda: pipeline.read(ended),
        lambda: pipeline.look_up(ended, PEN, NOW),
        lambda: pipeline.enrich(ended),
        lambda: pipeline.resolve(ended, None, PEN, NOW),
        lambda: pipeline.fail(ended, "x", NOW),
    ):
        with pytest.raises(StepError, match=status):
            step()


@pytest.mark.parametrize("status", sorted(set(CaptureStatus) - FINAL))
def test_any_other_capture_can_fail(status):
    """A capture that is on its way fails with the message for its client."""
    failed = pipeline.fail(capture(status=status), "S3 did not respond.", NOW)
    assert (failed.status, failed.error_message, failed.processed_at) == (
        "FAILED",
        "S3 did not respond.",
        NOW,
    )


@given(st.text(st.characters(codec=None), max_size=500), st.text(max_size=14), st.booleans(), st.booleans())
def test_every_capture_ends(raw_value, gtin, known, resolves):
    """Whatever is submitted, the steps end in COMPLETED with a product or NOT_FOUND with a reason."""
    product = PEN if known else None
    _, ended = run(
        capture(raw_value, gtin=gtin), product=product, found=analysis(), resolved=PEN if resolves else None
    )
    assert ended.status in {"COMPLETED", "NOT_FOUND"}
    assert bool(ended.product_short_id) is (ended.status == "COMPLETED")
    assert bool(ended.error_message) is (ended.status == "NOT_FOUND")
