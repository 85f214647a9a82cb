"""Cycle counts from a file become the record errors of the warehouses counted."""

from pathlib import Path

import pytest

from sync.counting import record_errors_of

HEADER = "sku,warehouse,recorded,counted,who\n"


def file(folder: Path, text: str) -> Path:
    path = folder / "counts.csv"
    path.write_text(text)
    return path


def test_every_warehouse_counted_has_its_chances_and_the_list_says_of_how_many_counts(tmp_path: Path) -> None:
    careful = "SHIRT,001,9,9,Olu\n" * 95 + "COAT,001,9,8,Olu\n" * 5
    careless = "SHIRT,WH2,9,9,Ama\n" * 600 + "COAT, WH2,9,7,Ama\n" * 400
    asked = record_errors_of(file(tmp_path, HEADER + careful + careless), dry_run=True)
    rows = {row.key: [float(chance) for chance in row.value.split(", ")] for row in asked.rows}

    assert {row.mapping for row in asked.rows} == {"record_error"}
    assert list(rows) == ["001", "WH2"]  # a code keeps its zeros
    assert rows["WH2"][1] == pytest.approx(400 / 1030, abs=1e-4)  # beside thirty right records
    assert rows["001"][0] == pytest.approx(0.04, abs=0.01)
    assert asked.why == "cycle counts: 100 of 001, 1,000 of WH2"
    assert asked.dry_run


def test_a_blank_in_the_header_costs_no_code_its_zeros_and_a_count_may_end_in_point_nought(tmp_path: Path) -> None:
    text = " warehouse, sku ,recorded,counted\n 001,COAT,10.0,9\n001,COAT,10,\n"
    (row,) = record_errors_of(file(tmp_path, text)).rows

    assert row.key == "001"
    assert 0 < float(row.value) < 0.1  # one count says little


def test_a_warehouse_whose_counts_found_all_is_right(tmp_path: Path) -> None:
    assert [row.value for row in record_errors_of(file(tmp_path, HEADER + "SHIRT,WH1,9,9,Olu\n")).rows] == ["0"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("sku,warehouse,counted\nS,WH1,1\n", "the columns warehouse, recorded, counted"), (HEADER, "no count"),
     (HEADER + "S,WH1,many,1,Olu\n", "no CSV file"), ("", "no CSV file")],
)  # fmt: skip
def test_a_file_that_holds_no_counts_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        record_errors_of(file(tmp_path, text))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.csv"):
        record_errors_of(tmp_path / "nowhere.csv")
