import base64
import json

import pytest

from contract_first.check.har import har as journal_har
from contract_first.check.har import read_har
from contract_first.check.validation import HarError, validate_har
from contract_first.contract import Contract

HERE = "https://api.example/v1"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def pairs(fields):
    """Return a mapping as HAR spells it."""
    return [{"name": name, "value": value} for name, value in fields.items()]


def entry(
    method="GET", path="/things", status=200, *, base=HERE, request=None, content=None, headers=None, **asked
):
    """Return an entry, by default one that conforms to the contract."""
    content = {"size": 2, "mimeType": JSON, "text": "[]"} if content is None else content
    headers = {"X-Total": "0", "Content-Type": JSON} if headers is None else headers
    return {
        "startedDateTime": "2024-01-01T00:00:00.000Z",
        "time": 1.5,
        "request": {"method": method, "url": base + path, "headers": pairs(request or {}), **asked},
        "response": {"status": status, "headers": pairs(headers), "content": content},
    }


def added(post_data, **request):
    """Return an entry that sends a body."""
    made = {"size": 1, "mimeType": JSON, "text": '{"name":"a"}'}
    return entry("POST", "/things", 201, request={"X-Key": "k", **request}, content=made, postData=post_data)


@pytest.fixture
def report_on(tmp_path, document):
    """Return what validates a HAR file with these entries."""

    def validator(*entries, base_url=None, raw=None):
        path = tmp_path / "traffic.har"
        path.write_bytes(json.dumps({"log": {"entries": entries}}).encode() if raw is None else raw)
        return validate_har(path, Contract(document, "things.json"), base_url)

    return validator


def summary(report):
    """Return side, part, place and rule of each finding."""
    return [(each.check, each.part, each.where, each.rule) for each in report.findings]


def test_traffic_that_conforms_to_the_contract_has_no_findings(report_on):
    """What was recorded as the contract wants it exercises it, and breaks nothing."""
    report = report_on(entry(path="/things?kind=old"), added({"mimeType": JSON, "text": '{"name":"a"}'}))
    assert summary(report) == []
    assert (report.traffic.exchanges, report.traffic.validated, report.exit_code) == (2, 2, 0)
    counts = {each.operation: each for each in report.traffic.coverage}
    assert counts["list_things"].statuses == {"200": 1, "204": 0}
    assert counts["list_things"].parameters["query kind"] == 1
    assert counts["list_things"].values["query kind"] == {'"new"': 0, '"old"': 1}


def test_statuses_that_share_a_response_are_counted_apart(report_on, document):
    """A response that two statuses refer to is exercised for the status that was sent alone."""
    document["components"]["responses"]["Empty"] = {"description": ""}
    shared = {"$ref": "#/components/responses/Empty"}
    document["paths"]["/things"]["get"]["responses"] |= {"403": shared, "404": shared}
    report = report_on(entry(status=404, content={"size": 0}, headers={}))
    counts = {each.operation: each for each in report.traffic.coverage}
    assert counts["list_things"].statuses == {"200": 0, "204": 0, "403": 0, "404": 1}


def test_traffic_that_violates_the_contract_is_found(report_on):
    """Each kind of violation is reported once, with how often and where it was first seen."""
    wrong = entry(path="/things?limit=11", content={"size": 4, "mimeType": JSON, "text": "[[]]"})
    report = report_on(entry(), wrong, wrong)
    assert summary(report) == [("request", "query", "limit", "maximum"), ("response", "body", "/*", "type")]
    assert [each.seen for each in report.findings] == [2, 2]
    assert [each.number for each in report.findings[0].examples] == [2, 3]
    assert report.traffic.exit_code("request") == report.traffic.exit_code("response") == 1


@pytest.mark.parametrize(
    "post_data",
    [
        {"mimeType": JSON, "text": '{"name":"a"}'},
        {"mimeType": "", "text": base64.b64encode(b'{"name":"a"}').decode(), "encoding": "base64"},
        {"mimeType": FORM, "params": [{"name": "name", "value": "a b"}]},
        {"mimeType": FORM, "text": "name=a+b", "params": [{"name": "name", "value": "a+b"}]},
        {
            "mimeType": "multipart/form-data; boundary=x",
            "params": [{"name": "file", "fileName": 'a"b.jpg', "contentType": "image/jpeg"}],
        },
        {
            "mimeType": "multipart/form-data; boundary=x",
            "text": '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n--x--\r\n',
        },
    ],
)
def test_bodies_are_read_however_they_were_written_down(report_on, post_data):
    """Text, base64, the fields of a form and the parts of one are all a request's body."""
    header = {"Content-Type": post_data["mimeType"] or JSON}
    assert summary(report_on(added(post_data, **header))) == []
    assert summary(report_on(added(post_data | {"mimeType": header["Content-Type"]}))) == []


def test_a_form_that_violates_the_contract_is_found_by_its_fields(report_on):
    """The fields of a form are validated by the schema."""
    report = report_on(added({"mimeType": FORM, "params": [{"name": "size", "value": "x"}]}))
    assert ("request", "body", "", "required") in summary(report)
    assert ("request", "body", "/size", "type") in summary(report)


@pytest.mark.parametrize(
    "changes",
    [
        {"content": {"size": 2, "mimeType": JSON}},
        {"content": {"size": -1, "mimeType": JSON}},
        {"content": {}},
        {"content": {"size": None, "text": None}},
        {"content": {"size": 1e300, "mimeType": JSON}},
    ],
)
def test_a_body_that_was_not_recorded_is_not_validated(report_on, changes):
    """A missing text is no empty body; head and request are validated all the same."""
    report = report_on(entry(path="/things?limit=11", **changes))
    assert summary(report) == [("request", "query", "limit", "maximum")]
    assert sum(report.traffic.unvalidated.values()) == 1


def test_an_unrecorded_request_body_is_not_validated(report_on):
    """A request that tells of a body that is not there is validated without it."""
    for request in (added(None) | {}, added({"mimeType": JSON})):
        request["request"]["bodySize"] = 12
        assert summary(report_on(request)) == []
    assert summary(report_on(added(None, **{"content-length": "12"}))) == []
    assert summary(report_on(added(None))) == [("request", "body", "", "required")]


def test_recorded_bodies_are_decoded_already(report_on):
    """What tools have unpacked is not unpacked again, whatever the fields say."""
    headers = {"X-Total": "0", "content-encoding": "br", "content-type": JSON}
    assert summary(report_on(entry(headers=headers))) == []
    text = base64.b64encode(b"[]").decode()
    assert summary(report_on(entry(content={"size": 2, "text": text, "encoding": "base64"}))) == []


def test_pseudo_fields_and_cookies_are_understood(report_on):
    """HTTP/2's pseudo-header fields are none of the request's, and cookies may stand apart."""
    found = report_on(entry(request={":method": "GET", ":path": "/x"}, cookies=pairs({"theme": "dark"})))
    assert summary(found) == [("request", "cookie", "theme", "maxLength")]


def test_other_hosts_are_left_out_and_counted(report_on):
    """Pages, analytics and storage are not the API; its own paths are, wherever they are served."""
    report = report_on(
        entry(),
        entry(base="http://localhost:8000"),
        entry(path="/collect?id=1", base="https://tracker.test"),
        entry(path="/collect?id=2", base="https://tracker.test"),
        entry(path="x", base="data:"),
        entry(path="/undocumented"),
    )
    assert report.traffic.left_out == {"tracker.test": 2, "data": 1}
    assert summary(report) == [("request", "operation", "GET", "undocumented")]


def test_a_base_url_says_what_is_validated(report_on):
    """With a base URL what is at its origin is validated, not even the contract's own server."""
    staging = "https://Staging.example:443/api"
    report = report_on(
        entry(base="https://staging.example/api"),
        entry(path="/x", base="https://staging.example"),
        entry(),
        base_url=staging,
    )
    assert (report.traffic.exchanges, report.traffic.left_out) == (2, {"api.example": 1})
    assert summary(report) == [("request", "operation", "GET", "undocumented")]


def test_what_was_blocked_has_no_response(report_on):
    """Browsers write status 0 where there was no response, some -1."""
    report = report_on(entry(status=0, headers={}, content={}), entry(status=-1, headers={}, content={}))
    assert (report.traffic.without_response, summary(report)) == (2, [])


def test_nothing_to_validate_is_no_success(report_on):
    """A file without a single exchange with the API must not pass."""
    assert report_on().exit_code == 2
    assert report_on(entry(path="/other", base="https://tracker.test")).exit_code == 2


def test_secrets_in_urls_are_masked(report_on):
    """What is reported of an exchange does not tell its secrets."""
    report = report_on(entry(path="/things?limit=99&token=hunter2"))
    assert b"hunter2" not in report.json()
    assert b"limit=99" in report.json()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not HAR 1.2"),
        (b'{"log": {}}', "entries"),
        (b'{"log": {"entries": [{"request": {"method": "GET"}}]}}', "url"),
        (b'{"log": {"entries": [1]}}', "entries[0]"),
        (b"[" * 100_000, "not HAR 1.2"),
        (b'{"x": ' * 1_000_000, "nested too deeply"),  # Python 3.14 reads 100,000
    ],
)
def test_a_broken_file_is_refused_with_where_and_why(report_on, raw, said):
    """What cannot be read is an error that names the place, whatever is in the file."""
    with pytest.raises(HarError) as error:
        report_on(raw=raw)
    assert said in str(error.value)


def test_a_body_that_is_not_base64_is_refused(report_on):
    """A text that is not what it says it is ends in an error that names the entry."""
    with pytest.raises(HarError, match=r"entries\[1\].*base64"):
        report_on(entry(), entry(content={"text": "é", "encoding": "base64"}))


def test_a_file_beyond_the_limit_is_refused(report_on, monkeypatch):
    """Nobody reads a file of any length into memory."""
    monkeypatch.setattr("contract_first.check.har.MOST_BYTES", 10)
    with pytest.raises(HarError, match="longer than 10 bytes"):
        report_on(entry())


def test_more_entries_than_the_limit_are_refused(report_on, monkeypatch):
    """The file may be short all the same; what is in the entries is not looked at before."""
    monkeypatch.setattr("contract_first.check.har.MOST_ENTRIES", 2)
    assert report_on(entry(), entry()).exit_code == 0
    with pytest.raises(HarError, match="more than 2 entries; validate parts of it"):
        report_on(raw=b'{"log": {"entries": [0, 0, 0]}}')


@pytest.mark.parametrize(
    "member",
    [{"headers": []}, {"cookies": []}, {"postData": {"params": []}}],
)
def test_pairs_beyond_the_limit_are_refused(report_on, monkeypatch, member):
    """A few bytes of JSON are a large object each: they are not read."""
    monkeypatch.setattr("contract_first.check.har.MOST_IN_PAIRS", 1000)
    text = json.dumps(
        {
            "log": {
                "entries": [{"request": {"method": "GET", "url": "/", **member}, "response": {"status": 200}}]
            }
        }
    )
    assert report_on(raw=text.encode()).traffic.exchanges == 0
    with pytest.raises(
        HarError, match=r"entries\[0\] has header fields, cookies or fields of more than 1000"
    ):
        report_on(raw=text.replace("[]", f"[{'0,' * 500}0]").encode())


def test_a_body_beyond_the_limit_is_not_validated(report_on, monkeypatch):
    """Whether its content coding was removed, or it had none."""
    monkeypatch.setattr("contract_first.check.validation.content_codings.MOST_BYTES", 10)
    report = report_on(entry(content={"text": "[" + "1," * 10 + "1]", "mimeType": "application/json"}))
    assert report.traffic.unvalidated == {
        "the response's body is not validated: it is longer than 10 bytes": 1
    }


def test_bodies_beyond_the_limit_of_all_are_not_validated(report_on, monkeypatch):
    """Smaller ones behind them still are, as far as there is room."""
    monkeypatch.setattr("contract_first.check.validation.traffic.MOST_IN_BODIES", 10)
    large = {"text": "[" + "1," * 8 + "1]", "mimeType": JSON}
    report = report_on(
        entry(content=large), entry(content=large), entry(content={"text": "[1]", "mimeType": JSON})
    )
    reason = "with those before it, it has too many values; validate parts of the file"
    assert report.traffic.unvalidated == {f"the response's body is not validated: {reason}": 1}
    assert [each.seen for each in report.findings] == [9 + 1]


def test_a_body_beyond_the_limit_is_not_decoded(monkeypatch, tmp_path):
    """Of text and of base64 there is as much as says that it is too long."""
    file = tmp_path / "long.har"
    for text, encoding in (("ab" * 100, None), (base64.b64encode(b"ab" * 100).decode(), "base64")):
        content = {"text": text, "encoding": encoding, "mimeType": "text/plain"}
        file.write_text(json.dumps({"log": {"entries": [entry(content=content)]}}))
        (whole,) = read_har(file)
        assert whole.response.body == b"ab" * 100
        monkeypatch.setattr("contract_first.check.har.MOST_IN_BODY", 40)
        (exchange,) = read_har(file)
        assert len(exchange.response.body) <= 40
        monkeypatch.undo()


def test_a_byte_order_mark_is_passed_over(report_on):
    """Some tools write one."""
    raw = b"\xef\xbb\xbf" + json.dumps({"log": {"entries": [entry()]}}).encode()
    assert report_on(raw=raw).exit_code == 0


def test_what_our_own_journal_writes_can_be_read(report_on, listed, message):
    """The mock's and the proxy's archives come out as they went in, binary bodies too."""
    exchanges = [listed("/v1/things?limit=11"), listed(response=message(b"\xff", {"X-Total": "1"}))]
    report = report_on(raw=json.dumps(journal_har(exchanges)).encode())
    assert summary(report) == [
        ("request", "query", "limit", "maximum"),
        ("response", "media type", "", "undocumented"),
    ]


def test_a_body_that_was_cut_is_not_validated(report_on, listed, message):
    """A body that was not kept whole breaks nothing; its head is validated."""
    cut = message(b"[1, ", {"X-Total": "x", "Content-Type": JSON}, body_bytes=99)
    report = report_on(raw=json.dumps(journal_har([listed(response=cut)])).encode())
    assert summary(report) == [("response", "header", "X-Total", "schema")]
    assert sum(report.traffic.unvalidated.values()) == 1
