"""Redaction: a cassette in which every secret is a placeholder.

Two passes over all interactions. The first collects: every value in a field with a secret name (header, query, form,
JSON at any depth, JSON inside a text), everything that looks like a secret, every value that was named. The second
replaces each of them wherever it stands, in any coding: a key that is sent in a header and echoed in an answer becomes
the same ``REDACTED-KEY-1`` in both, so that a replay still fits together. Numbers follow the first appearance: the same
recording gives the same placeholders, and none is made from the secret itself.

Bytes that cannot be read (images, unknown compression) cannot be checked, so a cassette with such a body is refused.

    >>> redacted = Redactor(secrets=["hunter2-hunter2"]).redact(cassette)    # doctest: +SKIP
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlencode, urlsplit, urlunsplit

from outtrade_mocks.cassettes import secrets as known
from outtrade_mocks.cassettes.model import Cassette, CassetteError, Interaction, one_line

_DEPTH = 60
_MARK = "\ue000"
"""Wraps a JSON number while its document is rebuilt, so that ``0.00100000`` keeps its zeros."""
_CREDENTIAL = re.compile(r"(?=\D*\d)(?=[^A-Za-z]*[A-Za-z])\S{8,}")
"""What could be a credential: eight characters or more without a blank, letters and digits among them."""
_SCHEMES = ("basic", "bearer", "token", "digest", "apikey", "hmac-sha256")


@dataclass(frozen=True, slots=True)
class Found:
    """A secret that was found: what kind, and where. Never its value."""

    interaction: int
    where: str
    kind: str

    def __str__(self) -> str:
        return f"interaction {self.interaction}, {self.where}: {self.kind}"


class Redactor:
    """Replaces secrets in one cassette. ``found`` says what was replaced, where.

    ``secrets``: values that must not remain, besides what is found by name and by looks; each of 6 characters or more.
    ``spare_words``: in the body of an answer, a field with a secret name keeps what can be no credential (``"sign":
    "positive"``, ``"account": "spot"``): a language model's answers are acted upon by whoever asked. What looks like a
    secret is replaced all the same.
    """

    def __init__(self, *, secrets: Iterable[str] = (), spare_words: bool = False) -> None:
        self._given = tuple(dict.fromkeys(secrets))
        self._spare_words = spare_words
        if any(len(secret) < known.SHORTEST for secret in self._given):
            raise CassetteError(f"a secret to look for needs {known.SHORTEST} characters or more")
        self._placeholders: dict[str, str] = {}
        self._numbers: dict[int, int] = {}
        self._counts: Counter[str] = Counter()
        self._spread: set[str] = set(self._given)
        self._replacements: dict[str, str] = {}
        self._search: re.Pattern[str] | None = None
        self._place = (0, "")
        self.found: list[Found] = []

    def redact(self, cassette: Cassette) -> Cassette:
        """The cassette without secrets; raises CassetteError where a body cannot be read."""
        self._seen_before(cassette)
        for secret in self._given:
            self._collect("SECRET", secret)
        self._pass(cassette)
        self._prepare()
        self.found = []
        result = self._pass(cassette)
        return replace(result, source=self._everywhere(one_line(result.source, 1000)))

    def originals(self) -> dict[str, str]:
        """Which value each placeholder stands for: for somebody who talks on with the real ones, never for a file."""
        return {mark: value for value, mark in self._placeholders.items()}

    def _prepare(self) -> None:
        """One pattern for all that was collected: the longest form first, digits only as whole numbers."""
        self._replacements = {
            form.lower(): self._placeholders[secret]
            for secret in sorted(self._placeholders)
            if secret in self._spread
            for form in known.forms(secret)
        }
        alternatives = [
            rf"(?<![\d.]){form}(?![\d.])" if form.isdigit() else re.escape(form)
            for form in sorted(self._replacements, key=lambda form: (-len(form), form))
        ]
        self._search = re.compile("|".join(alternatives), re.IGNORECASE) if alternatives else None

    def _seen_before(self, cassette: Cassette) -> None:
        """Placeholders that are already there keep their numbers; new ones follow."""
        for item in cassette:
            text = " ".join((item.uri, *item.headers.values(), *item.request_headers.values()))
            for raw in (text.encode("utf-8", "replace"), item.body, item.request_body):
                for kind, number in known.PLACEHOLDER.findall(raw.decode("utf-8", "replace")):
                    self._counts[kind] = max(self._counts[kind], int(number))

    def _pass(self, cassette: Cassette) -> Cassette:
        items = tuple(self._interaction(number, item) for number, item in enumerate(cassette))
        return replace(cassette, interactions=items)

    def _interaction(self, number: int, item: Interaction) -> Interaction:
        def at(where: str) -> None:
            self._place = (number, where)

        at("URL")
        uri = self._uri(item.uri)
        at("request header")
        request_headers = self._headers(item.request_headers)
        at("request body")
        request_body = self._body(item.request_body)
        at("response header")
        headers = self._headers(item.headers)
        at("response body")
        body = self._body(item.body)
        at("name")
        name = self._text(item.name)
        return replace(
            item,
            name=name,
            uri=uri,
            headers=_fitting(headers, item.body, body),
            request_headers=_fitting(request_headers, item.request_body, request_body),
            body=body,
            request_body=request_body,
        )

    # ---- the parts of a message
    def _uri(self, uri: str) -> str:
        try:
            parts = urlsplit(uri)
        except ValueError:
            return self._text(uri)
        host = parts.netloc
        if "@" in host:
            login, _, host = host.rpartition("@")
            for piece in login.split(":"):
                self._collect("SECRET", unquote(piece))
            self._note("SECRET")
        changed = (
            parts.scheme,
            self._text(host),
            self._text(parts.path),
            self._form(parts.query, always=False),
            self._form(parts.fragment, always=False),
        )
        return urlunsplit(changed)

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        result = {}
        for name, value in headers.items():
            kind = known.kind_of(name)
            result[self._text(name)] = self._secret(kind, value) if kind else self._text(value)
        return result

    def _body(self, body: bytes) -> bytes:
        if not body:
            return body
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            number, where = self._place
            raise CassetteError(
                f"interaction {number}: the {where} is not text and cannot be checked for secrets"
            ) from None
        return self._content(text).encode("utf-8")

    def _content(self, text: str, depth: int = 0) -> str:
        """JSON, JSON lines, server-sent events, a form, or just text."""
        rebuilt = self._json(text, depth)
        if rebuilt is not None:
            return rebuilt
        lines = text.splitlines(keepends=True)
        if any(line.startswith("data:") for line in lines):
            return "".join(self._event(line, depth) for line in lines)
        if len(lines) > 1 and text.lstrip()[:1] in ("{", "["):
            return "".join(self._content(line, depth) for line in lines)
        if re.fullmatch(r"[^\s=&<>{}\"]+=[^\s<>{}\"]*", text):
            return self._form(text, always=True)
        return self._text(text)

    def _event(self, line: str, depth: int) -> str:
        """A line of server-sent events, which may hold JSON."""
        head = re.match(r"data: ?", line)
        if head is None:
            return self._text(line)
        data = line[head.end() :].rstrip("\r\n")
        end = line[head.end() + len(data) :]
        return head[0] + (self._content(data, depth + 1) if data.startswith(("{", "[")) else self._text(data)) + end

    def _form(self, text: str, *, always: bool) -> str:
        """``a=1&b=2``; written anew only where a value changed."""
        pairs = parse_qsl(text, keep_blank_values=True)
        if not pairs:
            return self._text(text)
        result = [(self._text(name), self._value(name, value, 0)) for name, value in pairs]
        if result != pairs:
            text = urlencode(result, quote_via=quote_plus if always or "+" in text else quote)
        return self._text(text)

    def _json(self, text: str, depth: int) -> str | None:
        """A JSON document or None. Its own bytes remain where nothing in it is secret."""
        if text.lstrip()[:1] not in ("{", "[", '"'):
            return None
        keep = _MARK not in text
        doubled = []

        def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
            result = dict(items)
            if len(result) != len(items):
                doubled.append(True)
            return result

        try:
            if keep:
                content = json.loads(text, parse_float=_marked, parse_constant=_marked, object_pairs_hook=pairs)
            else:
                content = json.loads(text, object_pairs_hook=pairs)
        except (ValueError, RecursionError):
            return None
        result = self._walk(content, depth)
        if result == content and not doubled:
            return self._everywhere(text)
        separators = (", ", ": ") if re.search(r'":\s', text) else (",", ":")
        escaped = "\\u" in text  # written so before; a lone surrogate has no other spelling
        rebuilt = json.dumps(result, separators=separators, ensure_ascii=escaped)
        mark = re.escape(json.dumps(_MARK, ensure_ascii=escaped)[1:-1])
        return self._everywhere(re.sub(f'"{mark}([^"]*)"', r"\1", rebuilt) if keep else rebuilt)

    def _walk(self, content: Any, depth: int) -> Any:
        if depth > _DEPTH:
            raise CassetteError(f"interaction {self._place[0]}: the {self._place[1]} nests too deeply to be checked")
        if isinstance(content, dict):
            return {self._text(name): self._value(name, value, depth + 1) for name, value in content.items()}
        if isinstance(content, list):
            return [self._walk(value, depth + 1) for value in content]
        if isinstance(content, str) and not content.startswith(_MARK):
            return self._nested(content, depth)
        if isinstance(content, int | str) and str(content).lstrip(_MARK) in self._spread:
            return self._secret("SECRET", str(content).lstrip(_MARK))
        return content

    def _nested(self, text: str, depth: int) -> str:
        """A text that may itself be JSON (batch orders are sent so)."""
        if text.lstrip()[:1] in ("{", "["):
            return self._content(text, depth + 1)
        return self._text(text)

    def _value(self, name: str, value: Any, depth: int) -> Any:
        kind = known.kind_of(name)
        if kind is None or isinstance(value, dict) or value is None or isinstance(value, bool):
            return self._walk(value, depth)
        if isinstance(value, list):
            return [self._value(name, part, depth + 1) for part in value]
        if isinstance(value, str):
            if name.lower() == "key" and len(value) < 16:  # a plain mapping of key to value
                return self._nested(value, depth)
            if value.startswith(_MARK):
                value = value[1:]
            return self._secret(kind, value)
        return self._number(kind, value)

    # ---- values
    def _secret(self, kind: str, value: str) -> str:
        """The placeholder of a value that is secret by its name."""
        if not value or known.is_placeholder(value) or self._spares(kind, value):
            return value
        self._note(kind)
        for part in _parts(value):
            self._collect(kind, part)
        return self._placeholder(kind, value)

    def _spares(self, kind: str, value: str) -> bool:
        """Whether a value stays although its name is that of a secret."""
        if not self._spare_words or self._place[1] != "response body":
            return False
        return kind == "ACCOUNT" or _CREDENTIAL.fullmatch(value) is None

    def _number(self, kind: str, value: Any) -> Any:
        if not isinstance(value, int):
            return self._secret(kind, str(value))
        if value in known.ACCOUNT_NUMBERS or value == 0 or self._spares(kind, str(value)):
            return value
        self._note(kind)
        if value not in self._numbers:
            self._numbers[value] = known.ACCOUNT_NUMBERS.start + len(self._numbers) + 1
        return self._numbers[value]

    def _text(self, text: str) -> str:
        """Any text: what looks like a secret, and what is named as one inside it."""
        if not text or known.is_placeholder(text):
            return text
        for kind, value in known.find(text):
            self._collect(kind, unquote(value) if kind == "EMAIL" else value)
            self._note(kind)
        if "%" in text:
            for kind, value in known.find(unquote_plus(text)):
                self._collect(kind, value)
                self._note(kind)
        return self._everywhere(known.replace_named(text, self._secret))

    def _everywhere(self, text: str) -> str:
        """Every collected secret replaced, in whatever form it stands."""
        return self._search.sub(self._replaced, text) if self._search else text

    def _replaced(self, match: re.Match[str]) -> str:
        mark = self._replacements.get(match[0].lower(), "REDACTED-SECRET-0")
        self._note(mark.split("-")[1])
        return mark

    def _collect(self, kind: str, value: str) -> None:
        """Remember a value to be replaced everywhere, unless it is so plain that it would be found in other words."""
        if len(value) < known.SHORTEST or known.PLACEHOLDER.search(value):
            return
        long = len(value) >= 16 and kind != "ACCOUNT"
        mixed = len(value) >= 8 and re.search(r"\d", value) is not None and re.search(r"[^\d.]", value) is not None
        if (
            value in self._given
            or kind in ("EMAIL", "KEYLIKE")
            or long
            or mixed
            or (value.isdigit() and len(value) >= 10)
        ):
            self._spread.add(value)
            self._placeholder(kind, value)

    def _placeholder(self, kind: str, value: str) -> str:
        if value not in self._placeholders:
            self._counts[kind] += 1
            self._placeholders[value] = f"REDACTED-{kind}-{self._counts[kind]}"
        return self._placeholders[value]

    def _note(self, kind: str) -> None:
        found = Found(*self._place, kind)
        if not self.found or self.found[-1] != found:
            self.found.append(found)


def _marked(number: str) -> str:
    return _MARK + number


def _parts(value: str) -> list[str]:
    """A secret, and the secrets inside it: the token after ``Bearer``, a login, the values of cookies."""
    found = [value]
    scheme, _, rest = value.partition(" ")
    if rest and scheme.lower() in _SCHEMES:
        found.append(rest)
        if scheme.lower() == "basic":
            with suppress(binascii.Error, UnicodeDecodeError):
                found += base64.b64decode(rest, validate=True).decode("utf-8").split(":", 1)
    if "=" in value:
        for pair in re.split(r"[;,]\s*", value):
            name, _, inner = pair.partition("=")
            inner = inner.strip('"')
            if len(inner) >= 16 and name.lower() not in ("domain", "path", "expires"):
                found.append(inner)
    return found


def _fitting(headers: dict[str, str], before: bytes, after: bytes) -> dict[str, str]:
    """Content-Length follows a body that changed."""
    if before != after and "content-length" in headers:
        return headers | {"content-length": str(len(after))}
    return headers


def scan(cassette: Cassette, *, secrets: Iterable[str] = (), spare_words: bool = False) -> list[Found]:
    """What redaction would replace in a cassette; empty where it is clean. Raises CassetteError like `redact`."""
    redactor = Redactor(secrets=secrets, spare_words=spare_words)
    redactor.redact(cassette)
    return list(dict.fromkeys(redactor.found))
