"""The JSON Schema of the `plain` dialect: its message structs in, adapters/pos/plain/schema.json out; without `--write` says whether it is stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from adapters.pos.plain.codec import Message

PAGE = Path(__file__).resolve().parent.parent / "adapters" / "pos" / "plain" / "schema.json"


def schema() -> str:
    """Return the schema as text, the same for the same structs."""
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tillstream plain dialect, version 1",
        **msgspec.json.schema(Message),
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write the schema or compare with it; return the exit code."""
    if "--write" in sys.argv[1:]:
        PAGE.write_text(schema(), encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == schema():
        return 0
    print(f"{PAGE.name} does not say what the structs say; run `python -m checks.plain_schema --write`.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
