"""What every test may take: the corpus, and hypothesis that is thorough at the desk and repeatable in continuous integration."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.corpus import Corpus, open_corpus

# Times vary on shared machines, so no example has a deadline of its own: pytest-timeout guards the whole test.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """Return the corpus of real messages; a test that takes it says "corpus absent" where the folder is missing."""
    return open_corpus()
