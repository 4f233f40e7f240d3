"""SKUs: drafts as written in, checked records out, all or none; every store's agent is told, and messages that waited are read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.errors import Permanent
from adapters.reasons import Reason
from core_service.domain.setup import Sku
from core_service.ports.work import ChangeKind
from core_service.setup.desk import Desk, all_stores, told
from core_service.setup.fields import invalid, label, unlike
from core_service.setup.gtin import checked_gtin

MOST_AT_ONCE = 1000
LONGEST_SKU = 64
LONGEST_ALIAS = 128
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuDraft:
    """A SKU as written."""

    sku: str
    name: str
    gtins: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    retired: bool = False


async def put_skus(desk: Desk, drafts: Sequence[SkuDraft]) -> int:
    """Create or replace SKUs, at most 1000, all or none; return how many.

    Raises Permanent with the path of the field; ALREADY_EXISTS when a GTIN or alias means another SKU.
    """
    if not 1 <= len(drafts) <= MOST_AT_ONCE:
        raise invalid("skus", f"there are {len(drafts)} of them; send 1 to {MOST_AT_ONCE} at once")
    skus = [checked_sku(draft, f"skus[{number}]") for number, draft in enumerate(drafts)]
    unlike([sku.sku for sku in skus], "skus", MOST_AT_ONCE)
    async with desk.core.begin(desk.tenant) as uow:
        try:
            await uow.skus.put(skus)
        except Permanent as error:
            raise Permanent(error.reason, error.sentence, path=error.path or _place(error, skus)) from error
        stores = [store.store for store in await all_stores(uow)]
        await uow.changes.record(told(stores, ChangeKind.SKU, [sku.sku for sku in skus]))
        await uow.audit.add(desk.audited("put_skus", skus[0].sku, f"{len(skus)} SKUs"))
        await desk.arrived(uow, Reason.SKU_UNKNOWN, "")
        if not all(sku.retired for sku in skus):
            await desk.arrived(uow, Reason.SKU_RETIRED, "")
        await uow.commit()
    return len(skus)


def checked_sku(draft: SkuDraft, path: str) -> Sku:
    """Return the SKU of a draft; raise Permanent with the path of the field that is wrong."""
    aliases = unlike(draft.aliases, f"{path}.aliases", _MOST_NAMES)
    gtins = unlike(draft.gtins, f"{path}.gtins", _MOST_NAMES)
    return Sku(
        sku=label(draft.sku, f"{path}.sku", longest=LONGEST_SKU),
        name=label(draft.name, f"{path}.name"),
        gtins=tuple(checked_gtin(gtin, f"{path}.gtins[{number}]") for number, gtin in enumerate(gtins)),
        aliases=tuple(
            label(alias, f"{path}.aliases[{number}]", longest=LONGEST_ALIAS) for number, alias in enumerate(aliases)
        ),
        retired=draft.retired,
    )


def _place(error: Permanent, skus: Sequence[Sku]) -> str:
    """Return the path of the name that the store's sentence begins with: it is taken."""
    for number, sku in enumerate(skus):
        for field, names in (("sku", (sku.sku,)), ("aliases", sku.aliases), ("gtins", sku.gtins)):
            for name in names:
                if error.sentence.startswith((f"{name!r} ", f"{name.zfill(14)!r} ")):
                    return f"skus[{number}].{field}"
    return "skus"
