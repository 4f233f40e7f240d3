"""Stale, missing and left-over stubs are told apart, and writing mends all three."""

from __future__ import annotations

from pathlib import Path

from checks.stubs import PROTO, differences, generate, stubs, write


def test_each_way_to_be_out_of_step_is_named() -> None:
    committed = {"same_pb2.py": b"1", "stale_pb2.py": b"1", "left_pb2.py": b"1"}
    fresh = {"same_pb2.py": b"1", "stale_pb2.py": b"2", "new_pb2.py": b"1"}
    assert differences(committed, fresh) == [
        "new_pb2.py: is missing",
        "left_pb2.py: has no .proto file any more",
        "stale_pb2.py: is not what its .proto file says",
    ]


def test_writing_leaves_exactly_the_fresh_stubs(tmp_path: Path) -> None:
    (tmp_path / "left_pb2.py").write_bytes(b"1")
    (tmp_path / "by_hand.py").write_bytes(b"1")
    write(tmp_path, {"new_pb2.py": b"2"})
    assert stubs(tmp_path) == {"new_pb2.py": b"2"}
    assert (tmp_path / "by_hand.py").exists()


def test_generating_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    for target in (once, twice):
        target.mkdir()
        generate(PROTO, target)
    assert stubs(once) == stubs(twice)
    assert stubs(once)
