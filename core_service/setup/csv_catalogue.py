"""A catalogue as CSV: `sku,name,gtins,aliases` in (several GTINs or aliases with `|` between them), SKUs put out, or every row's error.

    sku,name,gtins,aliases
    MUG-BLUE,"Mug, blue",4006381333931,W62UWFY35CWMYGVWK6TWJDNI|MUGB

Nothing is put while any row is wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.setup.catalogue import MOST_AT_ONCE, SkuDraft, checked_sku, put_skus
from core_service.setup.desk import Desk

COLUMNS = ("sku", "name", "gtins", "aliases")
LARGEST_FILE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """A row that cannot be put, and why; counted as lines of the file, the heading is 1."""

    number: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRow:
    """A row and its line in the file."""

    number: int
    draft: SkuDraft


def read_catalogue(raw: bytes) -> tuple[list[SkuRow], list[RowError]]:
    """Return the rows of a UTF-8 file and every row's error; raises Permanent when it is no such file."""
    if len(raw) > LARGEST_FILE:
        raise Permanent(Reason.TOO_LARGE, f"The file has {len(raw)} bytes, {LARGEST_FILE} at most; split it.")
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig")), strict=True)
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Permanent(Reason.FIELD_INVALID, f"The file is no UTF-8 CSV ({error}); export it as such.") from error
    if not lines or tuple(name.strip().lower() for name in lines[0][1]) != COLUMNS:
        raise Permanent(Reason.FIELD_INVALID, f"The first line of the file has to be `{','.join(COLUMNS)}`.")
    rows: list[SkuRow] = []
    errors: list[RowError] = []
    first_line: dict[str, int] = {}
    for number, cells in lines[1:]:
        try:
            row = _row(number, cells)
            if first_line.setdefault(row.draft.sku, number) != number:
                raise Permanent(
                    Reason.ALREADY_EXISTS, f"SKU {row.draft.sku!r} stands in line {first_line[row.draft.sku]} too."
                )
        except Permanent as error:
            errors.append(RowError(number=number, sentence=error.sentence))
        else:
            rows.append(row)
    return rows, errors


async def import_catalogue(desk: Desk, raw: bytes, progress: Callable[[int, int], None]) -> list[RowError]:
    """Put a file's SKUs, 1000 in a transaction; return every error: when the file itself has any, nothing is put.

    `progress` is told rows done and rows in all. A repeat has no further effect.
    """
    rows, errors = read_catalogue(raw)
    if errors:
        return errors
    for begin in range(0, len(rows), MOST_AT_ONCE):
        chunk = rows[begin : begin + MOST_AT_ONCE]
        try:
            await put_skus(desk, [row.draft for row in chunk])
        except Permanent as error:
            return [
                RowError(
                    number=_line(error.path, chunk),
                    sentence=f"{error.sentence} Lines before {chunk[0].number} are put.",
                )
            ]
        progress(begin + len(chunk), len(rows))
    return []


def _row(number: int, cells: Sequence[str]) -> SkuRow:
    if len(cells) != len(COLUMNS):
        raise Permanent(Reason.FIELD_INVALID, f"It has {len(cells)} columns, not {len(COLUMNS)}.")
    sku, name, gtins, aliases = (cell.strip() for cell in cells)
    draft = SkuDraft(sku=sku, name=name, gtins=_several(gtins), aliases=_several(aliases))
    checked_sku(draft, "row")
    return SkuRow(number=number, draft=draft)


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _line(path: str, chunk: Sequence[SkuRow]) -> int:
    """Return the line that a path such as `skus[3].gtins` stands in."""
    place = path.partition("[")[2].partition("]")[0]
    return chunk[int(place)].number if place.isdigit() else chunk[0].number
