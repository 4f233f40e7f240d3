"""Opening stock from a CSV file: `location,sku,quantity` in, receipts booked out; the same file again books nothing again."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.canonical.key import derived_id
from adapters.canonical.quantity import QuantityError, parse_quantity
from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Credential
from core_service.pipeline.ingest import Pipeline
from core_service.stock.moving import StockItem, StockRequest, receive_stock

COLUMNS = ("location", "sku", "quantity")
LARGEST_FILE = 64 * 1024 * 1024
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow:
    """One row of the file, counted from 2 (1 is the heading)."""

    number: int
    location: str
    item: StockItem


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """A row that cannot be booked, and why."""

    number: int
    sentence: str


def read_opening_stock(raw: bytes) -> tuple[list[OpeningRow], list[RowError]]:
    """Return the rows of a UTF-8 file and every row's error; raises Permanent(FIELD_INVALID) when it is no such file."""
    if len(raw) > LARGEST_FILE:
        raise Permanent(Reason.TOO_LARGE, f"The file has {len(raw)} bytes, {LARGEST_FILE} at most; split it.")
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig")), strict=True)
        table = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Permanent(Reason.FIELD_INVALID, f"The file is no UTF-8 CSV ({error}); export it as such.") from error
    if not table or tuple(name.strip().lower() for name in table[0][1]) != COLUMNS:
        raise Permanent(Reason.FIELD_INVALID, f"The first line of the file has to be `{','.join(COLUMNS)}`.")
    read = [_row(number, row) for number, row in table[1:]]
    rows = [row for row in read if isinstance(row, OpeningRow)]
    return rows, [row for row in read if isinstance(row, RowError)]


async def import_opening_stock(
    pipeline: Pipeline, credential: Credential, raw: bytes, progress: Callable[[int, int], None]
) -> list[RowError]:
    """Book a file's rows as receipts of 500 items; return the errors: when there are any in the file, nothing is booked.

    `progress` is told rows done and rows in all. A repeat of an interrupted import books only what is missing.
    """
    rows, errors = read_opening_stock(raw)
    errors += await _unknown(pipeline, credential.tenant, rows)
    if errors:
        return sorted(errors, key=lambda error: error.number)
    name = hashlib.sha256(raw).hexdigest()[:32]
    done = 0
    for location in sorted({row.location for row in rows}):
        items = [row.item for row in rows if row.location == location]
        for begin in range(0, len(items), _CHUNK):
            chunk = tuple(items[begin : begin + _CHUNK])
            request = StockRequest(
                request_id=derived_id("csv", name, location, begin),
                items=chunk,
                to_location=location,
                note="opening stock",
            )
            await receive_stock(pipeline, credential, request, lambda _: b"")
            done += len(chunk)
            progress(done, len(rows))
    return []


async def _unknown(pipeline: Pipeline, tenant: str, rows: Sequence[OpeningRow]) -> list[RowError]:
    async with pipeline.core.read(tenant) as uow:
        skus = await uow.skus.resolve(sorted({row.item.name for row in rows}))
        places = sorted({row.location for row in rows})
        unknown = {place for place in places if await uow.locations.get(place) is None}
    nowhere = [row for row in rows if row.location in unknown]
    nothing = [row for row in rows if row.item.name not in skus]
    return [
        *(RowError(number=row.number, sentence=f"No location is called {row.location!r}.") for row in nowhere),
        *(
            RowError(number=row.number, sentence=f"No SKU, GTIN or alias is called {row.item.name!r}.")
            for row in nothing
        ),
    ]


def _row(number: int, row: Sequence[str]) -> OpeningRow | RowError:
    if len(row) != len(COLUMNS):
        return RowError(number=number, sentence=f"It has {len(row)} columns, not {len(COLUMNS)}.")
    location, sku, quantity = (cell.strip() for cell in row)
    try:
        units = parse_quantity(quantity)
    except QuantityError as error:
        return RowError(number=number, sentence=f"{error}.")
    if units <= 0:
        return RowError(number=number, sentence="Give a quantity above zero, or leave the row out.")
    return OpeningRow(number=number, location=location, item=StockItem(name=sku, quantity=units))
