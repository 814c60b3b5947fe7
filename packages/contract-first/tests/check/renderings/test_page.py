"""A report as a page that needs nothing else."""

import re
from html.parser import HTMLParser

from contract_first.check.reports.page import page

VOID = {"meta", "wbr"}


class Outline(HTMLParser):
    """What elements a page has, and that each is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        """Take an element."""
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close an element."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Take a text."""
        self.text.append(data)


def outline(report):
    """Return the outline of a report's page."""
    parser = Outline()
    parser.feed(page(report))
    parser.close()
    assert parser.open == []
    return parser


def test_a_page_loads_nothing(wrong):
    """No element and no style names another file, and a policy forbids it besides."""
    found = outline(wrong)
    assert not {name for _, attributes in found.elements for name in attributes} & {"src", "srcset", "data"}
    assert not re.search(r"url\(|@import", page(wrong))
    assert all(attributes["href"].startswith("#") for tag, attributes in found.elements if tag == "a")
    policies = [attributes["content"] for tag, attributes in found.elements if "http-equiv" in attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_no_text_is_taken_for_an_element(wrong):
    """What a server said is shown, not obeyed."""
    found = outline(wrong)
    assert "script" not in {tag for tag, _ in found.elements}
    assert any("<script>alert('1')</script>" in text for text in found.text)


def test_each_operation_has_its_response_times(right):
    """The row of an operation says how long half, most and all of its responses took."""
    rows = re.findall(r"<tr><th scope.*?</tr>", page(right))
    assert len(rows) == len(right.operations)
    for row in rows:
        assert re.findall(r'<td class="number">(.*?)</td>', row) == ["3", "3.2 ms", "251 ms", "251 ms"]


def test_a_finding_has_a_curl_line(wrong):
    """What repeats a finding stands in an element of its own, so that it is selected as a whole."""
    assert '<pre class="curl">curl -X GET &#x27;http://a.example/v1/things&#x27;</pre>' in page(wrong)


def test_a_page_is_for_light_and_dark(right):
    """The page follows the reader's colour scheme."""
    assert "color-scheme: light dark" in page(right)
