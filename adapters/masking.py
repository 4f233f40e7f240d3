"""Card data kept off every disk: a JSON message in, the same message masked out; unchanged byte for byte where it holds none (invariant 15).

Card numbers are masked wherever they stand (first 6, last 4), also with separators, as JSON numbers, and inside hex, base64 and JSON within
strings. Values of fields that may never be kept (tracks, CVV, PIN) become null. Fields the dialect declares (GTIN, serial, receipt numbers) are
left alone, since a tenth of all such numbers would pass for cards. Signatures are the caller's business, on the original bytes, before this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from adapters import strict
from adapters.card_numbers import masked_text
from adapters.errors import Permanent
from adapters.json_text import Role, Token, tokens, unescaped
from adapters.reasons import Reason

NEVER_KEPT = frozenset(
    """track track1 track2 track3 trackdata track1data track2data track3data track1equivalentdata track2equivalentdata tracks
    magstripe magstripedata magneticstripe magneticstripedata magdata cvv cvv2 cvc cvc2 cvn cvn2 csc cav cav2 cvvcode cvccode
    cvvnumber cvvvalue cvcvalue securitycode cardsecuritycode cardsecurityvalue verificationvalue cardverificationvalue
    cardverificationcode verificationcode pin pinblock pindata pincode encryptedpin encryptedpinblock pinnumber cardpin""".split()
)
"""Names of fields whose values are removed, in lower case without anything but letters and digits."""

_STEMS = (b"track", b"cvv", b"cvc", b"cvn", b"csc", b"cav", b"pin", b"mag", b"securi", b"verifi")
_KEY = re.compile(r'"([^"\\]*)"\s*:')
_WRITTEN_SHORT = re.compile(rb"[0-9.]{13,60}[eE]")
_INDEX = re.compile(r"\[[0-9]+\]")
_DEEPEST_JSON = 3


def mask_json(raw: bytes, declared: frozenset[str] = frozenset()) -> bytes:
    """Return the message without card data; `declared` are names (`item`) or paths (`$.lines[].item`) of fields that never hold any.

    Raises Permanent with the strict decoder's reasons when the bytes are no JSON document, Permanent(CARD_DATA_UNLOCATED) when card data is
    seen that cannot be masked in its place. Idempotent.
    """
    try:
        strict.parse(raw)
    except Permanent as error:
        # What is refused is told and kept as well: nothing of the message may stand in the words about it, nor in their cause.
        raise Permanent(error.reason, masked_text(error.sentence), path=masked_text(error.path)) from None
    text = raw.decode()
    if not _suspicious(raw, text):
        return raw
    masked = _masked(text, declared, _DEEPEST_JSON)
    if masked == text:
        return raw
    if _masked(masked, declared, _DEEPEST_JSON) != masked:
        sentence = "The message holds card data that cannot be masked where it stands; send card numbers in fields of their own."
        raise Permanent(Reason.CARD_DATA_UNLOCATED, sentence, path="$")
    return masked.encode()


def _suspicious(raw: bytes, text: str) -> bool:
    """Whether a closer look is needed. Escapes may hide anything; otherwise what stands in a token also stands in the text as a whole."""
    if b"\\" in raw or _WRITTEN_SHORT.search(raw):
        return True
    lower = raw.lower()
    for stem in _STEMS:
        if stem in lower and any(_never_kept(found[1]) for found in _KEY.finditer(text)):
            return True
    return masked_text(text) != text


def _masked(text: str, declared: frozenset[str], nested: int) -> str:
    parts: list[str] = []
    copied = 0
    for start, end, replacement in _edits(text, declared, nested):
        parts += (text[copied:start], replacement)
        copied = end
    return "".join((*parts, text[copied:]))


def _edits(text: str, declared: frozenset[str], nested: int) -> Iterator[tuple[int, int, str]]:
    removing: Token | None = None
    for token in tokens(text):
        if removing is not None:
            if token.role is Role.CLOSE and token.depth == removing.depth:
                yield removing.start, token.end, "null"
                removing = None
            continue
        if token.role is Role.CLOSE:
            continue
        if token.role is not Role.KEY and token.name and _never_kept(token.name):
            if token.role is Role.OPEN:
                removing = token
            elif text[token.start : token.end] != "null":
                yield token.start, token.end, "null"
        elif token.role is not Role.OPEN and not _declared(token, declared):
            word = text[token.start : token.end]
            if (masked := _token_masked(token.role, word, declared, nested)) != word:
                yield token.start, token.end, masked


def _never_kept(name: str) -> bool:
    return "".join(filter(str.isalnum, name.lower())) in NEVER_KEPT


def _declared(token: Token, declared: frozenset[str]) -> bool:
    if token.role is Role.KEY:
        return False
    return token.name in declared or _INDEX.sub("[]", token.path) in declared


def _token_masked(role: Role, word: str, declared: frozenset[str], nested: int) -> str:
    if role is Role.NUMBER:
        plain = _written_out(word)
        masked = masked_text(plain, encodings=0)
        return word if masked == plain else f'"{masked}"'
    if role not in {Role.STRING, Role.KEY}:
        return word
    value = unescaped(word)
    masked = _string_masked(value, declared, nested)
    if masked == value:
        return word
    return msgspec.json.encode(masked).decode()


def _string_masked(value: str, declared: frozenset[str], nested: int) -> str:
    if nested and value.lstrip()[:1] in {"{", "["}:
        try:
            strict.parse(value.encode())
        except Permanent:
            return masked_text(value)
        return _masked(value, declared, nested - 1)
    joined = "".join(value.split())
    masked = masked_text(value)
    if masked == value and len(joined) != len(value) and masked_text(joined) != joined and "\n" in value:
        return masked_text(joined)
    return masked


def _written_out(number: str) -> str:
    """Return a JSON number without exponent where it has one: `4.111111111111111E15` is a card number too."""
    if "e" not in number and "E" not in number:
        return number
    value = strict.parse(number.encode())
    return f"{value:f}"
