"""Card data never touches a disk (invariant 15): test card numbers in every disguise are sent to a real agent, then everything it wrote is searched."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from adapters.telemetry.logs import clean
from tests.edge_agent.intake.shop import SQUARE_KEY, Shop, opened, sale

CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "30569309025904")


def bcd(digits: str) -> bytes:
    return bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "f")


def disguises(card: str) -> dict[str, str]:
    """Return every form in which the number is sent."""
    return {
        "plain": card,
        "spaced": " ".join(card[at : at + 4] for at in range(0, len(card), 4)),
        "dashed": "-".join(card[at : at + 4] for at in range(0, len(card), 4)),
        "hex": card.encode().hex(),
        "HEX": card.encode().hex().upper(),
        "base64": base64.b64encode(f"pan={card};".encode()).decode(),
        "bcd hex": bcd(card).hex(),
        "bcd base64": base64.b64encode(bcd(card)).decode(),
        "track 2": f";{card}=29122011000012345678?",
        "track 1": f"%B{card}^BYRON/ADA^29122011000012345678?",
    }


def forms(card: str) -> list[bytes]:
    """Return every form that must not be found on the disk."""
    found = [text.encode() for text in disguises(card).values() if "track" not in text]
    return [*found, bcd(card), card.encode("utf-16-le")]


@pytest.mark.parametrize("card", CARDS)
async def test_no_card_number_is_found_on_the_disk_whatever_its_disguise(
    tmp_path: Path, card: str, capfd: pytest.CaptureFixture[str]
):
    async with opened(tmp_path) as shop:
        for number, (name, text) in enumerate(disguises(card).items()):
            message = sale(f"r{number}", attributes={"note": text}, cashier=text)
            message["tenders"] = [{"kind": "card", "amount": "22.00", "reference": text}]
            answer = await shop.post("/v1/sales", message)
            assert answer.status_code == 201, (name, answer.text)
            await _other_ways(shop, number, text)
        # The WAL as it stands while the agent runs, then the file after it was closed.
        _nothing_in(tmp_path, card)
        assert len([kind for kind, _, _ in await shop.entries() if kind == "rejected"]) >= 10
    _nothing_in(tmp_path, card)
    written = capfd.readouterr()
    for form in forms(card):
        assert form not in (written.out + written.err).encode()


async def _other_ways(shop: Shop, number: int, text: str) -> None:
    """Send the number where no card number belongs: names of fields, headers, refused messages, vendors' messages."""
    bad_total = sale(f"bad{number}", attributes={"note": text}, total="1.00")
    assert (await shop.post("/v1/sales", bad_total)).status_code == 400
    assert (await shop.post("/v1/sales", sale(f"f{number}", **{text: "x"}))).status_code == 400
    assert (await shop.post("/v1/sales", sale(f"t{number}", sold_at=text))).status_code == 400
    assert (await shop.post("/v1/sales", json.dumps({"card": text}).encode()[:-1])).status_code == 400
    await shop.post("/v1/sales", sale(f"h{number}"), idempotency_key=text, x_correlation_id=text, traceparent=text)
    await shop.post("/v1/sales", {"payment": {"id": f"p{number}", "note": text}}, authorization=f"Bearer {SQUARE_KEY}")
    await shop.get(f"/v1/sales/{text}")


def _nothing_in(folder: Path, card: str) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    for path in files:
        content = path.read_bytes()
        for form in forms(card):
            at = content.find(form)
            assert at < 0, (path.name, form, content[max(0, at - 200) : at + 60])


async def test_the_masked_message_is_kept_as_it_came_but_for_the_number(shop: Shop):
    message = sale(attributes={"note": "4111111111111111"}, cashier="track ;4111111111111111=29121010000000000000?")
    await shop.post("/v1/sales", message)
    ((_, _, raw),) = await shop.entries()
    assert json.loads(raw)["attributes"]["note"] == "411111******1111"
    assert json.loads(raw)["lines"] == message["lines"]


async def test_a_gtin_that_would_pass_for_a_card_number_stays(shop: Shop):
    lines = [{"item": "4006381333931", "quantity": 1, "total": "22.00"}]
    answer = await shop.post("/v1/sales", sale("4111111111111111", lines=lines))
    assert answer.status_code == 201
    ((_, _, raw),) = await shop.entries()
    assert json.loads(raw)["receipt_number"] == "4111111111111111"


def test_log_lines_lose_keys_and_card_numbers():
    text = clean("till sent tst_abcdefgh12345678 with 4111 1111 1111 1111 and Bearer abc.def-ghi")
    assert "abcdefgh" not in text
    assert "1111 1111" not in text
    assert "abc.def" not in text
