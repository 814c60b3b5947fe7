import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.scanning import identifiers
from scanner_api.scanning.photos.photo_keys import (
    MEDIA_TYPES,
    ForeignKey,
    PhotoKeys,
    TemplateError,
    extension_of,
)

TEMPLATE = "scanner/photos/{yyyy}/{mm}/{photo_type}/{session_id}/{id}.{ext}"
SECRET = b"thirty-two bytes for the tests.."
NOW = datetime(2026, 4, 9, tzinfo=UTC)
SESSION = identifiers.encode(uuid.UUID("a2c8a4f6-0f0f-4f7e-9d0b-0a5a5f5b5c5d").int)
OTHER_SESSION = identifiers.new_id()
KEYS = PhotoKeys(TEMPLATE, SECRET)


def issue(keys=KEYS, filename="photo.png", photo_type="front"):
    """Return a fresh key."""
    return keys.issue(SESSION, photo_type, filename, NOW).key


def test_a_key_has_the_form_of_its_template():
    """Year, month, type and session stand where the template has them, and the id is a shortuuid."""
    pattern = rf"scanner/photos/2026/04/front/{SESSION}/[{identifiers.ALPHABET}]{{22}}\.png"
    assert re.fullmatch(pattern, issue())


def test_the_id_is_a_uuid_of_version_8():
    """The id decodes to a UUID that says of itself that its bits are the application's own."""
    stands_for = uuid.UUID(int=identifiers.decode(issue()[-26:-4]))
    assert (stands_for.version, stands_for.variant) == (8, uuid.RFC_4122)


def test_another_process_with_the_same_secret_verifies_the_key():
    """Nothing but the secret and the template is needed to verify."""
    PhotoKeys(TEMPLATE, SECRET).verify(issue(), SESSION)


def test_two_keys_never_agree():
    """Keys for the same session, type and moment differ by their random bits."""
    assert len({issue() for _ in range(1000)}) == 1000


def test_the_random_bits_come_from_where_the_caller_says():
    """With the same random bytes the same key is issued, so that a seeded mock repeats itself."""
    keys = PhotoKeys(TEMPLATE, SECRET, lambda count: b"\x07" * count)
    assert issue(keys) == issue(keys)


def test_every_altered_character_is_noticed():
    """Changing any one character of a key makes it foreign."""
    key = issue()
    for place, character in enumerate(key):
        for other in {"2", "3", "a", "/"} - {character}:
            with pytest.raises(ForeignKey):
                KEYS.verify(key[:place] + other + key[place + 1 :], SESSION)


@pytest.mark.parametrize(
    ("old", "new"), [("front", "back"), (".png", ".jpg"), ("2026", "2027"), ("/04/", "/05/")]
)
def test_a_key_altered_into_another_of_the_template_is_not_genuine(old, new):
    """The tag covers the type, the extension and the rest of the key."""
    with pytest.raises(ForeignKey, match="was not issued by this server"):
        KEYS.verify(issue().replace(old, new), SESSION)


def test_a_key_of_another_session_is_refused():
    """A genuine key is refused for a session that it does not name, and when it is rewritten to name it."""
    with pytest.raises(ForeignKey, match="another session"):
        KEYS.verify(issue(), OTHER_SESSION)
    with pytest.raises(ForeignKey, match="was not issued by this server"):
        KEYS.verify(issue().replace(SESSION, OTHER_SESSION), OTHER_SESSION)


def test_a_key_under_another_secret_is_refused():
    """Who does not have the secret cannot issue keys."""
    with pytest.raises(ForeignKey, match="was not issued by this server"):
        PhotoKeys(TEMPLATE, b"another secret that is long enough").verify(issue(), SESSION)


def test_a_rotated_secret_verifies_for_a_while():
    """A new secret issues keys from its time on; the one before verifies for the grace after that."""
    another, grace, hour = b"another secret that is long enough", timedelta(hours=2), timedelta(hours=1)
    secrets = [(NOW - hour, SECRET), (NOW + hour, another)]
    keys = PhotoKeys(TEMPLATE, SECRET)
    keys.rotate(secrets, NOW, grace)
    before, after = issue(keys), keys.issue(SESSION, "front", "photo.png", NOW + hour).key
    KEYS.verify(before, SESSION)
    PhotoKeys(TEMPLATE, another).verify(after, SESSION)
    keys.rotate(secrets, NOW + hour + grace, grace)
    keys.verify(before, SESSION)
    keys.verify(after, SESSION)
    keys.rotate(secrets, NOW + hour + grace + timedelta(seconds=1), grace)
    with pytest.raises(ForeignKey, match="was not issued by this server"):
        keys.verify(before, SESSION)
    keys.verify(after, SESSION)


def test_a_key_of_another_template_is_refused():
    """The same values in a template of another wording do not verify, even where the form agrees."""
    other = PhotoKeys("{session_id}/{id}", SECRET)
    same_form = PhotoKeys("{id}/{session_id}", SECRET)
    session, key_id = issue(other).split("/")
    with pytest.raises(ForeignKey, match="was not issued by this server"):
        same_form.verify(f"{key_id}/{session}", SESSION)


@given(st.text())
def test_any_text_is_either_a_key_or_foreign(text):
    """Whatever text comes back as a key, verifying it is a ForeignKey, nothing else."""
    with pytest.raises(ForeignKey):
        KEYS.verify(text, SESSION)


@pytest.mark.parametrize(
    "key_id",
    ["z" * 22, "2" * 22, pytest.param(identifiers.new_id(), id="new"), identifiers.encode((1 << 128) - 1)],
)
def test_an_invented_id_is_refused(key_id):
    """An id beyond 128 bits, of another UUID version, or simply guessed is not genuine."""
    with pytest.raises(ForeignKey, match="was not issued by this server"):
        KEYS.verify(f"scanner/photos/2026/04/front/{SESSION}/{key_id}.png", SESSION)


def test_a_huge_text_is_refused_without_being_repeated():
    """The message about a foreign key holds nothing of the key."""
    with pytest.raises(ForeignKey) as caught:
        KEYS.verify("scanner/photos/" + "x" * 10**6, SESSION)
    assert "xx" not in str(caught.value)


@pytest.mark.parametrize("extension", MEDIA_TYPES)
@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_a_known_last_suffix_counts_in_any_case(extension, spelling):
    """The extension follows the file name, and the content type follows the extension."""
    issued = KEYS.issue(SESSION, "front", f"my.photo.{spelling(extension)}", NOW)
    assert issued.key.endswith(f".{extension}")
    assert issued.content_type == MEDIA_TYPES[extension]
    KEYS.verify(issued.key, SESSION)


@pytest.mark.parametrize(
    "filename",
    [
        "", "photo", "png", "heic", "photo.", "photo.exe", "photo.png.exe", "photo.svg", "photo.png ",
        "photo.png\0", "a.png/b", "a.png\\b", "a.png%00", "photo.\u202egnp", "..", "/", "\ud800",
        "photo.\N{FULLWIDTH LATIN SMALL LETTER P}ng", "../../etc/passwd",
        "é" * 1000, "." * 10**6, "x" * 10**6,
    ],
)  # fmt: skip
def test_any_other_name_is_a_jpeg(filename):
    """A name without a known last suffix gets .jpg and image/jpeg, however odd or long it is."""
    issued = KEYS.issue(SESSION, "front", filename, NOW)
    assert issued.key.endswith(".jpg")
    assert issued.content_type == "image/jpeg"


@given(st.text(st.characters(codec=None)))
def test_the_name_never_reaches_the_key(filename):
    """Any string as file name leaves a key of the template's form that verifies."""
    key = issue(filename=filename)
    assert re.fullmatch(r"[A-Za-z0-9/.]{75,100}", key)
    assert key.endswith(f".{extension_of(filename)}")
    KEYS.verify(key, SESSION)


@pytest.mark.parametrize(
    "template",
    [
        "{session_id}/{id}",
        "{id}{session_id}",
        "{session_id}/{id}.jpg",
        "{session_id}-{photo_type}-{id}",
        "a!_.*'()-/{photo_type}{ext}{session_id}{id}{mm}{yyyy}",
    ],
)
def test_a_template_may_leave_parts_out_and_order_them_freely(template):
    """Only {session_id} and {id} are needed."""
    keys = PhotoKeys(template, SECRET)
    keys.verify(issue(keys), SESSION)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "No segment of a key template may be empty"),
        ("{id}.{ext}", "needs {session_id}"),
        ("{session_id}.{ext}", "needs {id}"),
        ("{session_id}/{id}/{user}", "{user} is not a placeholder"),
        ("{session_id}/{id}/{}", "{} is not a placeholder"),
        ("{session_id}/{id.__class__}", "{id.__class__} is not a placeholder"),
        ("{session_id}/{id[0]}", "{id[0]} is not a placeholder"),
        ("{session_id}/{id}/{id}", "{id} stands twice"),
        ("{session_id}/{id:>9999}", "takes no format"),
        ("{session_id!r}/{id}", "takes no format"),
        ("{session_id}/{id", "braces"),
        ("{session_id}/{id}}", "braces"),
        ("{{x}}/{session_id}/{id}", "'{' in a key template is not safe"),
        ("a b/{session_id}/{id}", "' ' in a key template is not safe"),
        ("${{filename}}/{session_id}/{id}", "'$' in a key template is not safe"),
        ("é/{session_id}/{id}", "'é' in a key template is not safe"),
        ("/{session_id}/{id}", "No segment"),
        ("{session_id}//{id}", "No segment"),
        ("../{session_id}/{id}", "No segment"),
        ("{session_id}/{id}/", "No segment"),
        ("x" * 513 + "{session_id}/{id}", "at most 512 characters"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(template, message):
    """A wrong template is refused at construction, with the part and the rule in the message."""
    with pytest.raises(TemplateError, match=re.escape(message)):
        PhotoKeys(template, SECRET)


def test_a_short_secret_is_refused_and_not_shown():
    """A secret below 16 bytes is an error that does not repeat it; no secret shows in a repr."""
    with pytest.raises(ValueError, match="at least 16 bytes") as caught:
        PhotoKeys(TEMPLATE, b"hunter2")
    assert "hunter2" not in str(caught.value)
    assert "thirty-two" not in repr(KEYS)


def test_the_longest_key_fits_in_s3():
    """The longest template with the longest values stays within the 1024 bytes of an S3 key."""
    rest = "{yyyy}{mm}/{photo_type}/{session_id}/{id}.{ext}"
    keys = PhotoKeys("x" * (512 - len(rest)) + rest, SECRET)
    assert len(issue(keys, "a.jpeg", "t" * 64)) <= 1024
