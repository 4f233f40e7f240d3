"""A lock that would install something else than was asked for and tested is told apart from one that would not."""

from __future__ import annotations

from packaging.requirements import Requirement

from checks.locks import gaps, pins

HASH = "    --hash=sha256:" + "0" * 64 + "\n"
GOOD = f"alpha==1.2 \\\n{HASH}    # via product\nbeta-kit==3.0 ; sys_platform == 'linux' \\\n{HASH}"
WANTED = [Requirement("alpha>=1"), Requirement("Beta_Kit[extra]>=2,<4")]


def test_a_lock_that_pins_and_hashes_everything_has_no_gap() -> None:
    assert gaps(GOOD, WANTED, {"alpha": "1.2"}) == []


def test_pins_are_read_with_their_canonical_names() -> None:
    assert pins(GOOD) == {"alpha": "1.2", "beta-kit": "3.0"}


def test_a_requirement_that_is_not_pinned_or_out_of_range_is_named() -> None:
    found = gaps(GOOD, [Requirement("gamma"), Requirement("alpha>=2")], {})
    assert found == ["gamma is not pinned", "alpha 1.2 is outside >=2"]


def test_a_pin_without_hash_is_named() -> None:
    assert gaps("alpha==1.2\n    # via product\n", [], {}) == ["alpha==1.2 has no hash"]


def test_addresses_and_paths_of_one_machine_are_named() -> None:
    text = f"--index-url https://index.example/simple\n# made by /home/me/uv\n{GOOD}"
    assert [sentence.split(":")[0] for sentence in gaps(text, [], {})] == ["names an address or path"] * 2


def test_what_ships_is_what_was_tested() -> None:
    assert gaps(GOOD, [], {"alpha": "1.1"}) == ["alpha 1.2 ships, but 1.1 is what dev.lock tests"]
