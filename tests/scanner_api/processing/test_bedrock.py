import asyncio
import io
import json
import runpy
import sys
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from botocore.stub import ANY, Stubber
from PIL import Image

from contract_first.service.messages.problems import ServiceUnavailable
from scanner_api.processing.bedrock import MOST_BYTES, BedrockExtractor, bedrock_client
from scanner_api.scanning.extraction import ExtractionError, LabelPhoto, PhotoValue

http_server = runpy.run_path(str(Path(__file__).parents[2] / "services" / "http_server.py"))["http_server"]

KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
NAME = {
    "field_name": "name",
    "proposed_value": "Oat Drink",
    "confidence": 0.876,
    "reasoning": 'It says "Oat".',
}


def picture(form="PNG", size=(40, 30)):
    """Return an image file."""
    file = io.BytesIO()
    Image.new("RGB", size, "white").save(file, form)
    return file.getvalue()


def response(*content):
    """Return what Converse responds with some blocks of content."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }


def findings(*found):
    """Return the block of content that reports findings."""
    return {"toolUse": {"toolUseId": "1", "name": "report_findings", "input": {"findings": list(found)}}}


@pytest.fixture
def stubbed():
    """Return a client and what its responses are stubbed with."""
    client = bedrock_client("us-west-2", **KEYS)
    with Stubber(client) as stubber:
        yield client, stubber
    client.close()


def extract(client, content=None):
    """Have a photo extracted through a client."""
    extractor = BedrockExtractor("model", "us-west-2", client=client)
    return asyncio.run(extractor.extract(LabelPhoto("k.png", "front", content or picture())))


def test_the_photo_is_sent_with_the_schema_of_the_response(stubbed):
    """Bedrock is given the photo as it is, its label, and one tool that has to be used."""
    client, stubber = stubbed
    sent = {"modelId": "model", "messages": ANY, "toolConfig": ANY, "inferenceConfig": ANY}
    stubber.add_response("converse", response(findings(NAME)), sent)
    requests = []
    client.meta.events.register("provide-client-params.*", lambda params, **_: requests.append(params))
    photo = picture("WEBP")
    assert extract(client, photo) == [PhotoValue("name", "Oat Drink", Decimal("0.88"), 'It says "Oat".')]
    [request] = requests
    image, text = request["messages"][0]["content"]
    assert image == {"image": {"format": "webp", "source": {"bytes": photo}}}
    assert "labelled as its front side" in text["text"]
    assert request["toolConfig"]["toolChoice"] == {"tool": {"name": "report_findings"}}


@pytest.mark.parametrize(
    "content",
    [
        [],
        [{"text": "It is oat drink."}],
        [{"toolUse": {"toolUseId": "1", "name": "report_findings", "input": {}}}],
        [{"toolUse": {"toolUseId": "1", "name": "report_findings", "input": "Oat Drink"}}],
        [findings("Oat Drink")],
        [findings({**NAME, "field_name": "gtin"})],
        [findings({**NAME, "confidence": 2})],
        [findings({**NAME, "proposed_value": ""})],
        [findings({**NAME, "proposed_value": "x" * 2001})],
        [findings({**NAME, "price": 1})],
        [findings(*[NAME] * 7)],
    ],
)
def test_a_bad_response_is_an_error_of_that_photo(stubbed, content):
    """What is not as the schema wants it is no finding, however close it comes."""
    client, stubber = stubbed
    stubber.add_response("converse", response(*content))
    with pytest.raises(ExtractionError, match="not in the requested form"):
        extract(client)


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("ValidationException", ExtractionError),
        ("AccessDeniedException", ExtractionError),
        ("ThrottlingException", ServiceUnavailable),
        ("ModelTimeoutException", ServiceUnavailable),
    ],
)
def test_refusals_are_distinguished_from_outages(stubbed, code, raised):
    """A photo that Bedrock refuses fails; what passes is tried again later."""
    client, stubber = stubbed
    stubber.add_client_error("converse", code, "secret")
    with pytest.raises(raised) as error:
        extract(client)
    assert "secret" not in str(error.value)


def test_what_is_no_image_is_not_sent(stubbed):
    """A file that is no image is an error before anything is asked."""
    client, _ = stubbed
    with pytest.raises(ExtractionError, match="is not a JPEG"):
        extract(client, b"no image")


def test_a_large_photo_is_made_smaller(stubbed):
    """A photo that Bedrock would not take is sent as a smaller JPEG."""
    client, stubber = stubbed
    stubber.add_response("converse", response(findings()))
    requests = []
    client.meta.events.register("provide-client-params.*", lambda params, **_: requests.append(params))
    assert extract(client, picture(size=(9000, 40))) == []
    image = requests[0]["messages"][0]["content"][0]["image"]
    assert image["format"] == "jpeg"
    assert len(image["source"]["bytes"]) < MOST_BYTES
    assert Image.open(io.BytesIO(image["source"]["bytes"])).size[0] == 2000


def test_without_vision_a_large_photo_is_an_error(stubbed, monkeypatch):
    """Without the extra that could make it smaller the error says what would."""
    wide = picture(size=(9000, 40))
    monkeypatch.setitem(sys.modules, "PIL", None)
    client, _ = stubbed
    with pytest.raises(ExtractionError, match="extra `vision`"):
        extract(client, wide)


@contextmanager
def bedrock(*responses):
    """Run an endpoint on loopback that gives these (status, body) in turn; yield its URL and the paths."""
    left, paths = list(responses), []

    def respond(request):
        request.rfile.read(int(request.headers["Content-Length"]))
        paths.append(request.path)
        status, body = left.pop(0)
        content = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        if status != 200:
            request.send_header("x-amzn-ErrorType", "ThrottlingException")
        request.end_headers()
        request.wfile.write(content)

    with http_server(respond) as url:
        yield url, paths


def test_throttling_is_repeated():
    """A throttled request is repeated until it succeeds, on the wire."""
    throttled = (429, {"message": "Too many requests."})
    with bedrock(throttled, throttled, (200, response(findings(NAME)))) as (url, paths):
        client = bedrock_client("us-west-2", endpoint_url=url, **KEYS)
        found = extract(client)
        client.close()
    assert [finding.proposed_value for finding in found] == ["Oat Drink"]
    assert paths == ["/model/model/converse"] * 3


def test_an_endpoint_that_is_not_there_is_an_outage():
    """Where nothing responds the photo is tried again later."""
    client = bedrock_client("us-west-2", endpoint_url="http://127.0.0.1:9", **KEYS)
    with pytest.raises(ServiceUnavailable):
        extract(client)
    client.close()


async def test_a_client_is_made_when_it_is_needed(monkeypatch):
    """Without a client the extractor makes one with the usual credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with bedrock((200, response(findings()))) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
        extractor = BedrockExtractor("model", "us-west-2")
        assert extractor._client is None
        assert (await extractor.extract(LabelPhoto("k.png", "front", picture()))) == []
        extractor._client.close()
