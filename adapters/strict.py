r"""The one strict JSON decoder: bytes from outside in, plain values or a declared type out; promises that nothing ambiguous gets through.

Refused, each with a reason and the JSON path of the offence (`$.lines[2].quantity`): text that is not UTF-8 or begins with a byte order mark
(RFC 8259, section 8.1), duplicate names, NaN and infinities, integers beyond 64 bits signed, numbers of more than 40 digits or beyond 1e19,
`\u0000`, lone surrogates, too many bytes, too deep a nesting. A number with a point or an exponent becomes a Decimal, never a float.

A clean message costs two native passes: msgspec decodes it and encodes it again, and if a duplicate name was swallowed the second text has
fewer colons. Whatever looks suspicious is read again token by token (`adapters/json_text.py`), which also finds the path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from adapters.errors import Permanent
from adapters.json_text import Role, Token, shown, tokens, unescaped
from adapters.reasons import Reason

T = TypeVar("T")

LARGEST_INTEGER = 2**63 - 1
MOST_DIGITS = 40
_LARGEST_EXPONENT = 18
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SUSPICIOUS = re.compile(rb"[0-9]{19}|\\u(?:0000|003[aA]|[dD][89a-fA-F])")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"-?(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?(?:[eE](?P<exponent>[+-]?[0-9]+))?")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")
_AT = re.compile(r" - at `(?:key in )?(?P<path>[^`]*)`\Z")
_BYTE = re.compile(r" \(byte ([0-9]+)\)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one message may be at most."""

    size: int = 256 * 1024
    depth: int = 32


DEFAULT_LIMITS = Limits()


def parse(raw: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the document as dict, list, str, int, Decimal, bool and None; raise Permanent with reason, sentence and path."""
    _readable(raw, limits)
    try:
        value = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _offence(raw.decode(), limits) or _malformed(raw, str(error)) from error
    if _deserves_a_second_look(raw, value, limits) and (offence := _offence(raw.decode(), limits)):
        raise offence
    return value


def decode(raw: bytes, type: type[T], *, limits: Limits = DEFAULT_LIMITS) -> T:  # noqa: A002 - the word of msgspec, which it wraps
    """Return the document as `type`, a msgspec Struct or any type msgspec knows; raise Permanent as `parse`, and for what does not fit it.

    FIELD_MISSING, FIELD_INVALID; FIELD_UNKNOWN only where the Struct forbids unknown fields.
    """
    return fit(parse(raw, limits=limits), type)


def fit(value: Any, type: type[T]) -> T:  # noqa: A002 - as in `decode`
    """Return a document that `parse` gave as `type`; raise Permanent as `decode`."""
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), type) from error


def _readable(raw: bytes, limits: Limits) -> None:
    if len(raw) > limits.size:
        sentence = f"The message has {len(raw)} bytes, {limits.size} are the most; send it in parts."
        raise Permanent(Reason.TOO_LARGE, sentence, path="$")
    if not raw.strip():
        raise Permanent(Reason.MALFORMED_JSON, "The message is empty; send one JSON document.", path="$")
    if raw.startswith(_BYTE_ORDER_MARK):
        sentence = "Send UTF-8 without a byte order mark (RFC 8259, section 8.1)."
        raise Permanent(Reason.MALFORMED_JSON, sentence, path="$")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        sentence = f"Send UTF-8; byte {error.start} is none ({error.reason})."
        path = _last_path(raw[: error.start].decode(), limits)
        raise Permanent(Reason.MALFORMED_JSON, sentence, path=path) from error


def _deserves_a_second_look(raw: bytes, value: Any, limits: Limits) -> bool:
    if raw.count(b"{") + raw.count(b"[") > limits.depth and _depth(raw) > limits.depth:
        return True
    return bool(_SUSPICIOUS.search(raw)) or _ENCODER.encode(value).count(b":") != raw.count(b":")


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for bracket in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _decimal(text: str) -> Decimal:
    if sentence := _number_offence(text):
        raise ValueError(sentence)
    return Decimal(text)


def _number_offence(text: str) -> str:
    """Return what is wrong with a JSON number, or nothing; what is no number at all is the grammar's business."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return ""
    if len(found["whole"]) + len(found["part"] or "") > MOST_DIGITS:
        return f"A number has at most {MOST_DIGITS} digits; send longer digit strings as text."
    if found["part"] is None and found["exponent"] is None:
        fits = -LARGEST_INTEGER - 1 <= int(text) <= LARGEST_INTEGER
        return "" if fits else "An integer fits into 64 bits signed; send longer digit strings as text."
    if len((found["exponent"] or "").lstrip("+-").lstrip("0")) > 3:
        return "The number's exponent is out of range; write the number plainly."
    value = Decimal(text)
    if value.adjusted() > _LARGEST_EXPONENT or value.adjusted() < -MOST_DIGITS:
        return "The number is beyond 19 digits before or 40 after the point; correct it."
    return ""


def _offence(text: str, limits: Limits) -> Permanent | None:
    """Return the first offence in reading order that the native passes let through, or None."""
    members: list[set[str] | None] = []
    for token in tokens(text):
        if token.role is Role.OPEN:
            members.append(set() if text[token.start] == "{" else None)
            if len(members) > limits.depth:
                sentence = f"The message is nested deeper than {limits.depth} levels; flatten it."
                return Permanent(Reason.TOO_DEEP, sentence, path=token.path)
        elif token.role is Role.CLOSE:
            if not members:
                return None
            members.pop()
        elif token.role is Role.KEY:
            names = members[-1]
            if names is None or token.name in names:
                return _duplicate(token) if names else None
            names.add(token.name)
        if found := _token_offence(text, token):
            return found
    return None


def _token_offence(text: str, token: Token) -> Permanent | None:
    if token.role in {Role.STRING, Role.KEY} and "\\u" in text[token.start : token.end]:
        characters = unescaped(text[token.start : token.end])
        if "\x00" in characters:
            sentence = "Text cannot hold the character U+0000; leave it out."
            return Permanent(Reason.TEXT_NOT_STORABLE, sentence, path=token.path)
        if _LONE_SURROGATE.search(characters):
            sentence = "Text holds half of a surrogate pair, which is no character; send both halves or none."
            return Permanent(Reason.TEXT_NOT_STORABLE, sentence, path=token.path)
    if token.role is Role.NUMBER and (sentence := _number_offence(text[token.start : token.end])):
        return Permanent(Reason.NUMBER_OUT_OF_RANGE, sentence, path=token.path)
    if token.role is Role.WORD and text[token.start : token.end].lstrip("-") in {
        "NaN",
        "Infinity",
        "nan",
        "inf",
        "Inf",
    }:
        sentence = "JSON has no NaN and no infinity; send a finite number or leave the field out."
        return Permanent(Reason.NUMBER_OUT_OF_RANGE, sentence, path=token.path)
    return None


def _duplicate(token: Token) -> Permanent:
    sentence = f"The name {shown(token.name)!a} stands twice in one object; send it once."
    return Permanent(Reason.DUPLICATE_FIELD, sentence, path=token.path)


def _malformed(raw: bytes, message: str) -> Permanent:
    found = _BYTE.search(message)
    offset = int(found[1]) if found else len(raw)
    what = _BYTE.sub("", message.removeprefix("JSON is malformed: "))
    sentence = f"Send well-formed JSON: {what} at byte {offset}."
    return Permanent(
        Reason.MALFORMED_JSON, sentence, path=_last_path(raw[:offset].decode(errors="ignore"), DEFAULT_LIMITS)
    )


def _last_path(text: str, limits: Limits) -> str:
    """Return the path that text reaches before it ends or breaks."""
    path = "$"
    for token in tokens(text):
        path = token.path
        if token.depth >= limits.depth:
            break
    return path


def _misfit(message: str, type: Any) -> Permanent:  # noqa: A002 - as in `decode`
    found = _AT.search(message)
    path = found["path"] if found else "$"
    what = _AT.sub("", message)
    if missing := _MISSING.match(what):
        return Permanent(
            Reason.FIELD_MISSING, f"Add the field `{missing['field']}`.", path=f"{path}.{missing['field']}"
        )
    if unknown := _UNKNOWN.match(what):
        from adapters.known_fields import advice

        field = unknown["field"]
        sentence = f"There is no field `{shown(field)}` here; {advice(type, path, field)}"
        return Permanent(Reason.FIELD_UNKNOWN, sentence, path=f"{path}.{shown(field)}")
    return Permanent(Reason.FIELD_INVALID, f"The value does not fit: {what[:1].lower()}{what[1:]}.", path=path)


_DECODER = msgspec.json.Decoder(float_hook=_decimal)
_ENCODER = msgspec.json.Encoder()
