"""Sealing: what one tenant sealed under one id opens for that tenant and id only, and unaltered only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import Permanent
from adapters.seams.randomness import SeededRandomness
from core_service.sealing.sealer import KEY_BYTES, Sealed, TenantSealer

_KEY = b"k" * KEY_BYTES


def _sealer(tenant: str = "acme", key: bytes = _KEY, seed: int = 1) -> TenantSealer:
    return TenantSealer(tenant, key, SeededRandomness(seed))


@given(st.lists(st.tuples(st.text(), st.binary()), max_size=5))
def test_what_was_sealed_opens(items: list[tuple[str, bytes]]) -> None:
    """Any bytes under any id, many at once."""
    sealer = _sealer()
    for (raw_id, raw), sealed in zip(items, sealer.seal(items), strict=True):
        assert sealer.open(raw_id, sealed) == raw
        assert len(raw) < 8 or raw not in sealed.ciphertext


def _one() -> Sealed:
    (sealed,) = _sealer().seal([("raw_1", b"card-free bytes")])
    return sealed


def test_another_tenant_id_or_key_does_not_open_it() -> None:
    """Sealed bytes are bound to where they belong."""
    for sealer, raw_id in (
        (_sealer("bolt"), "raw_1"),
        (_sealer(), "raw_2"),
        (_sealer(key=b"x" * KEY_BYTES), "raw_1"),
    ):
        with pytest.raises(Permanent):
            sealer.open(raw_id, _one())


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), part=st.sampled_from(["wrapped_key", "ciphertext"]))
def test_fault_016_one_flipped_bit_is_found(place: int, bit: int, part: str) -> None:
    """Wherever it is."""
    sealed = _one()
    altered = bytearray(getattr(sealed, part))
    altered[place % len(altered)] ^= 1 << bit
    with pytest.raises(Permanent):
        _sealer().open("raw_1", replace(sealed, **{part: bytes(altered)}))


@pytest.mark.parametrize("size", [0, 1, 12, 28])
def test_cut_bytes_are_refused(size: int) -> None:
    """With a sentence, never another exception."""
    with pytest.raises(Permanent):
        _sealer().open("raw_1", Sealed(_one().wrapped_key[:size], _one().ciphertext))
    with pytest.raises(Permanent):
        _sealer().open("raw_1", Sealed(_one().wrapped_key, _one().ciphertext[:size]))


def test_the_same_bytes_never_look_the_same() -> None:
    """Each record has a key and nonces of its own."""
    sealed = _sealer().seal([("raw_1", b"same"), ("raw_1", b"same")])
    assert len({part for one in sealed for part in (one.wrapped_key, one.ciphertext)}) == 4
