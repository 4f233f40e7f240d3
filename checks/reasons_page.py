"""The page of reasons: the catalogue in, docs/reasons.md out with `--write`; without it (or with `--check`) says whether the page is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from adapters.reason_advice import ADVICE
from adapters.reasons import Reason

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"
_HEAD = """# Reasons

Every refusal, exception and alarm carries one of these codes. A code never changes its meaning. *Who* is the one who can do something about it:
the caller (whoever sent the message or request), operations (staff who clear exceptions), a technician (on the box or the server), integration (the
people who connect systems), nobody (it is for information).

Made by `python -m checks.reasons_page --write` from `adapters/reason_advice`; do not edit by hand.

| reason | who | what it means | next step |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as text; a reason without advice is a KeyError, which the tests catch first."""
    rows = [
        f"| `{reason}` | {ADVICE[reason].owner} | {ADVICE[reason].meaning} | {ADVICE[reason].next_step} |"
        for reason in sorted(Reason)
    ]
    return _HEAD + "\n".join(rows) + "\n"


def main() -> int:
    """Write the page or compare with it; return the exit code."""
    if "--write" in sys.argv[1:]:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/reasons.md is stale; run `python -m checks.reasons_page --write`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
