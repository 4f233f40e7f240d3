"""Page tokens: a filter and the last place shown in, opaque text out and back; pure. A token fits only the filter it was made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import TypeAlias

Mark: TypeAlias = tuple[str | int, ...]
"""A place in a listing: what its order is by."""

_LONGEST_TOKEN = 2000
_LARGEST_INTEGER = 2**63 - 1


class PageTokenInvalid(ValueError):  # noqa: N818 - the domain's word
    """Text that is no token of this listing, or one of another filter."""


def page_token(which: Sequence[str], mark: Mark) -> str:
    """Return the token of the page after `mark` in the listing filtered by `which`."""
    body = json.dumps([_digest(which), *mark], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_page_token(which: Sequence[str], token: str, shape: tuple[type[str | int], ...]) -> Mark:
    """Return the place of a token; raise PageTokenInvalid unless it is of this filter and has the types of `shape`."""
    try:
        if len(token) > _LONGEST_TOKEN:
            raise PageTokenInvalid
        parts = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise PageTokenInvalid from error
    if not isinstance(parts, list) or len(parts) != len(shape) + 1 or parts[0] != _digest(which):
        raise PageTokenInvalid
    if not all(_fits(part, kind) for part, kind in zip(parts[1:], shape, strict=True)):
        raise PageTokenInvalid
    return tuple(parts[1:])


def _fits(part: object, kind: type[str | int]) -> bool:
    """Whether a part is what a column can be compared with: a token may be forged, for it is no secret."""
    if type(part) is not kind:
        return False
    if isinstance(part, str):
        return not any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in part)
    return abs(part) <= _LARGEST_INTEGER


def _digest(which: Sequence[str]) -> str:
    body = json.dumps(list(which), separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest()[:16]
