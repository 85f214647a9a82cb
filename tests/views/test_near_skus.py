"""What may have been meant by a SKU that BlueCherry does not have."""

from store.database import Ask
from tests.told import Told

SHIRT = "NMK-04117-WHT-A--M"


def near(ask: Ask, *asked: str) -> list[tuple[str, str]]:
    sql = "select asked_sku, sku from near_skus($asked::varchar[]) order by asked_sku, position"
    return ask(sql, {"asked": list(asked)}).rows()


def test_the_nearest_come_first_at_most_three_and_nothing_far_away(told: Told, ask: Ask) -> None:
    sizes = ("L", "S", "XL", "XXL")
    told.skus(SHIRT, *(f"NMK-04117-WHT-A--{size}" for size in sizes), "NMC-05220-NVY-A--8")

    assert near(ask, "nmk-04117-wht-a--m ", "GHOST-OF-NOTHING-AT-ALL") == [
        ("nmk-04117-wht-a--m ", SHIRT),
        ("nmk-04117-wht-a--m ", "NMK-04117-WHT-A--L"),
        ("nmk-04117-wht-a--m ", "NMK-04117-WHT-A--S"),
    ]
    assert near(ask, "NMK-4117-WHT-A--M")[0] == ("NMK-4117-WHT-A--M", SHIRT)
    assert near(ask) == []
