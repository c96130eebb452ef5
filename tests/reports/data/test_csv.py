"""CSV by pair and layer and by pair, without a formula: golden files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from percept_cli.reports import Style
from tests.support.reported import BROKEN, MANY, NOT_A_NUMBER, UNDECODABLE, check_golden, render, rows
from tests.support.runs import PAIR, RUN


def test_csv_has_one_row_per_pair_and_layer() -> None:
    run = replace(RUN, results=(PAIR, UNDECODABLE))
    check_golden("run.csv", render(RUN, "csv", Style()))
    found = rows(run, wide=False)
    assert [row["layer"] for row in found] == [*RUN.spec.taps, *RUN.spec.taps]
    assert [float(row["layer_distance"]) for row in found[:5]] == [layer.distance for layer in PAIR.layers]
    assert {row["fingerprint"] for row in found} == {RUN.fingerprint}
    assert [row["layer"] for row in rows(MANY, wide=False)[15:]] == ["", "", ""]  # new, broken, missing
    assert found[5]["name"] == UNDECODABLE.name.replace("\udcff", r"\udcff")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_cell_of_a_csv_is_a_formula(start: str) -> None:
    name = f"{start}.png"
    pair = replace(BROKEN, name=name, reference=name, candidate=f"out/{name}", reason=f"{name}: damaged")
    for wide in (False, True):
        (row,) = rows(replace(RUN, results=(pair,)), wide=wide)
        assert (row["name"], row["reference"], row["candidate"]) == (f"./{name}", f"./{name}", f"out/{name}")
        assert row["reason"] == f"./{name}: damaged"
        assert not any(str(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())


def test_wide_csv_has_one_row_per_pair() -> None:
    check_golden("run-wide.csv", render(RUN, "csv", Style(wide=True)))
    found = rows(replace(RUN, results=(PAIR, NOT_A_NUMBER)), wide=True)
    assert [float(found[0][tap]) for tap in RUN.spec.taps] == [layer.distance for layer in PAIR.layers]
    assert float(found[0]["distance"]) == PAIR.distance
    assert (found[1]["distance"], found[1]["threshold"]) == ("nan", "")
