"""The reader of forms: it cuts where the boundary says, whatever the packets."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_s3.http.form import MAX_FIELDS_BYTES, Form
from strict_s3.messages.errors import S3Error

TYPE = 'multipart/form-data; charset=utf-8; boundary="b b"'


class Trickle(io.BytesIO):
    """A stream that gives few bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self._step = step

    def read(self, size: int | None = -1) -> bytes:
        """Read no more than a step, as a socket does."""
        return super().read(min(size or 0, self._step))


def part(disposition: str, value: bytes, more: str = "") -> bytes:
    """Return one part of a form."""
    return f"--b b\r\nContent-Disposition: form-data; {disposition}{more}\r\n\r\n".encode() + value + b"\r\n"


def read(body: bytes, step: int = 100_000, content_type: str = TYPE) -> tuple[Form, bytes]:
    """Return the form, read to its end, and its file."""
    form = Form(Trickle(body, step), content_type, len(body))
    form.read_fields()
    return form, b"".join(form.file_blocks())


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_file_in_any_packets(content, step):
    """A file comes out as it went in, even one full of line ends and near-boundaries."""
    content = b"\r\n--b" + content.replace(b"--b b", b"") + b"\r\n--"
    body = part('name="key"', b"k") + part('name="file"; filename="f"', content) + b"--b b--"
    form, file = read(body, step)
    assert (form.fields, file) == ({"key": "k"}, content)


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ('name="key"', {"key": "v"}),
        ("name=key", {"key": "v"}),
        ('NAME="KeY"; filename="x"', {"key": "v"}),
        ('filename="key"; name="other"', {"other": "v"}),
        ('filename="key"', {}),
        ('name=""', {}),
    ],
)
def test_names_of_parts(disposition, expected):
    """A part is called what its `name` says, in any case and quoted or not; one without is passed over."""
    form, _ = read(part(disposition, b"v") + part('name="file"', b"") + b"--b b--")
    assert form.fields == expected


@pytest.mark.parametrize(
    ("filename", "replaced"),
    [
        ('"a\\"b.png"', 'a"b.png'),
        ('"a;b.png"', "a;b.png"),
        ("plain.png", "plain.png"),
        ('"C:\\\\dir\\\\c.png"', "c.png"),
        ('"../../up.png"', "up.png"),
    ],
)
def test_file_names(filename, replaced):
    """`${filename}` is the last step of the file's name, in every field but the policy and its signature."""
    body = (
        part('name="key"', b"a/${filename}/${filename}")
        + part('name="policy"', b"${filename}")
        + part(f'name="file"; filename={filename}', b"")
        + b"--b b--"
    )
    form, _ = read(body)
    assert form.fields == {"key": f"a/{replaced}/{replaced}", "policy": "${filename}"}


def test_fields_of_one_name_are_joined():
    """Fields of one name become a comma-separated list, so that none hides behind another."""
    form, _ = read(
        part('name="key"', b"a") + part('name="KEY"', b"b") + part('name="file"', b"") + b"--b b--"
    )
    assert form.fields == {"key": "a,b"}


def test_preamble_and_headers():
    """What comes before the first boundary, and other headers of a part, do not matter."""
    body = b"hello\r\n" + part('name="key"', b"k", "\r\nContent-Type: text/plain") + part('name="file"', b"x")
    form, file = read(body + b"--b b--\r\nbye", step=1)
    assert (form.fields, file) == ({"key": "k"}, b"x")


@pytest.mark.parametrize("more", [0, 1])
def test_limit_of_the_fields(more):
    """Up to 20480 bytes may come before the file; one more is refused, and no more than that is read."""
    rest = len(part('name="key"', b"")) + len(part('name="file"', b"")) - 2
    body = (
        part('name="key"', b"k" * (MAX_FIELDS_BYTES - rest + more))
        + part('name="file"', b"x" * 9)
        + b"--b b--"
    )
    stream = io.BytesIO(body)
    form = Form(stream, TYPE, len(body))
    if not more:
        form.read_fields()
        assert b"".join(form.file_blocks()) == b"x" * 9
        return
    with pytest.raises(S3Error) as caught:
        form.read_fields()
    assert caught.value.code == "MaxPostPreDataLengthExceeded"
    assert stream.tell() == MAX_FIELDS_BYTES


def test_proposed_size():
    """The size of a file that goes on and on shows by the length of the body, without reading it."""
    size = 50 * 1024**2
    head = part('name="file"', b"")[:-2]
    body = head + bytes(size) + b"\r\n--b b--\r\n"
    stream = io.BytesIO(body)
    form = Form(stream, TYPE, len(body))
    form.read_fields()
    seen = len(next(form.file_blocks()))
    assert form.proposed_size(seen) == size
    assert stream.tell() < 2 * 1024**2


def test_no_file():
    """A form without a part named `file` is refused since it must have exactly one."""
    with pytest.raises(S3Error, match="exactly one file"):
        read(part('name="photo"; filename="a.png"', b"x") + b"--b b--")


@pytest.mark.parametrize("end", [b"", b"-", b"-x", b"x"])
def test_last_boundary_that_is_cut_short(end):
    """A file must end with a whole boundary: a line end or two hyphens after it."""
    with pytest.raises(S3Error) as caught:
        read(part('name="key"', b"k") + part('name="file"', b"x") + b"--b b" + end)
    assert caught.value.code == "MalformedPOSTRequest"
