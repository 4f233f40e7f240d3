"""The master key: in a file for the service alone, made once, and never of use for another tenant."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.seams.randomness import SeededRandomness
from core_service.sealing.master_key import create_master_key, load_master_key


async def test_a_tenants_key_is_unwrapped_by_the_same_master_key(tmp_path: Path) -> None:
    """Also after it was read from its file again, and for that tenant only."""
    path = tmp_path / "deep" / "master.key"
    create_master_key(path, SeededRandomness(1))
    wrapped = await load_master_key(path, SeededRandomness(2)).wrap("acme", b"k" * 32)
    again = load_master_key(path, SeededRandomness(3))
    assert await again.unwrap("acme", wrapped) == b"k" * 32
    with pytest.raises(Permanent):
        await again.unwrap("bolt", wrapped)
    create_master_key(tmp_path / "other.key", SeededRandomness(4))
    with pytest.raises(Permanent):
        await load_master_key(tmp_path / "other.key", SeededRandomness(5)).unwrap("acme", wrapped)


def test_the_file_is_for_its_owner_alone_and_made_once(tmp_path: Path) -> None:
    """A key that is there is never replaced: everything sealed would be lost."""
    path = tmp_path / "master.key"
    create_master_key(path, SeededRandomness(1))
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    create_master_key(path, SeededRandomness(2))
    assert path.read_bytes() == first
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_cannot_be_trusted_is_refused_with_the_next_step(tmp_path: Path) -> None:
    """Missing, malformed or open to others."""
    path = tmp_path / "master.key"
    for prepare, word in (
        (lambda: None, "core-service migrate"),
        (lambda: path.write_text("abc"), "hex"),
        (lambda: path.write_bytes(b"\xff\xfe"), "cannot be read"),
        (lambda: path.write_text("00" * 31), "32 bytes"),
        (lambda: path.chmod(0o640), "chmod 600"),
    ):
        prepare()
        if word != "chmod 600" and path.exists():
            path.chmod(0o600)
        with pytest.raises(Permanent) as refused:
            load_master_key(path, SeededRandomness(1))
        assert refused.value.reason is Reason.SETTINGS_INVALID
        assert word in refused.value.sentence
