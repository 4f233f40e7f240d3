"""Card numbers and track data in text: found as they are written in shops and logs, masked to first 6 and last 4, and nothing else touched."""

from __future__ import annotations

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.card_numbers import is_card_number, masked_number, masked_text

TEST_CARDS = """4111111111111111 4012888888881881 4222222222222 5555555555554444 5105105105105100 2223003122003222 378282246310005
371449635398431 6011111111111117 6011000990139424 30569309025904 38520000023237 3530111333300000 3566002020360505 6200000000000005
5019717010103742 6331101999990016 2200000000000004""".split()
MASKED = "411111******1111"
PAN = "4111111111111111"


def check_digit(digits: str) -> str:
    """Return the digits with the Luhn digit that makes them right."""
    return next(f"{digits}{last}" for last in range(10) if _luhn(f"{digits}{last}"))


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


CARDS = st.tuples(
    st.sampled_from(["4", "51", "55", "2221", "2720", "6011", "62"]), st.text("0123456789", min_size=15, max_size=15)
).map(lambda parts: check_digit((parts[0] + parts[1])[:15]))


@pytest.mark.parametrize("digits", TEST_CARDS)
def test_the_networks_test_numbers_are_known(digits: str) -> None:
    assert is_card_number(digits)
    assert masked_text(digits) == masked_number(digits)


@pytest.mark.parametrize(
    "digits",
    [
        "4111111111111112",  # wrong check digit
        "411111111111",  # too short
        "411111111111111111111111",  # too long
        "1234567890123452",  # no network
        "1767607200000",  # a moment in milliseconds
        "490154203237518",  # an IMEI: right check digit, but no network has that prefix with 15 digits
    ],
)
def test_other_numbers_are_none(digits: str) -> None:
    assert not is_card_number(digits)
    assert masked_text(digits) == digits


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"card {PAN}.", f"card {MASKED}."),
        (f"x{PAN}y", f"x{MASKED}y"),
        ("4111 1111 1111 1111", "4111 11** **** 1111"),
        ("4111-1111-1111-1111", "4111-11**-****-1111"),
        ("4111.1111.1111.1111", "4111.11**.****.1111"),
        ("4111\u00a01111\u00a01111\u00a01111", "4111\u00a011**\u00a0****\u00a01111"),
        ("3782 822463 10005", "3782 82**** *0005"),
        ("2026-01-05 4111 1111 1111 1111 12", "2026-01-05 4111 11** **** 1111 12"),
        (f"{PAN} {PAN}", f"{MASKED} {MASKED}"),
        (f"0000{PAN}", f"0000{MASKED}"),
        (f"16{PAN}", f"16{MASKED}"),
        (f"{PAN}1225", f"{MASKED}1225"),
        (f"{PAN}F", f"{MASKED}F"),
        (f"5A08{PAN}", f"5A08{MASKED}"),
        (f"5713{PAN}D25121010000000000000F", f"5713{MASKED}{'*' * 22}"),
        (f"{PAN}D25121010000000000000F", f"{MASKED}{'*' * 22}"),
        (f";{PAN}=25121010000000000?", f";{MASKED}=*****************?"),
        (f"%B{PAN}^DOE/JOHN^25121010000000000?", f"%B{MASKED}^********^*****************?"),
        (";1234567890123456=25121010000000000?", ";123456******3456=*****************?"),
        ("cvv: 123, pin=1234", "cvv: ***, pin=****"),
        (PAN.encode().hex(), "3431313131312a2a2a2a2a2a31313131"),
        (f"a{PAN.encode().hex()}", "a3431313131312a2a2a2a2a2a31313131"),
        (base64.b64encode(PAN.encode()).decode(), base64.b64encode(MASKED.encode()).decode()),
        (base64.b64encode(bytes.fromhex(PAN)).decode(), MASKED),
        (base64.b64encode(bytes.fromhex(f"0{PAN[:15]}5F")[:8]).decode(), None),
        (
            base64.urlsafe_b64encode(b"\xff\xfe" + PAN.encode()).decode().rstrip("="),
            base64.urlsafe_b64encode(b"\xff\xfe" + MASKED.encode()).decode().rstrip("="),
        ),
        (
            base64.b64encode(base64.b64encode(PAN.encode())).decode(),
            base64.b64encode(base64.b64encode(MASKED.encode())).decode(),
        ),
        (PAN.encode().hex().encode().hex(), MASKED.encode().hex().encode().hex()),
    ],
)
def test_card_data_is_masked_where_it_stands(text: str, masked: str | None) -> None:
    assert masked_text(text) == (text if masked is None else masked)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T10:00:00.123456+01:00",
        "e89ff114-1972-4be0-9481-a621f2385fff",
        "+1 650-354-7217",
        "192.168.100.200",
        "carry_out receipt_number description",
        "shipping: 4 boxes, tracking 1Z999AA10123456784",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
        "12.50 1234.56 8888.00",
    ],
)
def test_what_only_looks_busy_is_left_alone(text: str) -> None:
    assert masked_text(text) == text


@given(card=CARDS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_card_number_survives_between_other_words(card: str, before: str, after: str) -> None:
    assume(not before[-1:].isdigit() and not after[:1].isdigit())
    masked = masked_text(f"{before}{card}{after}")
    assert card not in masked
    assert masked_text(masked) == masked


@given(
    card=CARDS,
    encode=st.sampled_from([lambda raw: base64.b64encode(raw).decode(), bytes.hex, lambda raw: raw.hex().upper()]),
    around=st.tuples(st.binary(max_size=12), st.binary(max_size=12)),
)
def test_no_card_number_survives_inside_hex_or_base64(card: str, encode: object, around: tuple[bytes, bytes]) -> None:
    assert callable(encode)
    assume(not around[0][-1:].isdigit() and not around[1][:1].isdigit())
    text: str = encode(around[0] + card.encode() + around[1])
    masked = masked_text(text)
    assert masked != text
    assert encode(card.encode()) not in masked
    assert masked_text(masked) == masked


@given(text=st.text("0123456789 -.=^;?%BDF5Acv:", max_size=80))
def test_masking_keeps_the_length_and_is_done_after_one_time(text: str) -> None:
    masked = masked_text(text)
    assert len(masked) == len(text)
    assert masked_text(masked) == masked
