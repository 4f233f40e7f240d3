"""What a document does to the store's own stock until the core has booked it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.canonical.sale import DocumentKind, Fulfilment, Sale, SaleLine
from edge_agent.intake import own_stock
from edge_agent.ports import CachedSku, OwnMovement

SKUS = {
    name: CachedSku(sku=sku, name=sku, gtins=(), aliases=(), retired=False)
    for name, sku in (("A", "A"), ("a-alias", "A"), ("B", "B"))
}
LINES = st.lists(
    st.builds(
        SaleLine,
        number=st.integers(1, 99),
        item=st.sampled_from([*SKUS, "unknown", ""]),
        quantity=st.decimals(-50, 50, places=3),
        fulfilment=st.sampled_from(Fulfilment),
    ),
    max_size=8,
).map(tuple)


def document(kind: DocumentKind, lines: tuple[SaleLine, ...]) -> Sale:
    return Sale(kind=kind, reference="1", currency="GBP", lines=lines, occurred_at=datetime(2026, 1, 5, tzinfo=UTC))


@given(LINES)
def test_a_return_of_the_same_carried_goods_is_the_sale_turned_round(lines: tuple[SaleLine, ...]):
    carried = tuple(line for line in lines if line.fulfilment is Fulfilment.CARRY_OUT)
    sold = own_stock.movements(document(DocumentKind.SALE, carried), SKUS)
    returned = own_stock.movements(document(DocumentKind.RETURN, carried), SKUS)
    assert own_stock.reversed_movements(sold) == returned


@given(LINES)
def test_each_known_sku_moves_once_by_its_sum_and_goods_to_be_sent_do_not(lines: tuple[SaleLine, ...]):
    moved = own_stock.movements(document(DocumentKind.SALE, lines), SKUS)
    for sku in ("A", "B"):
        counted = [
            -line.quantity
            for line in lines
            if line.item in SKUS
            and SKUS[line.item].sku == sku
            and not (line.fulfilment is Fulfilment.SHIP and line.quantity > 0)
        ]
        assert [move.quantity for move in moved if move.sku == sku] == ([sum(counted)] if sum(counted) else [])
    assert all(not move.rights_only for move in moved)


@given(LINES)
def test_a_void_names_no_goods_itself_and_turns_round_goods_only(lines: tuple[SaleLine, ...]):
    assert own_stock.movements(document(DocumentKind.VOID, lines), SKUS) == ()
    rights = OwnMovement(sku="A", quantity=Decimal(3), rights_only=True)
    goods = OwnMovement(sku="A", quantity=Decimal(-2))
    assert own_stock.reversed_movements((rights, goods)) == (OwnMovement(sku="A", quantity=Decimal(2)),)
