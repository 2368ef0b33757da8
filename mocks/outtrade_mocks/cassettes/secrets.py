"""What must not be in a file that is shared: told by its name, by its looks, or because somebody named it.

* **By name.** A header, parameter or JSON field called ``X-MBX-APIKEY``, ``signature``, ``passphrase``, ``uid``, ...
  holds a secret whatever it looks like. Names are compared without case and punctuation (`kind_of`).
* **By looks.** Somewhere in a text stands an e-mail address, a JSON Web Token, a private key, a wallet, or a long
  random string (`find`): 32 or more characters of letters and digits that no word or number looks like.
* **Because somebody said so.** Values given with ``--secret``, and the values of environment variables with secret
  names (`from_environment`), in the codings in which they travel (`forms`).

A placeholder, ``REDACTED-KEY-1``, is never a secret: redacting twice changes nothing.

    >>> kind_of("X-MBX-APIKEY"), kind_of("symbol"), kind_of("uid")
    ('KEY', None, 'ACCOUNT')
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

PLACEHOLDER = re.compile(r"REDACTED-([A-Z]+)-(\d{1,9})")
"""What stands where a secret stood: its kind, and a number that tells values apart."""
ACCOUNT_NUMBERS = range(900_000_000, 901_000_000)
"""What stands where a numeric account id stood, so that a number stays a number."""

SHORTEST = 6
"""A secret of fewer characters cannot be searched for: it would be found everywhere."""

_CONTAINS = {
    "KEY": ("apikey", "accesskey", "privatekey", "secretkey", "publickey", "privkey"),
    "SIGNATURE": ("signature", "hmac"),
    "COOKIE": ("cookie",),
    "SECRET": ("secret", "passphrase", "password", "passwd", "mnemonic", "credential"),
    "TOKEN": ("authorization", "authtoken", "bearer", "jwt", "sessionid", "listenkey", "accesstoken", "refreshtoken"),
    "EMAIL": ("email",),
}
_ENDS = {"SIGNATURE": ("sign", "sig"), "TOKEN": ("token",)}
_EXACT = {
    "KEY": ("key",),
    "TOKEN": ("auth", "session", "otp", "pin", "tfa", "mfa", "sid"),
    "SECRET": ("pass", "pwd"),
    "ACCOUNT": (
        *("uid", "userid", "user", "username", "login", "accountid", "account", "accountno", "accountnumber", "acctid"),
        *(
            "subaccount",
            "subaccountid",
            "subuid",
            "useruid",
            "masteruid",
            "customerid",
            "clientid",
            "memberid",
            "mbxuuid",
        ),
        *("phone", "mobile", "nickname", "fullname", "firstname", "lastname", "ip", "ipaddress", "iban", "xmbxuuid"),
        *("traderid", "profileid", "portfolioid", "kucoinuid", "wallet", "walletaddress", "depositaddress"),
    ),
}
_NO_SECRET = frozenset({"design", "accesscontrolallowcredentials", "quotetoken", "basetoken", "feetoken"})

_LOOKS = (
    ("KEY", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)),
    ("TOKEN", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    ("EMAIL", re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")),
    ("WALLET", re.compile(r"\b0x[0-9a-fA-F]{40,}")),
)
_LONG = re.compile(r"[A-Za-z0-9+/_\-=%]{32,}")
_PIECE = re.compile(r"[A-Za-z0-9+_]{32,}=*|[A-Za-z0-9+/_\-]{32,}={0,2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NO_KEY = re.compile(rf"{PLACEHOLDER.pattern}|(?<![0-9A-Za-z])(?:{_UUID.pattern})(?![0-9A-Za-z])")
"""What stands beside other things in a run of characters and is no part of a key: placeholders, UUIDs in a path."""
_NAMED = re.compile(r"([\w-]{3,40})[\"']?\s{0,3}[:=]\s{0,3}[\"']?([^\s\"'&;,<>{}\[\]()]{4,4096})")
_PART = re.compile(r"name=\"([^\"\r\n]{1,100})\"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n--", re.DOTALL)


def kind_of(name: str) -> str | None:
    """What kind of secret a field of this name holds, or None."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain in _NO_SECRET:
        return None
    for kind, names in _EXACT.items():
        if plain in names:
            return kind
    for kind, parts in _CONTAINS.items():
        if any(part in plain for part in parts):
            return kind
    return next((kind for kind, ends in _ENDS.items() if plain.endswith(ends)), None)


def is_placeholder(value: str) -> bool:
    """Whether nothing secret is left of a value."""
    return PLACEHOLDER.fullmatch(value) is not None


def find(text: str) -> Iterator[tuple[str, str]]:
    """(kind, value) of everything in a text that looks like a secret."""
    for kind, pattern in _LOOKS:
        for match in pattern.finditer(text):
            yield kind, match[0]
    for run in _LONG.finditer(text):
        for piece in _PIECE.finditer(_NO_KEY.sub(" ", run[0])):
            if is_random(piece[0]):
                yield "KEYLIKE", piece[0]


def replace_named(text: str, instead: Callable[[str, str], str]) -> str:
    """A text in which the value of each ``name=value``, ``"name": "value"`` and multipart field with a secret name is
    replaced by ``instead(kind, value)``."""

    def changed(match: re.Match[str]) -> str:
        kind, value = kind_of(match[1]), match[2]
        plain = value.lower() in {"true", "false", "null", "none"} or (match[1].lower() == "key" and len(value) < 16)
        if kind is None or plain or is_placeholder(value):
            return match[0]
        start, end = match.start(2) - match.start(), match.end(2) - match.start()
        return match[0][:start] + instead(kind, value) + match[0][end:]

    return _PART.sub(changed, _NAMED.sub(changed, text))


def is_random(text: str) -> bool:
    """Whether a string of 32 or more characters looks drawn at random: long hexadecimal, or letters mixed with digits
    (or capitals with small letters) at 3 bits a character or more. A UUID is not: venues use them as order ids."""
    plain = re.sub(r"[^A-Za-z0-9]", "", text)
    if len(plain) < 32 or plain.isdigit() or _UUID.fullmatch(text):
        return False
    entropy = _entropy(plain)
    if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", plain):
        return entropy >= 2.5
    if "-" in text or "_" in text or "/" in text:  # words joined together, paths: every part must be no word
        words = [part for part in re.split(r"[-_/+=]", text) if part]
        if max(map(len, words)) < 12 and not any(re.search(r"[A-Za-z]\d[A-Za-z]|\d[A-Za-z]\d", word) for word in words):
            return False
    digits, lower, upper = (bool(re.search(pattern, plain)) for pattern in ("[0-9]", "[a-z]", "[A-Z]"))
    return entropy >= 3.0 and ((digits and (lower or upper)) or (lower and upper and entropy >= 4.2))


def _entropy(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def from_environment(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values of environment variables whose names say that they are secret."""
    found = []
    for name, value in environment.items():
        kind = kind_of(name)
        words = set(re.split(r"[^A-Z0-9]+", name.upper()))
        secret = kind in {"KEY", "SECRET", "TOKEN"} or words & {"KEY", "TOKEN", "AUTH"}
        if secret and len(value) >= 8 and not value.startswith(("/", "~")) and " " not in value:
            found.append(value)
    return tuple(dict.fromkeys(found))


def forms(secret: str) -> tuple[str, ...]:
    """A secret as it may stand in a text: plain, percent-encoded, as part of JSON, in base64."""
    raw = secret.encode("utf-8", "surrogatepass")
    coded = base64.b64encode(raw).decode("ascii")
    escaped = json.dumps(secret)[1:-1]
    found = (secret, quote(secret, safe=""), quote_plus(secret), quote(secret), escaped, coded, quote(coded, safe=""))
    return tuple(dict.fromkeys(form for form in found if len(form) >= SHORTEST))


def holds(text: str, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets stands in the text, in any of its forms. Case is ignored, as in hexadecimal."""
    low = text.lower()
    return any(form.lower() in low for secret in secrets for form in forms(secret))
