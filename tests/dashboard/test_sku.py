"""One SKU: the number it explains, and what became of the others we sent."""

from dashboard.format import NOTHING, london
from tests.dashboard.looking import show, words
from tests.told import HOUR, NOW, SHIRT, Told


def test_one_sku_tells_of_the_number_that_stands_not_of_one_john_lewis_refused(told: Told) -> None:
    told.skus(SHIRT)
    told.publish({SHIRT: 9}, at=NOW - 6 * HOUR, name="before")
    told.publish({SHIRT: 7}, at=NOW - 5 * HOUR, name="stands")
    told.publish({SHIRT: 3}, at=NOW - HOUR, name="refused", errors={SHIRT: "no such offer"})
    told.beat()
    page = show("sku", query={"sku": SHIRT})
    sent = next(shown.value for shown in page.dataframe if "Published" in shown.value.columns)

    assert not page.exception
    assert "Why do we list 7?" in words(page)
    assert list(sent[["Published", "Import", "In effect"]].itertuples(index=False, name=None)) == [
        ("3", "refused", NOTHING), ("7", "complete", london(NOW - 5 * HOUR + HOUR / 12)),
        ("9", "complete", london(NOW - 6 * HOUR + HOUR / 12)),
    ]  # fmt: skip
