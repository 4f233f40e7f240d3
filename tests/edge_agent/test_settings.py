"""Settings from one file and the environment; every error at once, with its key and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.errors import Permanent
from edge_agent.settings import Settings, load


def test_without_file_and_environment_the_defaults_hold():
    assert load(None, {}) == Settings()


def test_the_environment_goes_over_the_file(tmp_path: Path):
    file = tmp_path / "agent.toml"
    file.write_text('data_dir = "/data"\n[rest]\nport = 9000\nhost = "0.0.0.0"\n')
    settings = load(file, {"TILLSTREAM_EDGE_REST__PORT": "9001", "TILLSTREAM_EDGE_LOG_LEVEL": "debug", "OTHER": "x"})
    assert (settings.data_dir, settings.rest.host, settings.rest.port, settings.log_level) == (
        "/data",
        "0.0.0.0",
        9001,
        "debug",
    )


def test_the_environment_may_name_the_file(tmp_path: Path):
    file = tmp_path / "agent.toml"
    file.write_text("[journal]\nkeep_days = 30\n")
    assert load(None, {"TILLSTREAM_EDGE_CONFIG": str(file)}).journal.keep_days == 30


def test_every_error_is_told_at_once_with_its_key(tmp_path: Path):
    file = tmp_path / "agent.toml"
    file.write_text('data_dir = 7\ncolour = "red"\nrest = 5\n[journal]\nkeep_days = "long"\n[cache]\nforget = 1\n')
    with pytest.raises(Permanent) as refused:
        load(file, {"TILLSTREAM_EDGE_CACHE__REMEMBERED": "many", "TILLSTREAM_EDGE_DATA_DIR__DEEP": "1"})
    assert refused.value.reason == "SETTINGS_INVALID"
    for key in (
        "data_dir",
        "colour",
        "rest",
        "journal.keep_days",
        "cache.forget",
        "cache.remembered",
        "TILLSTREAM_EDGE_DATA_DIR__DEEP",
    ):
        assert f"- {key}" in refused.value.sentence, key
    assert "7 errors" in refused.value.sentence


def test_values_that_cannot_work_are_told_at_once_too():
    environment = {
        "TILLSTREAM_EDGE_DATA_DIR": "",
        "TILLSTREAM_EDGE_LOG_LEVEL": "loud",
        "TILLSTREAM_EDGE_REST__PORT": "70000",
        "TILLSTREAM_EDGE_REST__MAX_REQUESTS": "0",
        "TILLSTREAM_EDGE_REST__BODY_SECONDS": "-1",
        "TILLSTREAM_EDGE_JOURNAL__DISK_BUDGET_BYTES": "5",
        "TILLSTREAM_EDGE_CACHE__REMEMBERED": "0",
    }
    with pytest.raises(Permanent) as refused:
        load(None, environment)
    for key in (
        "data_dir",
        "log_level",
        "rest.port",
        "rest.max_requests",
        "rest.body_seconds",
        "journal.disk_budget_bytes",
        "cache.remembered",
    ):
        assert f"- {key}: " in refused.value.sentence, key


@pytest.mark.parametrize(
    ("content", "said"), [(b"data_dir = ", "no TOML"), (b"\xff\xfe", "no TOML"), (None, "cannot be read")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, said: str):
    file = tmp_path / "agent.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Permanent, match=said) as refused:
        load(file, {})
    assert str(file) in refused.value.sentence
