"""Card data in text: any text in, the same text with card numbers and track data masked out, of the same length; pure.

A card number is a run of 13 to 19 digits with a known network's prefix and length (ISO/IEC 7812) and a right check digit (Luhn). It may be
parted by single spaces, dashes, or dots in fours (no part but the last below 3 digits), follow its own length (ISO 8583, EMV tags 5A and 57) or be followed by its expiry. First 6 and
last 4 digits stay (PCI DSS 3.4). Of track data (ISO/IEC 7813) nothing stays but the masked number. Masking again changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

_NETWORKS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{17,18})"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|(?:62|81)[0-9]{14,17}"  # UnionPay, RuPay
    r"|(?:5[06-8]|6[0-9])[0-9]{11,17}"  # Maestro, Discover, RuPay, Elo, Verve
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|(?:9792|8600|9860)[0-9]{12}",  # Troy, Uzcard, Humo
)
_RUN = re.compile("[0-9](?:[ .\\-\u00a0\u2007\u2011\u2013\u202f]?[0-9]){11,}")
_GROUP = re.compile(r"[0-9]+")
_DOTTED = re.compile(r"[0-9]{4}(?:\.[0-9]{4}){2,3}(?:\.[0-9]{1,3})?")
_TRACK_1 = re.compile(r"(?P<start>%?[Bb])(?P<pan>[0-9]{12,19})(?P<rest>\^[^^?]{2,26}\^[0-9A-Z ^=]{4,60}\??)")
_TRACK_2 = re.compile(r"(?P<start>;?)(?P<pan>[0-9]{12,19})(?P<rest>[=Dd][0-9]{7,}[Ff]?\??)")
_EMV = re.compile(
    r"(?P<start>)(?:5[Aa]0[7-9Aa]|57(?:0[89A-Fa-f]|1[0-3]))(?P<pan>[0-9]{13,19})(?P<rest>(?:[Dd][0-9]+)?[Ff]?)"
)
_SPOKEN = re.compile(r"(?i)\b(?:cvv2?|cvc2?|csc|cav2|pin)\b[ \"']{0,3}[=:][ \"']{0,3}(?P<rest>[0-9]{3,6})(?![0-9])")
_HEX = re.compile(r"[0-9A-Fa-f]{26,}")
_CODED = re.compile(r"[A-Za-z0-9+/_-]{10,}={0,2}")
_BCD_IN_BASE64 = re.compile(
    r"(?:[A-Za-n][A-JQ-Zg-pw-z0-5][A-Za-n][A-JQ-Zg-pw-z0-5]){2}"
)  # no nibble of the first bytes is above 9
_SHORTEST_GROUP = 3
_SHORTEST_DIGITS_IN_BASE64 = 18
_SPOKEN_WORDS = ("cvv", "cvc", "csc", "cav2", "pin")
_BCD = re.compile(r"0?(?P<pan>[0-9]{13,19}?)(?:f*|d[0-9]{7,}f?)\Z")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DEEPEST_ENCODING = 2


def is_card_number(digits: str) -> bool:
    """Whether a string of digits has a card network's prefix and length and a right check digit."""
    return _NETWORKS.fullmatch(digits) is not None and _luhn(digits)


def masked_number(digits: str) -> str:
    """Return `411111******1111` for a card number."""
    return f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"


def masked_text(text: str, *, encodings: int = _DEEPEST_ENCODING) -> str:
    """Return the text with card data masked, also inside hex and base64 (themselves encoded up to `encodings` times).

    The length stays, but for a base64 string of binary-coded digits, which becomes the masked number.
    """
    while True:
        masked = _encoded_masked(_plain_masked(text), encodings)
        if masked == text:
            return text
        text = masked


def _luhn(digits: str) -> bool:
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0


def _plain_masked(text: str) -> str:
    spans = list(_spans(text))
    if not spans:
        return text
    characters = list(text)
    for start, end, kept in spans:
        positions = [at for at in range(start, end) if characters[at] not in " -.?=^\u00a0\u2007\u2011\u2013\u202f"]
        for at in positions[6:-4] if kept else positions:
            characters[at] = "*"
    return "".join(characters)


def _spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether first 6 and last 4 stay) of what must be masked."""
    lower = text.lower()
    for word in _SPOKEN_WORDS:
        if word in lower:
            yield from ((*found.span("rest"), False) for found in _SPOKEN.finditer(text))
            break
    if not _RUN.search(text):
        return
    for pattern in (_TRACK_1, _TRACK_2, _EMV) if "^" in text else (_TRACK_2, _EMV):
        for found in pattern.finditer(text):
            if found["start"] or is_card_number(found["pan"]):
                yield (*found.span("pan"), True)
                yield (*found.span("rest"), False)
    for found in _RUN.finditer(text):
        for start, end in _numbers_in(text, *found.span()):
            yield start, end, True


def _numbers_in(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    groups = [found.span() for found in _GROUP.finditer(text, start, end)]
    first = 0
    while first < len(groups):
        digits = text[slice(*groups[first])]
        inside = _in_one_group(digits)
        if inside is not None:
            yield groups[first][0] + inside[0], groups[first][0] + inside[1]
        last = first
        if inside is None and _free(text, groups[first][0] - 1):
            last = _parted(text, groups, first) or first
            if last > first:
                yield groups[first][0], groups[last][1]
        first = last + 1


def _in_one_group(digits: str) -> tuple[int, int] | None:
    """Return where a card number stands in an unbroken run: all of it, after zeros, after its own length, or before an expiry."""
    if len(digits) < 13:
        return None
    zeros = len(digits) - len(digits.lstrip("0"))
    for begin in {0: None, zeros: None}:
        if is_card_number(digits[begin:]):
            return begin, len(digits)
    if digits[:2] == str(len(digits) - 2) and is_card_number(digits[2:]):
        return 2, len(digits)
    if 17 <= len(digits) <= 23 and _is_expiry(digits[-4:]) and is_card_number(digits[:-4]):
        return 0, len(digits) - 4
    return None


def _is_expiry(digits: str) -> bool:
    return 1 <= int(digits[:2]) <= 12 or 1 <= int(digits[2:]) <= 12


def _parted(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """Return the last group of the longest card number that begins with group `first` and has more than one."""
    found = None
    digits = text[slice(*groups[first])]
    for last in range(first + 1, len(groups)):
        if groups[last - 1][1] - groups[last - 1][0] < _SHORTEST_GROUP:
            break
        digits += text[slice(*groups[last])]
        if len(digits) > 19:
            break
        span = text[groups[first][0] : groups[last][1]]
        dots_fit = "." not in span or _DOTTED.fullmatch(span) is not None
        if len(digits) >= 13 and dots_fit and _free(text, groups[last][1]) and is_card_number(digits):
            found = last
    return found


def _free(text: str, at: int) -> bool:
    return not 0 <= at < len(text) or not text[at].isalnum()


def _encoded_masked(text: str, encodings: int) -> str:
    if encodings == 0:
        return text
    return _CODED.sub(lambda found: _decoded_masked(found[0], encodings), text)


def _decoded_masked(run: str, encodings: int) -> str:
    if len(run) >= 26:
        run = _HEX.sub(lambda found: _hex_masked(found[0], encodings), run)
    if len(run) >= _SHORTEST_DIGITS_IN_BASE64 or _BCD_IN_BASE64.match(run):
        return _base64_masked(run, encodings)
    return run


def _hex_masked(run: str, encodings: int) -> str:
    for shift in (0, 1):
        body = run[shift : len(run) - (len(run) - shift) % 2]
        plain = bytes.fromhex(body).decode("latin-1")
        masked = masked_text(plain, encodings=encodings - 1)
        if masked != plain:
            encoded = masked.encode("latin-1").hex()
            encoded = encoded.upper() if body.isupper() else encoded
            return run[:shift] + encoded + run[shift + len(body) :]
    return run


def _base64_masked(run: str, encodings: int) -> str:
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(body) % 4 == 1:
        return run
    try:
        content = base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return run
    if (coded := _BCD.match(content.hex())) and is_card_number(coded["pan"]):
        return masked_number(coded["pan"])
    plain = content.decode("latin-1")
    masked = masked_text(plain, encodings=encodings - 1)
    if masked == plain or len(masked) != len(plain):
        return run if masked == plain else masked
    encoded = base64.b64encode(masked.encode("latin-1")).decode().rstrip("=")
    encoded += run[len(run.rstrip("=")) :]
    return encoded.replace("+", "-").replace("/", "_") if "-" in run or "_" in run else encoded
