"""The OMS's guide tells the truth: its examples run as they stand, in order, against the real listener."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.seams.clock import SystemClock
from tests.core_service.grpc_api.oms import furnish_rival, name_mug, serving
from tests.core_service.shop import open_shop
from tests.fakes.script_dialect import Line, script

GUIDE = Path(__file__).parents[3] / "docs" / "oms-grpc.md"


def _examples(page: str) -> tuple[str, int]:
    """Return the page's examples as one program and how many they are; each line keeps its number, so that a failure points there."""
    lines, count, inside = [], 0, False
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            count += inside
        lines.append(line if inside and not line.startswith("```") else "")
    return "\n".join(lines), count


def _run(code: str) -> None:
    exec(compile(code, str(GUIDE), "exec"), {"__name__": "guide"})  # noqa: S102 - the page's own examples


async def test_the_examples_of_the_guide_run_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, count = _examples(GUIDE.read_text(encoding="utf-8"))
    async with open_shop() as shop:
        await furnish_rival(shop.core)
        await name_mug(shop.core)
        await shop.send(shop.agent("north").journal(script("sale", "1", [Line("VASE", "1")])))
        async with serving(shop.pipeline, SystemClock()) as api:
            client = await api.client()
            (tmp_path / "ca.pem").write_bytes(api.authority_pem)
            monkeypatch.setenv("CORE_CA_FILE", str(tmp_path / "ca.pem"))
            monkeypatch.setenv("CORE_TOKEN", client.token)
            monkeypatch.setenv("CORE_ADDRESS", f"127.0.0.1:{api.listener.port}")
            numbering = asyncio.ensure_future(api.numbering.run())
            try:
                await asyncio.to_thread(_run, code)
            finally:
                numbering.cancel()
        await shop.sound()
    assert count == 7
    assert "SKU_UNKNOWN" in capsys.readouterr().out
