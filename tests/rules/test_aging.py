"""How cautious an old batch makes us."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.aging import CAREFREE, AgeLimits, Caution, caution
from tests.told import HOUR, NOW

LIMITS = AgeLimits(
    max_age=12 * HOUR, hard_age=24 * HOUR, factor=Decimal("1.5"), thin_units=2, hard_thin_units=6, freezes=True
)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, CAREFREE),
        (12, CAREFREE),
        (12.1, Caution("aged", Decimal("1.5"), 2, freezes=True)),
        (24, Caution("aged", Decimal("1.5"), 2, freezes=True)),
        (24.1, Caution("overaged", Decimal("1.5"), 6, freezes=True)),
    ],
)
def test_past_the_age_we_are_cautious_and_past_the_hard_age_thin_skus_go(hours: float, expected: Caution) -> None:
    assert caution(NOW - timedelta(hours=hours), NOW, LIMITS) == expected


def test_past_the_hard_age_no_less_is_left_out_than_before() -> None:
    odd = AgeLimits(max_age=HOUR, hard_age=2 * HOUR, thin_units=9, hard_thin_units=3)

    assert caution(NOW - 3 * HOUR, NOW, odd).thin_units == 9


@given(st.floats(0, 100), st.floats(0, 100))
def test_an_older_batch_never_makes_us_less_cautious(younger: float, more: float) -> None:
    now, then = (caution(NOW - timedelta(hours=age), NOW, LIMITS) for age in (younger, younger + more))

    assert (then.factor, then.thin_units, then.freezes) >= (now.factor, now.thin_units, now.freezes)
