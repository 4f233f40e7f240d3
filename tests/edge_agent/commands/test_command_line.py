"""What a technician types: every command answers in sentences, with exit codes that a script can trust, and never with a traceback."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import pytest

from edge_agent.commands.index import COMMANDS
from tests.edge_agent.commands.box import Box, new_box
from tests.eventually import eventually


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return new_box(tmp_path / "box")


def refused(done: subprocess.CompletedProcess[str], reason: str) -> str:
    """Check that a command failed with one sentence, and return it."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("edge-agent: ")
    assert done.stderr.rstrip().endswith(f"[{reason}]")
    return done.stderr


def test_every_command_has_help_and_unknown_ones_end_with_2(box: Box):
    listed = box.command("--help")
    assert listed.returncode == 0
    for name in COMMANDS:
        assert name in listed.stdout
        helped = box.command(name, "--help")
        assert (helped.returncode, "Traceback" in helped.stderr) == (0, False), helped.stderr
    assert box.command("fly").returncode == 2
    assert box.command("journal", "list", "--limit", "none").returncode == 2


def test_help_loads_nothing_heavy():
    program = "import sys, edge_agent.__main__; print([m for m in ('asyncio', 'grpc', 'msgspec', 'starlette', 'rich', 'structlog') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_config_tells_all_errors_at_once_and_shows_what_holds(box: Box):
    assert box.told("check-config")["rest"]["drain_seconds"] == 3.0
    assert "port = 0" in box.command("check-config").stdout
    box.config.write_text('data_dir = 5\n[rest]\nport = "x"\ncolour = 1\n')
    sentence = refused(box.command("check-config"), "SETTINGS_INVALID")
    for key in ("data_dir", "rest.port", "rest.colour"):
        assert f"- {key}: " in sentence


def test_status_says_when_no_agent_runs(box: Box):
    refused(box.command("status"), "NOT_READY")


def test_a_token_that_is_none_is_told_so(tmp_path: Path):
    box = new_box(tmp_path, enrolled=False)
    refused(box.command("enrol", "rubbish"), "JOIN_TOKEN_INVALID")


def test_version_service_unit_and_doctor_answer(box: Box):
    assert set(box.told("version")) == {"tillstream", "python", "sqlite"}
    assert "ExecStart=" in box.command("service-unit", "--user", "till").stdout
    findings = box.told("doctor")["findings"]
    assert {"check", "verdict", "sentence"} == set(findings[0])
    assert "core: 127.0.0.1:9 does not answer" in box.command("doctor").stdout


def test_a_box_that_is_not_enrolled_runs_and_says_what_is_missing(tmp_path: Path):
    with new_box(tmp_path, enrolled=False).running() as agent:
        ready = agent.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["parts"]["identity"].startswith("not enrolled")
        sold = agent.sell("1")
        assert (sold.status_code, sold.json()["reason"]) == (503, "NOT_READY")
        assert "not enrolled" in agent.box.command("status").stdout
        agent.process.terminate()
        assert agent.process.wait(10) == 0


def test_a_box_that_is_enrolled_while_it_runs_goes_on_without_a_restart(tmp_path: Path):
    box = new_box(tmp_path, enrolled=False)
    with box.running() as agent:
        assert agent.get("/readyz").json()["parts"]["identity"] != "ok"
        box.save_identity()

        async def linked() -> None:
            await eventually(lambda: agent.get("/readyz").json()["parts"]["identity"] == "ok", within=15)

        asyncio.run(linked())
        assert box.told("status")["identity"]["agent"] == "leeds-1"


def test_tills_sell_while_the_core_is_out_of_reach_and_status_tells(box: Box):
    with box.running() as agent:
        assert agent.get("/readyz").status_code == 200
        receipt = agent.sell("1").json()["receipt_id"]
        assert agent.get(f"/v1/sales/{receipt}").json()["settled"] is False
        told = box.told("status")
        assert told["identity"]["store"] == "leeds"
        assert told["journal"]["unsettled"] == 1
        assert told["uplink"]["connected"] is False
        assert told["process"]["rss_bytes"] > 10_000_000
        lines = box.command("status").stdout
        assert "1 not settled" in lines
        assert "agent leeds-1 of store leeds" in " ".join(lines.split())


def test_fault_018_a_second_agent_on_the_same_journal_exits(box: Box):
    with box.running():
        refused(box.command("run"), "JOURNAL_LOCKED")


def test_an_address_that_is_taken_is_told(box: Box):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = box.command("run", environment={"TILLSTREAM_EDGE_REST__PORT": str(port)})
    refused_line = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in refused_line
    assert refused_line.endswith("[SETTINGS_INVALID]")


def test_fault_019_a_data_directory_that_cannot_be_used_is_told(tmp_path: Path):
    box = Box(tmp_path)
    box.write_settings()
    box.data.write_text("a file is in the way")
    done = box.command("run")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(box.data) in done.stderr


def test_fault_010_what_was_accepted_is_there_after_kill_nine(box: Box):
    with box.running() as agent:
        receipts = [agent.sell(str(number)).json()["receipt_id"] for number in range(20)]
        agent.kill()
    with box.running() as agent:
        for receipt in receipts:
            assert agent.get(f"/v1/sales/{receipt}").status_code == 200
        assert agent.sell("3").json()["receipt_id"] == receipts[3]


def test_fault_010_a_kill_between_commit_and_answer_loses_nothing_and_doubles_nothing(box: Box):
    with box.running({"TILLSTREAM_FAILPOINT": "intake.appended:3"}) as agent:
        for number in range(3):
            with suppress(httpx2.TransportError):
                agent.sell(str(number))
        assert agent.process.wait(10) == -9
    with box.running() as agent:
        again = agent.sell("2")
        assert (again.status_code, again.json()["first"]) == (200, False)
        assert len(box.told("journal", "list")["entries"]) == 3


def test_fault_025_sigterm_twice_ends_quickly_and_in_order(box: Box):
    with box.running() as agent:
        agent.sell("1")
        began = time.monotonic()
        agent.process.terminate()
        agent.process.terminate()
        assert agent.process.wait(10) == 0
        assert time.monotonic() - began < 5
    assert "1 entries read as they were written" in box.command("journal", "verify").stdout


def test_the_journal_is_listed_shown_and_verified_while_the_agent_runs(box: Box):
    with box.running() as agent:
        receipt = agent.sell("1").json()["receipt_id"]
        agent.sell("2")
        page = box.told("journal", "list", "--limit", "1")
        assert [entry["receipt_id"] for entry in page["entries"]] == [receipt]
        following = box.told("journal", "list", "--after", str(page["next_after"]), "--unsettled", "--till", "till-1")
        assert len(following["entries"]) == 1
        assert box.told("journal", "show", receipt)["reference"] == "2026-01-05/1"
        assert '"receipt_number"' in box.command("journal", "show", receipt).stdout
        assert box.told("journal", "verify") == {"entries": 2, "damages": [], "repaired": False}
        refused(box.command("journal", "show", "rcp_none"), "NOT_FOUND")


def test_a_dead_boxs_journal_moves_to_a_new_one_with_its_receipts(box: Box, tmp_path: Path):
    with box.running() as agent:
        receipts = [agent.sell(str(number)).json()["receipt_id"] for number in range(5)]
        agent.kill()
    file = tmp_path / "leeds.tillstream"
    assert box.told("journal", "export", str(file))["entries"] == 5
    refused(box.command("journal", "export", str(file)), "ALREADY_EXISTS")
    other = new_box(tmp_path / "new")
    assert other.told("journal", "import", str(file)) == {"journalled": 5, "known": 0, "damaged": 0}
    assert other.told("journal", "import", str(file)) == {"journalled": 0, "known": 5, "damaged": 0}
    assert len(other.told("journal", "list", "--file", str(file))["entries"]) == 5
    with other.running() as agent:
        again = agent.sell("4").json()
        assert (again["receipt_id"], again["first"]) == (receipts[4], False)
        refused(other.command("journal", "import", str(file)), "JOURNAL_LOCKED")


def test_fault_016_a_damaged_entry_is_found_and_put_aside(box: Box):
    with box.running() as agent:
        for number in range(3):
            agent.sell(f"number-{number}")
    path = box.data / "agent.db"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"number-1"', b'"number-x"'))
    found = box.command("journal", "verify", "--json")
    assert found.returncode == 1
    assert len(json.loads(found.stdout)["damages"]) == 1
    assert "--repair" in box.command("journal", "verify").stdout
    assert box.told("journal", "verify", "--repair")["repaired"] is True
    assert box.command("journal", "verify").returncode == 0
    with box.running() as agent:
        assert agent.sell("number-2").status_code == 200


class _Status(BaseHTTPRequestHandler):
    """Answers as a running agent that has heard a core whose clock is a quarter of a second ahead."""

    def do_GET(self) -> None:
        raw = b'{"cache": {"core_clock_offset_seconds": 0.25}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_doctor_compares_the_clock_with_what_a_running_agent_has_heard_of_the_core(box: Box):
    with HTTPServer(("127.0.0.1", 0), _Status) as server:
        Thread(target=server.handle_request, daemon=True).start()
        address = {"host": "127.0.0.1", "port": server.server_port, "pid": 1}
        (box.data / "agent.address").write_text(json.dumps(address), "ascii")
        findings = box.told("doctor")["findings"]
    (clock,) = [finding for finding in findings if finding["check"] == "clock"]
    assert "as the core's does (+0.2 s)" in clock["sentence"]
