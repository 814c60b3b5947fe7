"""Which names are those of secrets: of members, fields, parameters, cookies and headers.

The last words of a name decide, in any style: ``accessToken`` is secret and ``tokenCount`` is not.
"""

import re
from functools import lru_cache
from typing import Final


def _terms(**words: str) -> frozenset[str]:
    """Return terms, each of a word and what it qualifies, the name of the argument (``alone``: none)."""
    return frozenset(
        word + head.removeprefix("alone") for head, text in words.items() for word in text.split()
    )


MOST_CHARACTERS: Final = 100
WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
STRONG: Final = (
    *("password", "passwd", "passphrase", "pwd", "secret", "token"),
    *("apikey", "sessid", "sessionid"),
)
"""They may end a longer word, as in ``dbpassword`` and ``JSESSIONID``."""
SECRET: Final = _terms(
    alone="""
        assertion auth authorization bearer codeverifier connectionstring connstring cookie cred credential
        csc csrf cvc cvv dpop hmac hotp jwt mnemonic otp pass passwrd pin psw pswd samlresponse sid sig
        signature signatureprovided ssn totp xsrf
    """,
    key="""
        access account admin aes api app application auth authentication authorization cipher client
        consumer crypto customer decryption deploy developer encrypt encryption function functions hmac host
        ingestion integration license licence master pass preshared private psk recovery root rsa sas secret
        security server service session shared signing ssh storage stream subscription symmetric webhook
        wrapping write
    """,
    code="""
        2fa access activation auth authenticator authorization backup card cvc cvv login mfa onetime
        otp pass pin recovery reset security sms totp twofactor unlock verification
    """,
    number="card cc creditcard pin ssn socialsecurity",
    no="card cc creditcard",
    card="credit debit",
    answer="secret security",
    phrase="backup mnemonic pass recovery secret seed",
    word="pass",
) | _terms(
    **{"pass": "admin auth basic database db ftp login mail my mysql new old proxy redis root smtp user"}
)
TRAILING: Final = _terms(
    alone="""
        again b base bytes confirm confirmation confirmed current digest encoded encrypted enc hash hashed hex
        new old pem plain plaintext raw repeat repeated retype salt sha text value verification verify
    """
)
"""Words that may follow: ``passwordConfirmation`` is as secret as ``password``."""
ASKING: Final = _terms(
    alone="allow allows can enable has hide is max min needs num requires show total use uses"
)
"""First words of what is said about a secret."""
READABLE: Final = tuple(
    _terms(
        token="cached cancel cancellation completion continuation cursor delta input marker max next output "  # noqa: S106 -- words
        "page paging pagination prev previous prompt reasoning resume skip start stop sync total used",
        signature="email function mail method",
        pin="drop gpio map",
        credential="amz",
    )
)
"""Ends of names that are no secrets, though their last word is one: cursors, counts of a model's tokens."""
READABLE_KEYS: Final = tuple(
    _terms(
        key="""
            cache correlation dedup foreign idempotency lock object partition primary public request routing
            row sort surrogate trace websocket
        """
    )
)
"""Ends of header fields that hold no secret; other fields that end with ``key`` hold one."""


def is_secret_name(name: str, *, is_header: bool = False) -> bool:
    """Return whether a name is that of a secret."""
    return _is_secret(name[-MOST_CHARACTERS:], is_header)


@lru_cache(maxsize=4096)
def _is_secret(name: str, is_header: bool) -> bool:  # noqa: FBT001 -- a key of the cache
    words = [word.lower() for word in WORD.findall(name)]
    while len(words) > 1 and (words[-1] in TRAILING or words[-1].isdigit()):
        words.pop()
    if not words or words[0] in ASKING:
        return False
    ends = {"".join(words[at:]) for at in range(len(words))}
    ends |= {end.removesuffix("s") for end in ends}
    if any(end.endswith(READABLE) for end in ends):
        return False
    last = words[-1].removesuffix("s")
    if is_header and (last.endswith("key") or last == "authentication"):
        return not any(end.endswith(READABLE_KEYS) for end in ends)
    return not ends.isdisjoint(SECRET) or last.endswith(STRONG) or "sessionid" in ends
