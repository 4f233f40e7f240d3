"""What the doctor says of a box, each finding with the next step."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.seams.clock import SystemClock
from edge_agent.field import doctor
from edge_agent.field.doctor import Box, Verdict
from edge_agent.identity.keystore import Identity, Keystore
from tests.edge_agent.intake.shop import opened, sale

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def box(folder: Path) -> Box:
    return Box(data_dir=folder, database=folder / "agent.db", reserve_bytes=0)


def identity(expires_at: datetime) -> Identity:
    return Identity(
        tenant="acme",
        store="leeds",
        agent="leeds-1",
        api_address="127.0.0.1:1",
        agents_address="127.0.0.1:1",
        key_pem=b"",
        certificate_pem=b"",
        bundle_pem=b"",
        issued_at=expires_at - timedelta(days=30),
        renew_at=expires_at - timedelta(days=15),
        expires_at=expires_at,
    )


def test_every_finding_is_a_sentence(tmp_path: Path):
    tmp_path.chmod(0o700)
    findings = list(doctor.examine(box(tmp_path), SystemClock()))
    assert {finding.check for finding in findings} == {
        "data directory", "disk space", "disk sync", "sqlite", "journal", "clock", "identity",
    }  # fmt: skip
    assert all(finding.sentence.endswith(".") for finding in findings)
    assert not [finding for finding in findings if finding.verdict is Verdict.FAILED]


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ((3, 6, 23), Verdict.OK),
        ((3, 7, 0), Verdict.WARNING),
        ((3, 40, 1), Verdict.WARNING),
        ((3, 51, 2), Verdict.WARNING),
        ((3, 51, 3), Verdict.OK),
    ],
)
def test_sqlite_in_the_range_of_the_wal_reset_bug_is_a_warning(version: tuple[int, int, int], verdict: Verdict):
    (finding,) = doctor.check_sqlite(version)
    assert finding.verdict is verdict


@pytest.mark.parametrize(
    ("left", "verdict", "said"),
    [
        (timedelta(days=20), Verdict.OK, "good for 20 days"),
        (timedelta(days=3), Verdict.WARNING, "should have been renewed"),
        (timedelta(days=-3), Verdict.WARNING, "recovered by itself"),
        (timedelta(days=-100), Verdict.FAILED, "enrol again"),
    ],
)
def test_the_certificate_is_judged_by_what_is_left_of_it(tmp_path: Path, left: timedelta, verdict: Verdict, said: str):
    Keystore(tmp_path).save(identity(NOW + left))
    findings = list(doctor.check_identity(box(tmp_path), NOW))
    assert findings[0].verdict is verdict
    assert said in findings[0].sentence
    assert [finding.verdict for finding in findings[1:]] == [Verdict.WARNING, Verdict.WARNING]
    assert "does not answer" in findings[1].sentence


def test_a_directory_open_to_others_and_a_missing_one_are_told(tmp_path: Path):
    tmp_path.chmod(0o755)
    (finding,) = doctor.check_directory(box(tmp_path))
    assert (finding.verdict, "chmod 700" in finding.sentence) == (Verdict.WARNING, True)
    (finding,) = doctor.check_directory(box(tmp_path / "none"))
    assert finding.verdict is Verdict.WARNING


def test_a_clock_before_the_product_existed_has_failed():
    (finding,) = doctor.check_clock(datetime(1970, 1, 1, tzinfo=UTC))
    assert finding.verdict is Verdict.FAILED


@pytest.mark.parametrize(("offset", "verdict"), [(None, Verdict.OK), (0.3, Verdict.OK), (-3600.0, Verdict.WARNING)])
def test_a_clock_apart_from_the_cores_is_a_warning(offset: float | None, verdict: Verdict):
    (finding,) = doctor.check_clock(NOW, offset)
    assert finding.verdict is verdict


async def test_a_damaged_journal_is_found(tmp_path: Path):
    async with opened(tmp_path) as shop:
        await shop.post("/v1/sales", sale())
    (finding,) = doctor.check_journal(box(tmp_path))
    assert (finding.verdict, "1 entries" in finding.sentence) == (Verdict.OK, True)
    raw = (tmp_path / "agent.db").read_bytes()
    at = raw.index(b'"receipt_number"')
    with (tmp_path / "agent.db").open("r+b") as file:
        os.pwrite(file.fileno(), b'"receipt_numbex"', at)
    (finding,) = doctor.check_journal(box(tmp_path))
    assert finding.verdict is Verdict.FAILED
    assert "journal verify" in finding.sentence
