"""The tree holds the checkout's own text files, and nothing that was generated or installed into it."""

from __future__ import annotations

from pathlib import Path

from checks.smells.tree import Tree


def test_caches_environments_and_pictures_are_left_out(tmp_path: Path) -> None:
    for path in (
        "Makefile",
        ".ci/run",
        "adapters/a.py",
        ".venv/lib/b.py",
        "adapters/__pycache__/c.py",
        "var/d.json",
        "docs/e.png",
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert [source.path for source in Tree(tmp_path).sources] == [".ci/run", "Makefile", "adapters/a.py"]


def test_generated_code_is_not_written_by_hand(tmp_path: Path) -> None:
    for path in (
        "proto/tillstream/edge/v1/entry_pb2.py",
        "proto/tillstream/edge/v1/entry_pb2_grpc.pyi",
        "proto/tillstream/__init__.py",
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert [source.path for source in Tree(tmp_path).python()] == ["proto/tillstream/__init__.py"]


def test_a_file_that_python_cannot_parse_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n")
    assert Tree(tmp_path).sources[0].nodes
