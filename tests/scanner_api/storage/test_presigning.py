"""Presigned POSTs are those that botocore would make."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from boto3.session import Session
from botocore.auth import SigV4Auth
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from scanner_api.storage.photo_bucket.errors import PhotoBucketError
from scanner_api.storage.photo_bucket.presigning import Presigner, UploadRules

NOW = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
LASTING = ReadOnlyCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None)
TEMPORARY = ReadOnlyCredentials(
    "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token/+=="
)
PLAIN = UploadRules(max_bytes=20_971_520, expires_seconds=3600)
STRICT = UploadRules(
    max_bytes=1,
    expires_seconds=604_800,
    server_side_encryption="aws:kms",
    kms_key_id="arn:aws:kms:us-west-2:1:key/2",
    acl="bucket-owner-full-control",
)
KEY = "scanner/photos/2026/03/front/2b3c4d5e6f7g8h9jAkBmCn/3c4d5e6f7g8h9jAkBmCnDp.jpg"
FIELDS = {
    "Content-Type": "image/jpeg",
    "x-amz-meta-session-id": "2b3c4d5e6f7g8h9jAkBmCn",
    "x-amz-meta-photo-type": "front",
}
URL = "https://photos.s3.us-west-2.amazonaws.com/"


def presigner(rules=PLAIN):
    """Return a new presigner."""
    return Presigner("photos", "us-west-2", URL, rules)


def policy_of(form):
    """Return a form's policy."""
    return json.loads(b64decode(form.fields["policy"]))


@pytest.fixture(scope="module")
def botocore_post():
    """Return what generate_presigned_post makes of the same, its clock set to ours."""
    clients = {}

    def post(rules, credentials, key, fields):
        if credentials not in clients:
            session = Session(credentials.access_key, credentials.secret_key, credentials.token)
            config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
            clients[credentials] = session.client("s3", region_name="us-west-2", config=config)
        fixed = rules.fields()
        conditions = [{name: text} for name, text in fields.items()]
        conditions.append(["content-length-range", 1, rules.max_bytes])
        conditions += [{name: text} for name, text in fixed.items()]
        with pytest.MonkeyPatch.context() as patch:
            for module in ("auth", "signers"):
                patch.setattr(f"botocore.{module}.get_current_datetime", lambda: NOW.replace(tzinfo=None))
            return clients[credentials].generate_presigned_post(
                "photos", key, {**fixed, **fields}, conditions, rules.expires_seconds
            )

    return post


def unordered(fields, credentials):
    """Return a form's fields, its policy read, without the order of its conditions, its signature checked."""
    request = SimpleNamespace(context={"timestamp": fields["x-amz-date"]})
    signature = SigV4Auth(credentials, "s3", "us-west-2").signature(fields["policy"], request)
    assert fields["x-amz-signature"] == signature
    policy = json.loads(b64decode(fields["policy"], validate=True))
    conditions = sorted(policy["conditions"], key=json.dumps)
    return {**fields, "policy": {**policy, "conditions": conditions}, "x-amz-signature": ""}


@pytest.mark.parametrize("credentials", [LASTING, TEMPORARY], ids=["lasting", "temporary"])
@pytest.mark.parametrize("rules", [PLAIN, STRICT], ids=["plain", "strict"])
def test_a_form_is_botocores_field_by_field(botocore_post, rules, credentials):
    """Fields are those of generate_presigned_post by the same clock, but for the order of conditions."""
    form = presigner(rules).presign(credentials, NOW, KEY, FIELDS)
    other = botocore_post(rules, credentials, KEY, FIELDS)
    assert form.url == other["url"]
    assert unordered(form.fields, credentials) == unordered(other["fields"], credentials)
    assert form.expires_in == rules.expires_seconds


@pytest.mark.parametrize("length", range(1, 7))
def test_a_policy_is_base64_with_any_beginning(length):
    """The beginning, which is encoded by itself, ends where a group of three bytes does."""
    credentials = ReadOnlyCredentials("A" * length, "secret", None)
    form = presigner().presign(credentials, NOW, KEY, FIELDS)
    assert unordered(form.fields, credentials)["policy"]["expiration"] == "2026-03-14T16:09:26Z"


@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(
        lambda key: not key.endswith("${filename}")
    ),
    st.dictionaries(st.from_regex(r"x-amz-meta-[a-z-]{1,9}", fullmatch=True), st.text(), max_size=3),
)
def test_any_text_is_quoted_as_botocore_does(botocore_post, key, fields):
    """Quotes, backslashes, control characters and any script in keys and values make the same policy."""
    form = presigner().presign(LASTING, NOW, key, fields)
    other = botocore_post(PLAIN, LASTING, key, fields)["fields"]
    assert unordered(form.fields, LASTING) == unordered(other, LASTING)


def test_the_policy_holds_an_upload_to_everything():
    """The policy names the expiry, the size and every field but itself and the signature, each exactly."""
    form = presigner(STRICT).presign(TEMPORARY, NOW, KEY, FIELDS)
    policy = policy_of(form)
    assert policy["expiration"] == "2026-03-21T15:09:26Z"
    ranges = [condition for condition in policy["conditions"] if isinstance(condition, list)]
    exact = [
        item
        for condition in policy["conditions"]
        if isinstance(condition, dict)
        for item in condition.items()
    ]
    assert ranges == [["content-length-range", 1, 1]]
    listed = {name: text for name, text in form.fields.items() if name not in {"policy", "x-amz-signature"}}
    assert sorted(exact) == sorted({**listed, "bucket": "photos"}.items())
    assert form.fields["success_action_status"] == "201"


def test_the_clock_decides_and_what_is_kept_does_not(botocore_post):
    """A presigner that has signed at another time, with other credentials, signs as a new one would."""
    used = presigner()
    moments = [NOW - timedelta(days=1), NOW, NOW.replace(microsecond=0), NOW + timedelta(seconds=1)]
    for moment in [*moments, *reversed(moments)]:
        for credentials in (LASTING, TEMPORARY, LASTING):
            form = used.presign(credentials, moment, KEY, FIELDS)
            assert form == presigner().presign(credentials, moment, KEY, FIELDS)
            assert form.fields["x-amz-date"] == f"{moment:%Y%m%dT%H%M%SZ}"
    fields, others = (
        used.presign(LASTING, NOW, KEY, FIELDS).fields,
        botocore_post(PLAIN, LASTING, KEY, FIELDS),
    )
    assert unordered(fields, LASTING) == unordered(others["fields"], LASTING)


@pytest.mark.parametrize("encryption", ["", "AES256"])
def test_a_key_without_its_encryption_is_a_clear_error(encryption):
    """A KMS key that S3 would refuse at every upload is refused at start, naming both settings."""
    with pytest.raises(PhotoBucketError, match=r"s3_kms_key_id.*s3_server_side_encryption"):
        UploadRules(max_bytes=1, expires_seconds=60, server_side_encryption=encryption, kms_key_id="key")


def test_forms_do_not_share_their_fields():
    """What a caller does to one form's fields is not in the next."""
    signer = presigner()
    signer.presign(LASTING, NOW, KEY, FIELDS).fields.clear()
    assert signer.presign(LASTING, NOW, KEY, FIELDS) == presigner().presign(LASTING, NOW, KEY, FIELDS)
