"""`python -m bench`: words in, a table of figures with their budgets out; exit code 1 when a budget is missed and `--strict` is given."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from bench.agent import figures

_MARKS = {True: "met", False: "MISSED", None: ""}


def main() -> int:
    """Measure, print, and return the exit code."""
    words = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Tillstream on this machine, in under a minute."
    )
    words.add_argument(
        "--folder", type=Path, default=Path(f"var/bench-{os.getpid()}"), help="on the filesystem in question; made anew"
    )
    words.add_argument("--seconds", type=float, default=24, help="of load, shared by all phases")
    words.add_argument("--json", action="store_true", help="print one JSON document")
    words.add_argument("--strict", action="store_true", help="exit with 1 when a budget is missed")
    chosen = words.parse_args()
    shutil.rmtree(chosen.folder, ignore_errors=True)
    chosen.folder.mkdir(parents=True)
    found = []
    for figure in figures(chosen.folder.resolve(), chosen.seconds):
        found.append(figure)
        if not chosen.json:
            print(
                f"{figure.name:<36} {figure.value:>14}   {figure.budget:<12} {_MARKS[figure.met]}".rstrip(), flush=True
            )
    shutil.rmtree(chosen.folder, ignore_errors=True)
    if chosen.json:
        print(json.dumps([asdict(figure) for figure in found], indent=2))
    missed = any(figure.met is False for figure in found)
    return 1 if missed and chosen.strict else 0


if __name__ == "__main__":
    sys.exit(main())
