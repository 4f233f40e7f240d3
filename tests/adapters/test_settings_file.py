"""Promises of adapters/settings_file.py: file and environment in, everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.errors import Permanent
from adapters.reasons import Reason
from adapters.settings_file import read_settings


class Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Stands for a room's own settings."""

    port: int = 1


class Sample(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Settings with a table and a rule."""

    name: str = "a"
    table: Table = Table()

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield what cannot work."""
        if self.table.port == 13:
            yield "table.port", "13 is unlucky; give another"


def read(tmp_path: Path, text: str, **environment: str) -> Sample:
    """Read a file's text under an environment."""
    (tmp_path / "settings.toml").write_text(text, "utf-8")
    return read_settings(Sample, tmp_path / "settings.toml", environment, "SAMPLE_")


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    """A variable names a table with two underscores."""
    assert read(tmp_path, 'name = "b"\n[table]\nport = 2\n', SAMPLE_TABLE__PORT="3") == Sample(
        name="b", table=Table(port=3)
    )


def test_without_a_file_the_defaults_hold() -> None:
    """Nothing has to be written down."""
    assert read_settings(Sample, None, {}, "SAMPLE_") == Sample()


def test_every_error_is_told_at_once_with_its_key(tmp_path: Path) -> None:
    """Not one start after another."""
    with pytest.raises(Permanent) as refused:
        read(tmp_path, 'nmae = "b"\n[table]\nport = "two"\n', SAMPLE_NAME__X="1")
    assert refused.value.reason is Reason.SETTINGS_INVALID
    for part in ("3 errors", "nmae", "table.port", "name"):
        assert part in refused.value.sentence


@pytest.mark.parametrize("text", ["name = ", "[table", "\x00"])
def test_what_is_no_toml_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    """The line to correct is in the sentence."""
    with pytest.raises(Permanent, match="is no TOML"):
        read(tmp_path, text)


def test_a_rule_of_the_settings_is_told_with_its_next_step(tmp_path: Path) -> None:
    """What has the right type and cannot work all the same."""
    with pytest.raises(Permanent, match="unlucky"):
        read(tmp_path, "[table]\nport = 13\n")


def test_a_missing_file_names_the_option(tmp_path: Path) -> None:
    """And why it cannot be read."""
    with pytest.raises(Permanent, match="--config"):
        read_settings(Sample, tmp_path / "nowhere.toml", {}, "SAMPLE_")
