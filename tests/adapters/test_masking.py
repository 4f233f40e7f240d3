"""Card data in JSON never reaches a disk, wherever and however it is written; everything else does, byte for byte."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.masking import mask_json
from adapters.reasons import Reason
from tests.adapters.test_card_numbers import CARDS, PAN

DECLARED = frozenset({"gtin", "$.lines[].serial"})


def masked(document: Any, declared: frozenset[str] = frozenset()) -> Any:
    """Return a document after masking."""
    return json.loads(mask_json(json.dumps(document).encode(), declared))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"a": PAN}, {"a": "411111******1111"}),
        ({"a": int(PAN)}, {"a": "411111******1111"}),
        ({"a": [{"b": f"x {PAN}"}]}, {"a": [{"b": "x 411111******1111"}]}),
        ({PAN: 1}, {"411111******1111": 1}),
        ({"a": json.dumps({"pan": PAN, "cvv": "123"})}, {"a": '{"pan": "411111******1111", "cvv": null}'}),
        ({"cvv": "123", "CVV2": 123, "card-cvc": "1"}, {"cvv": None, "CVV2": None, "card-cvc": "1"}),
        ({"track_data": {"a": [1, {"b": 2}]}, "b": 1}, {"track_data": None, "b": 1}),
        (
            {"Track1": "x", "track 2": ["y"], "pinBlock": "04A1", "PIN": 1},
            dict.fromkeys(["Track1", "track 2", "pinBlock", "PIN"]),
        ),
        ({"cvv_status": "CVV_ACCEPTED", "shipping": "x", "tracking_number": "1Z"}, None),
        ({"cvv": None}, None),
    ],
)
def test_card_data_is_masked_or_removed(document: Any, expected: Any) -> None:
    assert masked(document) == (document if expected is None else expected)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"\\u0034111111111111111"}',
        b'{"a":"4111\\u0020111111111111"}',
        b'{"a":4.111111111111111E15}',
        b'{"a":4111111111111111.00}',
        b'{"a":-4111111111111111}',
        b'{"c\\u0076v":"123"}',
        b'{"a":"' + base64.b64encode(b"?>" * 9 + PAN.encode()).replace(b"/", b"\\/") + b'"}',
        b'{"a":' + json.dumps(base64.encodebytes(b"x" * 50 + PAN.encode()).decode()).encode() + b"}",
    ],
)
def test_escapes_exponents_and_line_breaks_hide_nothing(raw: bytes) -> None:
    found = mask_json(raw)
    assert found != raw
    text = json.dumps(json.loads(found))
    assert PAN not in text
    assert "123" not in text or "cvv" not in text
    assert mask_json(found) == found


def test_declared_fields_are_left_alone_by_name_and_by_path() -> None:
    document = {"gtin": PAN, "lines": [{"serial": PAN, "other": PAN}], "serial": PAN}
    assert masked(document, DECLARED) == {
        "gtin": PAN,
        "lines": [{"serial": PAN, "other": "411111******1111"}],
        "serial": "411111******1111",
    }


def test_what_holds_no_card_data_is_the_same_bytes() -> None:
    raw = b'{ "b" : 1.50 ,\n "a":"\\u00e9 \\"x\\"", "time":"2026-01-05T10:00:00Z" }'
    assert mask_json(raw) is raw


def test_only_the_masked_place_changes() -> None:
    assert mask_json(b'{ "b" : 1.50 , "a" : "' + PAN.encode() + b'" }') == b'{ "b" : 1.50 , "a" : "411111******1111" }'


def test_what_is_no_json_is_refused_with_the_decoders_reason() -> None:
    with pytest.raises(Permanent) as refused:
        mask_json(b'{"a":1,"a":2}')
    assert refused.value.reason is Reason.DUPLICATE_FIELD


@pytest.mark.parametrize(
    "raw",
    [
        b'{"%b":1,"%b":2}' % (PAN.encode(), PAN.encode()),
        b'{"x%b":NaN}' % PAN.encode(),
        b'{"4111-1111-1111-1111":NaN}',
        b'{"a name of twenty letters and %b":NaN}' % PAN.encode(),
        b'{"%b":"\xff"}' % PAN.encode(),
    ],
)
def test_the_words_of_a_refusal_hold_no_card_data_either(raw: bytes) -> None:
    with pytest.raises(Permanent) as refused:
        mask_json(raw)
    said = f"{refused.value} {refused.value.sentence} {refused.value.path} {refused.value.__cause__}"
    assert "1111111" not in said.replace("-", "")


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)
)
_DOCUMENTS = st.recursive(
    _LEAVES | CARDS | CARDS.map(int) | CARDS.map(lambda card: base64.b64encode(card.encode()).decode()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "note", "cvv", "track", "pin", "gtin"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def strings(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return (name, text) of all leaves."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in strings(inner, key)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in strings(inner, name)]
    return [(name, str(value))]


@given(document=_DOCUMENTS, ascii_only=st.booleans())
def test_masking_leaves_a_readable_document_without_cards_and_is_done_after_one_time(
    document: Any, ascii_only: bool
) -> None:
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()
    found = mask_json(raw, DECLARED)
    assert mask_json(found, DECLARED) == found
    before, after = (
        strings(document),
        dict.fromkeys(text for name, text in strings(json.loads(found)) if name != "gtin"),
    )
    cards = {
        text for name, text in before if name != "gtin" and len(text) == 16 and text.isdigit() and text[0] in "2456"
    }
    gone = {card for card in cards if mask_json(json.dumps(card).encode()) != json.dumps(card).encode()}
    assert not gone & set(after)


@pytest.mark.parametrize(
    "filler",
    [
        "4111 ",
        "1",
        "4",
        "a1",
        "4111111111111111",
        "QRERERERERE=",
        "34",
        ";4111=",
        "%B4^",
        '{\\"a\\":',
        "0 ",
        "5A08",
        "==",
    ],
)
def test_a_message_of_the_largest_size_is_masked_in_bounded_time(filler: str) -> None:
    """No text makes the guard's searches explode."""
    raw = b'{"a":"' + filler.encode() * (200_000 // len(filler)) + b'"}'
    started = time.monotonic()
    mask_json(raw)
    assert time.monotonic() - started < 5
