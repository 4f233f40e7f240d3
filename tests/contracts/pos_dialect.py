"""What every POS dialect must do, whatever its vendor: inherit, and give the fixtures."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adapters.pos
from adapters.canonical.money import Money
from adapters.canonical.sale import DocumentKind, Fact, Fulfilment, NotASale, Reading, Sale
from adapters.errors import Permanent
from adapters.pos.contract import PosDialect, TillContext
from adapters.pos.registry import dialect as registered

CARD = "4111111111111111"
CONTEXT = TillContext(
    store="leeds",
    till="till-1",
    currency="GBP",
    received_at=datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
    time_zone=ZoneInfo("Europe/London"),
    closing_time=time(2, 0),
)
_FOLDER = Path(adapters.pos.__path__[0])
_INHERITED = settings(max_examples=150, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])


def adds_up(sale: Sale) -> bool:
    """Whether a document's total is the sum of its parts, as far as all of them are there."""
    if sale.total is None or any(line.total is None for line in sale.lines):
        return True
    parts = [line.total for line in sale.lines]
    parts += [] if sale.tax_included else [sale.tax]
    parts.append(sale.tip)
    total = sum((part for part in parts if part is not None), Money(0, sale.currency))
    return not sale.lines or total == sale.total


def outcome(dialect: PosDialect, raw: bytes) -> Reading | Permanent:
    """Return what a message reads as, or why it is refused; any other error is the dialect's defect."""
    try:
        return dialect.read(dialect.mask(raw), CONTEXT)
    except Permanent as refused:
        return refused


class PosDialectContract:
    """Needs class-scoped fixtures: `dialect`; `good`, messages by name that read; `with_card`, messages that hold CARD."""

    def test_every_good_message_reads(self, dialect: PosDialect, good: Mapping[str, bytes]) -> None:
        """What the dialect's own page shows can be read; only NotASale has no key."""
        for name, raw in good.items():
            reading = dialect.read(raw, CONTEXT)
            assert (reading.key is None) == isinstance(reading.document, NotASale), name
            if reading.key is not None:
                assert reading.key.source.split("/", 1)[0] == CONTEXT.store
                assert len(reading.key.fingerprint) == 32
            if isinstance(reading.document, Sale):
                assert adds_up(reading.document), name

    def test_reading_is_deterministic(self, dialect: PosDialect, good: Mapping[str, bytes]) -> None:
        """Agent and core, today and after a restore, read the same bytes alike."""
        for raw in good.values():
            assert dialect.read(raw, CONTEXT) == dialect.read(raw, CONTEXT)

    def test_layout_does_not_matter(self, dialect: PosDialect, good: Mapping[str, bytes]) -> None:
        """A fact keeps its fingerprint when its bytes gain space at the end."""
        for raw in good.values():
            assert dialect.read(raw + b" \n", CONTEXT).key == dialect.read(raw, CONTEXT).key

    def test_messages_without_card_data_are_left_byte_for_byte(
        self, dialect: PosDialect, good: Mapping[str, bytes]
    ) -> None:
        """The raw bytes kept are those that were received."""
        for raw in good.values():
            assert dialect.mask(raw) == raw

    def test_card_numbers_are_masked_once_and_for_all(
        self, dialect: PosDialect, with_card: Mapping[str, bytes]
    ) -> None:
        """No card number survives, and masking again changes nothing."""
        for name, raw in with_card.items():
            assert CARD.encode() in raw, name
            masked = dialect.mask(raw)
            assert CARD.encode() not in masked, name
            assert dialect.mask(masked) == masked, name

    def test_fault_046_a_message_cut_at_any_byte_is_refused(
        self, dialect: PosDialect, good: Mapping[str, bytes]
    ) -> None:
        """A half message is never read as a whole one."""
        for raw in good.values():
            whole = len(raw.rstrip())
            for cut in range(whole):
                with pytest.raises(Permanent):
                    dialect.mask(raw[:cut])
                with pytest.raises(Permanent):
                    dialect.read(raw[:cut], CONTEXT)

    @_INHERITED
    @given(data=st.data())
    def test_fault_048_a_damaged_message_is_refused_or_its_money_adds_up(
        self, dialect: PosDialect, good: Mapping[str, bytes], data: st.DataObject
    ) -> None:
        """Bytes flipped, dropped, doubled or put in: only Permanent errors, never a document whose money does not add up."""
        damaged = bytearray(good[data.draw(st.sampled_from(sorted(good)))])
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(damaged) - 1))
            match data.draw(st.sampled_from(["set", "digit", "drop", "double", "insert"])):
                case "set":
                    damaged[at] = data.draw(st.integers(0, 255))
                case "digit":
                    damaged[at] = data.draw(st.sampled_from(b'0123456789-.eE"{}[],:'))
                case "drop":
                    del damaged[at]
                case "double":
                    damaged[at:at] = damaged[at : at + data.draw(st.integers(1, 60))]
                case _:
                    damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        result = outcome(dialect, bytes(damaged))
        if isinstance(result, Permanent):
            assert result.reason
            assert result.sentence
        elif isinstance(result.document, Sale):
            assert adds_up(result.document)

    @_INHERITED
    @given(raw=st.binary(max_size=400))
    def test_fault_046_noise_is_refused(self, dialect: PosDialect, raw: bytes) -> None:
        """Any bytes at all: an answer or a Permanent error."""
        outcome(dialect, raw)

    def test_the_registry_knows_it(self, dialect: PosDialect) -> None:
        """A till is configured by the dialect's name."""
        assert registered(dialect.name) is dialect

    def test_the_manifest_tells_the_truth(self, dialect: PosDialect, good: Mapping[str, bytes]) -> None:
        """Name and version are the code's, and each feature is shown by a good message exactly when it is claimed."""
        manifest = tomllib.loads((_FOLDER / dialect.name / "manifest.toml").read_text(encoding="utf-8"))
        assert (manifest["name"], manifest["version"]) == (dialect.name, dialect.version)
        assert manifest["title"]
        assert manifest["source"]
        assert manifest["features"] == _features(dialect, [dialect.read(raw, CONTEXT) for raw in good.values()])

    def test_its_page_says_how_one_till_is_connected(self, dialect: PosDialect) -> None:
        """A technician finds the steps beside the code."""
        page = (_FOLDER / dialect.name / "README.md").read_text(encoding="utf-8")
        assert "## Connect one till" in page
        assert f"--dialect {dialect.name}" in page


def _features(dialect: PosDialect, readings: list[Reading]) -> dict[str, bool]:
    sales = [reading.document for reading in readings if isinstance(reading.document, Sale)]
    facts = {reading.document.kind for reading in readings if isinstance(reading.document, Fact)}
    kinds = {sale.kind for sale in sales}
    return {
        "sales": DocumentKind.SALE in kinds,
        "returns": DocumentKind.RETURN in kinds,
        "voids": DocumentKind.VOID in kinds,
        "amendments": any(
            reading.key.revision > 0 for reading in readings if reading.key and isinstance(reading.document, Sale)
        ),
        "ship_to": any(line.fulfilment is Fulfilment.SHIP for sale in sales for line in sale.lines),
        "payments": "payment" in facts,
        "refunds": "refund" in facts,
        "signed_webhooks": importlib.util.find_spec(f"adapters.pos.{dialect.name}.signature") is not None,
    }
