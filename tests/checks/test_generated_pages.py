"""Pages made from code say what the code says."""

from __future__ import annotations

from checks import plain_schema, reasons_page


def test_the_schema_of_plain_is_that_of_its_structs() -> None:
    assert plain_schema.PAGE.read_text(encoding="utf-8") == plain_schema.schema()


def test_the_page_of_reasons_is_the_catalogue() -> None:
    assert reasons_page.PAGE.read_text(encoding="utf-8") == reasons_page.page()
