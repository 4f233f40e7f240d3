"""The linter's settings bite: hidden inputs are refused in product code and allowed where the real ones are built."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PREFIX = '"""Facts in, facts out."""\n\n'


def codes(place: str, text: str) -> set[str]:
    """Return the codes that ruff finds in a text, as if it stood at a place of this checkout."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    words = [ruff, "check", "--no-cache", "--output-format=json", f"--stdin-filename={place}", "-"]
    done = subprocess.run(words, cwd=ROOT, input=PREFIX + text, capture_output=True, text=True, check=False)
    return {finding["code"] for finding in json.loads(done.stdout)}


HIDDEN = [
    "import time\n\nSTARTED = time.time()\n",
    "from datetime import UTC, datetime\n\nSTARTED = datetime.now(UTC)\n",
    "import uuid\n\nNAME = uuid.uuid4()\n",
    "import random\n\nNUMBER = random.random()\n",
    "import secrets\n\nTOKEN_SIZE = secrets.token_bytes(16)\n",
    "import os\n\nHOME = os.environ['HOME']\n",
    "import os\n\nHOME = os.getenv('HOME')\n",
    "from unittest.mock import Mock\n\nFAKE = Mock()\n",
]


@pytest.mark.parametrize("text", HIDDEN)
@pytest.mark.parametrize(
    "place", ["edge_agent/uplink/stream.py", "core_service/pipeline/ingest.py", "adapters/pos/acme/codec.py"]
)
def test_a_hidden_input_is_refused_in_product_code(place: str, text: str) -> None:
    assert "TID251" in codes(place, text)


@pytest.mark.parametrize("text", HIDDEN[:-1])
@pytest.mark.parametrize(
    "place", ["edge_agent/app.py", "core_service/settings.py", "edge_agent/__main__.py", "demo/till.py"]
)
def test_the_real_ones_may_be_built_where_things_are_wired(place: str, text: str) -> None:
    assert "TID251" not in codes(place, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("try:\n    work()\nexcept Exception:\n    pass\n", "BLE001"),
        ("try:\n    work()\nexcept Exception:\n    pass\n", "S110"),
        ("def work() -> None:\n    try:\n        go()\n    except ValueError:\n        raise KeyError('x')\n", "B904"),
        ("import asyncio\n\n\nasync def go() -> None:\n    asyncio.create_task(work())\n", "RUF006"),
        ("import time\n\n\nasync def go() -> None:\n    time.sleep(1)\n", "ASYNC251"),
        (
            "def go(a: int, b: int, c: int, d: int, e: int, f: int, g: int) -> None:\n    print(a, b, c, d, e, f, g)\n",
            "PLR0913",
        ),
        ("def go() -> None:\n" + "    work()\n" * 31, "PLR0915"),
        ("from .ports import Journal\n", "TID252"),
    ],
)
def test_the_smells_that_ruff_watches_are_watched(text: str, code: str) -> None:
    assert code in codes("edge_agent/uplink/stream.py", text)
