"""The box's identity on its disk: whole after any crash, and for no other user."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from edge_agent.identity import keystore as module
from edge_agent.identity.keystore import Identity, Keystore

MOMENT = datetime(2026, 1, 5, 9, tzinfo=UTC)
IDENTITY = Identity(
    tenant="acme",
    store="leeds",
    agent="leeds-1",
    api_address="core:1",
    agents_address="core:2",
    key_pem=b"key",
    certificate_pem=b"certificate",
    bundle_pem=b"bundle",
    issued_at=MOMENT,
    renew_at=MOMENT,
    expires_at=MOMENT,
)
NEXT = msgspec.structs.replace(IDENTITY, key_pem=b"next", certificate_pem=b"newer")


class PowerCut(BaseException):
    """The box loses power here."""


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """None before enrolment; only the owner may read it; the key shows in no message."""
    store = Keystore(tmp_path)
    assert store.load() is None
    store.save(IDENTITY)
    assert store.load() == IDENTITY
    folder = tmp_path / "identity"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "identity.json")] == [0o700, 0o600]
    assert "key" not in repr(IDENTITY)


def test_the_next_key_is_kept_until_its_certificate_is(tmp_path: Path) -> None:
    """Asked again after a crash, it is the same; after saving, another one is made."""
    store = Keystore(tmp_path)
    assert store.next_key(lambda: b"next") == b"next"
    assert Keystore(tmp_path).next_key(lambda: b"other") == b"next"
    store.save(NEXT)
    assert store.next_key(lambda: b"other") == b"other"


def test_a_next_key_that_became_the_present_one_is_not_used_again(tmp_path: Path) -> None:
    """Power was cut after the identity was stored and before the next key was removed."""
    store = Keystore(tmp_path)
    store.next_key(lambda: b"next")
    kept = (tmp_path / "identity" / "next-key.pem").read_bytes()
    store.save(NEXT)
    left = tmp_path / "identity" / "next-key.pem"
    left.write_bytes(kept)
    left.chmod(0o600)
    assert Keystore(tmp_path).next_key(lambda: b"other") == b"other"


@pytest.mark.parametrize("cut_at", range(1, 13))
def test_power_cut_at_any_step_leaves_the_old_identity_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    """Never half of one; and the key of what the core has answered is never lost before its certificate is stored."""
    store = Keystore(tmp_path)
    store.save(IDENTITY)
    store.next_key(lambda: b"next")
    steps = _cutting(monkeypatch, cut_at)
    try:
        store.save(NEXT)
    except PowerCut:
        assert steps[0] == cut_at
    else:
        assert steps[0] < cut_at
    monkeypatch.undo()
    after = Keystore(tmp_path)
    found = after.load()
    assert found in (IDENTITY, NEXT)
    if found == IDENTITY:
        assert after.next_key(lambda: b"other") == b"next"
    after.save(NEXT)
    assert after.load() == NEXT


def _cutting(monkeypatch: pytest.MonkeyPatch, cut_at: int) -> list[int]:
    """Cut the power before the n-th call that changes the disk."""
    steps = [0]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            steps[0] += 1
            if steps[0] == cut_at:
                raise PowerCut
            return real(*arguments, **named)

        return call

    for owner, name in ((os, "open"), (os, "fsync"), (Path, "replace"), (Path, "unlink")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return steps


@pytest.mark.parametrize("raw", [b"", b"{}", b"\x00", b'{"tenant": 1}', b'{"tenant": "a"'])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, raw: bytes) -> None:
    """With what to do about it."""
    store = Keystore(tmp_path)
    store.save(IDENTITY)
    (tmp_path / "identity" / "identity.json").write_bytes(raw)
    with pytest.raises(Permanent) as refused:
        store.load()
    assert refused.value.reason is Reason.SETTINGS_INVALID
    assert "enrol the box again" in refused.value.sentence


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it."""
    store = Keystore(tmp_path)
    store.save(IDENTITY)
    file = tmp_path / "identity" / "identity.json"
    file.chmod(0o644)
    with pytest.raises(Permanent) as refused:
        store.load()
    assert f"chmod 600 {file}" in refused.value.sentence


def test_a_disk_that_takes_nothing_is_a_clear_error(tmp_path: Path) -> None:
    """Here: a file stands where the folder should be."""
    (tmp_path / module.FOLDER).write_bytes(b"")
    with pytest.raises(Permanent) as refused:
        Keystore(tmp_path).save(IDENTITY)
    assert refused.value.reason is Reason.SETTINGS_INVALID
