"""How lumpy units are taken to be: as their variance says, unless that believes in quiet windows there are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.chances import Counts, spread_for

NOTHING = np.zeros(1, dtype=np.int64)


def spread(mean: float, dispersion: float, none: float) -> float:
    return float(spread_for(np.array([mean]), np.array([dispersion]), np.array([none])).item())


@pytest.mark.parametrize(
    ("case", "mean", "dispersion", "none", "expected"),
    [
        ("units one by one, by chance", 2.0, 1.0, np.exp(-2.0), 1.0),
        ("units one by one, with busy days", 2.0, 1.8, 1.8 ** (-2.0 / 0.8), 1.8),
        ("a quarter of the customers take two", 1.25, 1.4, np.exp(-1.0), 1.4),
        ("nothing is wanted", 0.0, 5.0, 1.0, 5.0),
        ("nothing is wanted as rarely as by chance", 2.0, 30.0, np.exp(-2.0), 1.0),
        ("it is wanted for certain", 800.0, 30.0, 0.0, 30.0),
    ],
)
def test_the_variance_stands_where_it_leaves_no_more_quiet_windows_than_there_are(
    case: str, mean: float, dispersion: float, none: float, expected: float
) -> None:
    assert spread(mean, dispersion, none) == pytest.approx(expected, abs=1e-5), case


@given(sales=st.floats(0.001, 30), size=st.floats(1, 60), heavy=st.floats(1, 200), strays=st.floats(1, 5))
def test_nothing_is_never_likelier_than_that_nobody_comes(
    sales: float, size: float, heavy: float, strays: float
) -> None:
    none = Counts.of(sales, strays).mass(NOTHING).item()
    found = spread(sales * size, heavy, none)

    assert 1 <= found <= heavy
    if found > 1.2:  # below it counts are taken for Poisson
        assert Counts.of(sales * size, found).mass(NOTHING).item() <= none * (1 + 1e-6) + 1e-12
