"""Log lines as an operator's collector gets them: JSON, without secrets, messages or card numbers."""

from __future__ import annotations

import json
import subprocess
import sys

from adapters.telemetry.logs import redact

PROGRAM = """
import logging, structlog
from adapters.telemetry.logs import set_up_logs
set_up_logs("info")
log = structlog.get_logger("agent")
log.debug("not shown")
log.info("shown", raw=b"4111111111111111", api_key="tst_abcdefghijkl", sentence="card 4111111111111111 with tst_abcdefghijkl")
logging.getLogger("uvicorn.error").warning("library says 5555555555554444")
try:
    raise ValueError("4111111111111111")
except ValueError:
    log.exception("failed")
"""


def test_lines_are_json_and_carry_neither_keys_nor_card_numbers():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"].split()[0] for line in lines] == ["shown", "library", "failed"]
    assert lines[0]["raw"] == "<16 hidden>"
    assert "ValueError" in lines[2]["exception"]
    for secret in ("4111111111111111", "5555555555554444", "abcdefghijkl"):
        assert secret not in done.stderr
    assert done.stdout == ""


def test_bytes_are_told_by_their_length_only():
    assert redact(None, "", {"chain": b"abc", "body": None, "n": 5}) == {
        "chain": "<3 bytes>",
        "body": "<hidden>",
        "n": 5,
    }
