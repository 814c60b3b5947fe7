"""Which names are those of secrets: of members, fields, parameters, cookies and headers.

The last words of a name decide, in any style: ``accessToken`` is secret and ``tokenCount`` is not.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final


def _terms(table: str) -> Iterator[str]:
    """Yield the terms of a table: words, or before a colon a word, and after it what qualifies it."""
    for row in table.splitlines():
        *word, firsts = row.split(":")
        yield from (first + "".join(word).strip() for first in firsts.split())


LONGEST_NAME: Final = 100
WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
STRONG: Final = tuple(_terms("password passwd passphrase pwd secret token apikey sessid sessionid"))
"""They may end a longer word, as in ``dbpassword`` and ``JSESSIONID``."""
STRONG_HEADERS: Final = (*STRONG, "key", "authentication")
SECRET: Final = frozenset(
    _terms("""
        assertion auth authorization bearer codeverifier connectionstring connstring cookie cred credential
        csc csrf cvc cvv dpop hmac hotp jwt mnemonic otp pass passwrd pin psw pswd samlresponse sid sig
        signature signatureprovided ssn totp xsrf
        key: access account admin aes app application auth authentication authorization cipher client consumer
        key: crypto customer decryption deploy developer encrypt encryption function functions hmac host
        key: ingestion integration license licence master pass preshared private psk recovery root rsa sas
        key: secret security server service session shared signing ssh storage stream subscription symmetric
        key: webhook wrapping write
        code: 2fa access activation auth authenticator authorization backup card cvc cvv login mfa onetime otp
        code: pass pin recovery reset security sms totp twofactor unlock verification
        pass: admin auth basic database db ftp login mail my mysql new old proxy redis root smtp user
        phrase: backup mnemonic recovery secret seed
        number: card cc creditcard pin ssn socialsecurity
        no: card cc creditcard
        card: credit debit
        answer: secret security
    """)
)
TRAILING: Final = frozenset(
    _terms("""
        again b base bytes confirm confirmation confirmed current digest encoded encrypted enc hash hashed hex
        new old pem plain plaintext raw repeat repeated retype salt sha text value verification verify
    """)
)
"""Words that may follow: ``passwordConfirmation`` is as secret as ``password``."""
ASKING: Final = frozenset(
    _terms("allow allows can enable has hide is max min needs num requires show total use uses")
)
"""First words of what is said about a secret."""
READABLE: Final = tuple(
    _terms("""
        token: cached cancel cancellation completion continuation cursor delta input marker max next output
        token: page paging pagination prev previous prompt reasoning resume skip start stop sync total used
        signature: email function mail method
        pin: drop gpio map
        credential: amz
        key: cache correlation dedup foreign idempotency lock object partition primary public request routing
        key: row sort surrogate trace websocket
    """)
)
"""Ends of names that are no secrets, though their last word is one: cursors, counts of a model's tokens."""


@lru_cache(maxsize=4096)
def is_secret_name(name: str, *, is_header: bool = False) -> bool:
    """Return whether a name is that of a secret."""
    words = [word.lower() for word in WORD.findall(name)]
    while len(words) > 1 and (words[-1] in TRAILING or words[-1].isdigit()):
        words.pop()
    if not words or words[0] in ASKING:
        return False
    if not words[-1].endswith("ss"):
        words[-1] = words[-1].removesuffix("s")
    ends = ["".join(words[at:]) for at in range(len(words))]
    if ends[0].endswith(READABLE):
        return False
    return ends[0].endswith(STRONG_HEADERS if is_header else STRONG) or not SECRET.isdisjoint(ends)
