"""The corpus gives names, bytes and expectations; where it is missing, that is said and not passed over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.corpus import Corpus
from tests.required import require, require_command


def test_files_and_their_expectations_are_found_by_family(tmp_path: Path) -> None:
    family = tmp_path / "pos_acme"
    family.mkdir()
    (family / "b.json").write_bytes(b"{}")
    (family / "a.json").write_bytes(b"[]")
    (tmp_path / "EXPECT.json").write_text(json.dumps({"pos_acme/b.json": {"lines": 2}}))
    corpus = Corpus(tmp_path)
    assert corpus.names("pos_acme") == ["pos_acme/a.json", "pos_acme/b.json"]
    assert corpus.expected_names("pos_acme") == ["pos_acme/b.json"]
    assert corpus.expectation("pos_acme/b.json") == {"lines": 2}
    assert corpus.read("pos_acme/a.json") == b"[]"


def test_the_corpus_beside_the_checkout_has_square_messages(corpus: Corpus) -> None:
    assert corpus.expected_names("pos_square")


def test_a_missing_part_fails_where_everything_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="corpus absent"):
        require(present=False, sentence="corpus absent")


def test_a_missing_part_is_told_at_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    with pytest.raises(BaseException, match="corpus absent") as told:
        require(present=False, sentence="corpus absent")
    assert told.typename == "Skipped"


def test_a_command_that_is_there_is_found() -> None:
    assert require_command("sh", "dash").endswith("/sh")
