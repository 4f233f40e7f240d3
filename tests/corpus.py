"""The corpus of real messages beside the checkout: a family's name in, its files and what a correct reading yields out.

It lies in `../shared/corpus`, seen from the repository's root, and is not part of the repository. A test takes the fixture `corpus`, or is
parametrised with `corpus_cases(family)`; without the folder each such test reports "corpus absent" once (see tests/required.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.required import require

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
ABSENT = "corpus-absent"
"""Stands for the cases of a corpus that is not there, so that its tests are seen and not silently none."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files of the corpus. A name is `family/file`, as in its EXPECT.json."""

    folder: Path

    def read(self, name: str) -> bytes:
        """Return the raw bytes of a file."""
        return (self.folder / name).read_bytes()

    def expectation(self, name: str) -> Any:
        """Return what a correct reading of the file yields, or None where nothing is said of it."""
        return _expectations(self.folder).get(name)

    def names(self, family: str) -> list[str]:
        """Return the names of all files of a family, sorted."""
        return sorted(f"{family}/{path.name}" for path in (self.folder / family).iterdir() if path.is_file())

    def expected_names(self, family: str) -> list[str]:
        """Return the names of the family's files that have an expectation, sorted."""
        return [name for name in self.names(family) if self.expectation(name) is not None]


@cache
def _expectations(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "EXPECT.json").read_bytes())
    return found


def corpus_cases(family: str) -> list[str]:
    """Return the family's files that have an expectation, to parametrise a test that also takes the fixture `corpus`."""
    return Corpus(FOLDER).expected_names(family) if FOLDER.is_dir() else [ABSENT]


def corpus_files(family: str) -> list[str]:
    """Return all of the family's files, to parametrise a test that also takes the fixture `corpus`."""
    return Corpus(FOLDER).names(family) if FOLDER.is_dir() else [ABSENT]


def open_corpus() -> Corpus:
    """Return the corpus; without its folder end the test, as a failure where everything is required."""
    require(FOLDER.is_dir(), "corpus absent: put the folder shared/corpus beside the checkout")
    return Corpus(FOLDER)
