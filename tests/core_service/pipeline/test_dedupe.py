"""A fact is new, a repeat, an amendment, too old, or a conflict; fingerprints of two versions are never compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.key import BusinessKey
from core_service.pipeline.dedupe import Standing, compare
from core_service.ports.ingest import KnownFact


def key(revision: int, content: str = "a", version: int = 1) -> BusinessKey:
    """Return a key of one name."""
    return BusinessKey(
        kind="sale",
        source="north/1",
        reference="1",
        revision=revision,
        fingerprint=content.encode(),
        fingerprint_version=version,
    )


def known(*keys: BusinessKey) -> list[KnownFact]:
    """Return facts, newest first."""
    return [KnownFact(key=one, record_id="sal_1") for one in sorted(keys, key=lambda one: -one.revision)]


@given(revisions=st.sets(st.integers(0, 5)), revision=st.integers(0, 5), same=st.booleans())
def test_every_fact_has_exactly_one_standing(revisions: set[int], revision: int, *, same: bool):
    found = compare(key(revision, "a" if same else "b"), known(*(key(one) for one in sorted(revisions))))
    if not revisions:
        expected = Standing.NEW
    elif revision in revisions:
        expected = Standing.REPEAT if same else Standing.CONFLICT
    else:
        expected = Standing.AMENDMENT if revision > max(revisions) else Standing.OLDER
    assert found.standing is expected
    assert (found.first is None) is (expected is Standing.NEW)


def test_fingerprints_of_two_versions_count_as_a_repeat():
    assert compare(key(1, "b", version=2), known(key(1, "a", version=1))).standing is Standing.REPEAT
