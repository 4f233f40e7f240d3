"""The strict decoder lets nothing ambiguous through, names the path of what it refuses, and never fails in another way."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.strict import Limits, decode, parse


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """A line of a strict document."""

    quantity: Decimal
    unit_price: str = ""


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A document of our own: unknown fields are refused."""

    number: str
    lines: list[Line] = []
    by_name: dict[str, Line] = {}
    day: date | None = None


class Vendor(msgspec.Struct):
    """A vendor's document: unknown fields are ignored."""

    number: str = ""


def refused(raw: bytes, declared: Any = Any, limits: Limits = Limits()) -> tuple[Reason, str]:  # noqa: B008 - frozen
    """Return (reason, path) of a refusal."""
    with pytest.raises(Permanent) as error:
        decode(raw, declared, limits=limits)
    return error.value.reason, error.value.path


POISON: list[tuple[bytes, Reason, str]] = [
    (b'{"qty":1,"qty":-99}', Reason.DUPLICATE_FIELD, "$.qty"),
    (b'{"lines":[{"a":1},{"b":{"c":1,"d":2,"c":3}}]}', Reason.DUPLICATE_FIELD, "$.lines[1].b.c"),
    (b'{"a":1,"\\u0061":2}', Reason.DUPLICATE_FIELD, "$.a"),
    (b'{"a:":1,"a\\u003a":2}', Reason.DUPLICATE_FIELD, "$['a:']"),
    (b'{"a":"x:y","a":"x"}', Reason.DUPLICATE_FIELD, "$.a"),
    (b'{"a":NaN}', Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":[1,-Infinity]}', Reason.NUMBER_OUT_OF_RANGE, "$.a[1]"),
    (b'{"a":1e999}', Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":1e-999}', Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":1e99999999999999999999}', Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":9223372036854775808}', Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":-9223372036854775809}', Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":' + b"9" * 5000 + b"}", Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":0.' + b"1" * 41 + b"}", Reason.NUMBER_OUT_OF_RANGE, "$.a"),
    (b'{"a":["\\ud800"]}', Reason.TEXT_NOT_STORABLE, "$.a[0]"),
    (b'{"a":"\\udc00\\ud83d"}', Reason.TEXT_NOT_STORABLE, "$.a"),
    (b'{"a":"x\\u0000"}', Reason.TEXT_NOT_STORABLE, "$.a"),
    (b'{"a\\u0000":1}', Reason.TEXT_NOT_STORABLE, "$['a\\x00']"),
    (b"[" * 100_000, Reason.TOO_DEEP, "$" + "[0]" * 32),
    (b'{"a":' * 33 + b"1" + b"}" * 33, Reason.TOO_DEEP, "$" + ".a" * 32),
    (b"", Reason.MALFORMED_JSON, "$"),
    (b" \n", Reason.MALFORMED_JSON, "$"),
    (b"\xef\xbb\xbf{}", Reason.MALFORMED_JSON, "$"),
    ('{"a":1}'.encode("utf-16"), Reason.MALFORMED_JSON, "$"),
    (b'{"a":{"b":"\xff"}}', Reason.MALFORMED_JSON, "$.a.b"),
    (b'{"a":"\xed\xa0\x80"}', Reason.MALFORMED_JSON, "$.a"),
    (b'{"a":01}', Reason.MALFORMED_JSON, "$.a"),
    (b'{"a":1,}', Reason.MALFORMED_JSON, "$.a"),
    (b'{"a":"tab\there"}', Reason.MALFORMED_JSON, "$.a"),
    (b'{"a":1} {"b":2}', Reason.MALFORMED_JSON, "$"),
    (b"{'a':1}", Reason.MALFORMED_JSON, "$"),
    (b"]", Reason.MALFORMED_JSON, "$"),
]


@pytest.mark.parametrize(("raw", "reason", "path"), POISON, ids=[str(case[0][:30]) for case in POISON])
def test_fault_045_046_047_poison_is_refused_with_its_path(raw: bytes, reason: Reason, path: str) -> None:
    found = refused(raw)
    assert found[0] is reason
    if reason is not Reason.MALFORMED_JSON or path != "$":
        assert found[1] == path


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a":9223372036854775807,"b":-9223372036854775808}', {"a": 2**63 - 1, "b": -(2**63)}),
        (b"[1.50,1e5,-0.1,0.1e1,1]", [Decimal("1.50"), Decimal("1E5"), Decimal("-0.1"), Decimal(1), 1]),
        (b'["\\ud83d\\ude00","\\\\u0000","\\u003a","a:b"]', ["\U0001f600", "\\u0000", ":", "a:b"]),
        (b'{"x":{"a":1},"y":{"a":2}}', {"x": {"a": 1}, "y": {"a": 2}}),
        (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
        ('{"ключ":"значение"}'.encode(), {"ключ": "значение"}),
        (b'"1234567890123456789012345678901234567890123"', "1234567890123456789012345678901234567890123"),
    ],
)
def test_what_is_well_formed_and_clear_is_taken_exactly(raw: bytes, value: Any) -> None:
    found = parse(raw)
    assert found == value
    assert "float" not in {type(each).__name__ for each in (found if isinstance(found, list) else [found])}


def test_many_brackets_are_not_depth() -> None:
    """A sale of a thousand lines is wide, not deep; brackets inside text are neither."""
    raw = json.dumps({"lines": [{"quantity": [1]}] * 1000, "text": "[" * 100}).encode()
    assert len(parse(raw)["lines"]) == 1000


def test_the_limits_can_be_set() -> None:
    assert refused(b'{"a":[1]}', limits=Limits(depth=1)) == (Reason.TOO_DEEP, "$.a")
    assert refused(b'{"a":1}', limits=Limits(size=6)) == (Reason.TOO_LARGE, "$")
    assert parse(b'{"a":1}', limits=Limits(size=7)) == {"a": 1}


def test_what_does_not_fit_the_type_is_refused_with_its_path() -> None:
    assert refused(b'{"lines":[]}', Document) == (Reason.FIELD_MISSING, "$.number")
    assert refused(b'{"number":"1","lines":[{"quantity":1},{}]}', Document) == (
        Reason.FIELD_MISSING,
        "$.lines[1].quantity",
    )
    assert refused(b'{"number":1}', Document) == (Reason.FIELD_INVALID, "$.number")
    assert refused(b'{"number":"1","lines":[{"quantity":true}]}', Document) == (
        Reason.FIELD_INVALID,
        "$.lines[0].quantity",
    )
    assert refused(b'{"number":"1","day":"2026-02-30"}', Document) == (Reason.FIELD_INVALID, "$.day")
    assert refused(b"[]", Document) == (Reason.FIELD_INVALID, "$")


def test_an_unknown_field_is_refused_with_the_nearest_name_of_its_own_object() -> None:
    with pytest.raises(Permanent, match="did you mean `unit_price`") as error:
        decode(b'{"number":"1","lines":[{"quantity":1,"unitprice":"1"}]}', Document)
    assert (error.value.reason, error.value.path) == (Reason.FIELD_UNKNOWN, "$.lines[0].unitprice")
    with pytest.raises(Permanent, match="known are `quantity`, `unit_price`"):
        decode(b'{"number":"1","lines":[{"quantity":1,"zzz":"1"}]}', Document)
    with pytest.raises(Permanent, match="did you mean `quantity`"):
        decode(b'{"number":"1","by_name":{"x":{"quantity":1,"quantiti":"1"}}}', Document)


def test_a_vendors_unknown_fields_are_ignored_but_not_their_poison() -> None:
    assert decode(b'{"number":"1","new":{"x":[1]}}', Vendor) == Vendor(number="1")
    assert refused(b'{"number":"1","new":{"x":1,"x":2}}', Vendor) == (Reason.DUPLICATE_FIELD, "$.new.x")
    assert refused(b'{"number":"1","new":1e999}', Vendor) == (Reason.NUMBER_OUT_OF_RANGE, "$.new")


_NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.decimals(-(10**9), 10**9, places=3).map(lambda value: value.normalize() + 0)
)
_TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | _TEXT | st.integers(-(2**63), 2**63 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=30,
)


@given(document=_DOCUMENTS, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_every_clean_document_comes_back_as_it_was(document: Any, ascii_only: bool, indent: int | None) -> None:
    raw = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    assert parse(raw, limits=Limits(depth=64)) == document


@given(number=_NUMBERS)
def test_numbers_keep_every_digit(number: int | Decimal) -> None:
    text = f"{number:f}" if isinstance(number, Decimal) else str(number)
    assert parse(f"[{text}]".encode()) == [Decimal(text)]


@given(document=st.dictionaries(_TEXT, _DOCUMENTS, min_size=1, max_size=4), data=st.data())
def test_a_name_that_stands_twice_is_always_found(document: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(document)))
    ascii_only = data.draw(st.booleans())
    pairs = [*document.items(), (name, data.draw(_DOCUMENTS))]
    order = data.draw(st.permutations(pairs))
    body = ",".join(f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=ascii_only)}" for key, value in order)
    assert refused(f"{{{body}}}".encode(), limits=Limits(depth=64))[0] is Reason.DUPLICATE_FIELD


@given(raw=st.binary(max_size=200) | st.text('{}[]",:\\u0019eE.-+ntfN', max_size=60).map(str.encode))
def test_fault_046_whatever_comes_is_read_or_refused_with_a_reason(raw: bytes) -> None:
    """What is read, the standard library reads alike; what it cannot read is refused here as well."""
    try:
        value = parse(raw)
    except Permanent as error:
        found: Permanent | None = error
    else:
        found = None
        assert json.loads(raw, parse_float=Decimal) == value
    assert found is None or found.path.startswith("$")


@pytest.mark.parametrize(
    "raw",
    [
        b"1e" + b"0" * 200_000 + b"e",
        b"[" + b"1e0," * 60_000 + b"}",
        b'{"a":' * 40_000,
        b'"' + b"\\\\" * 100_000,
        b'"' + b"\\u003a" * 40_000 + b'"',
        b"[" + b'"a",' * 60_000 + b"NaN]",
        b"{" + b",".join(b'"%d":1' % number for number in range(20_000)) + b',"1":2}',
        b"[" + b'{"a":[]},' * 25_000 + b"1]",
        b"9" * 250_000,
        b" " * 250_000,
    ],
    ids=["exponent", "floats", "deep", "backslashes", "escapes", "strings", "names", "brackets", "digits", "spaces"],
)
def test_fault_046_no_message_of_the_largest_size_takes_long(raw: bytes) -> None:
    """A hostile device cannot stop the others by one message."""
    started = time.monotonic()
    with contextlib.suppress(Permanent):
        parse(raw)
    assert time.monotonic() - started < 5
