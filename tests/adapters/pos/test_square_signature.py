"""A Square webhook is believed only when the raw bytes, the address and the key make its signature (faults rows 67 and 69)."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from adapters.errors import AuthenticationFailed
from adapters.pos.square.signature import sign, verify
from adapters.reasons import Reason

RAW = b'{"hello":"world"}'
URL = "https://shop.example/webhook"
KEY = "signature-key"


def test_a_signature_made_as_square_says_is_taken() -> None:
    by_hand = base64.b64encode(hmac.new(KEY.encode(), URL.encode() + RAW, hashlib.sha256).digest()).decode()
    verify(RAW, by_hand, KEY, URL)


@pytest.mark.parametrize(
    ("raw", "header", "url"),
    [
        (RAW, None, URL),
        (RAW, "", URL),
        (RAW, sign(RAW, KEY, URL)[:-5], URL),
        (RAW, sign(RAW, "other", URL), URL),
        (RAW, sign(RAW, KEY, URL), "https://other.example/webhook"),
        (b'{"hello": "world"}', sign(RAW, KEY, URL), URL),
        (RAW, "\u00e9" * 44, URL),
    ],
    ids=["missing", "empty", "short", "other key", "other address", "re-serialised body", "not ASCII"],
)
def test_fault_067_a_bad_missing_or_short_signature_is_refused(raw: bytes, header: str | None, url: str) -> None:
    with pytest.raises(AuthenticationFailed) as refused:
        verify(raw, header, KEY, url)
    assert refused.value.reason is Reason.SIGNATURE_INVALID


def test_fault_069_old_and_new_key_are_taken_while_they_overlap() -> None:
    verify(RAW, sign(RAW, "old", URL), "new", URL, previous_key="old")
    verify(RAW, sign(RAW, "new", URL), "new", URL, previous_key="old")
    with pytest.raises(AuthenticationFailed):
        verify(RAW, sign(RAW, "old", URL), "new", URL)


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(AuthenticationFailed):
        verify(RAW, sign(RAW, "", URL), "", URL)
