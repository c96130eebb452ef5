"""Which pictures a page holds, which it only names, and why."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from percept_cli.reports import Style
from percept_cli.reports.html import pictures as html_pictures
from tests.conftest import Save, drawing
from tests.support.html_pages import page_of, pair_of, side
from tests.support.runs import RUN


def test_pictures_are_embedded_as_the_bytes_of_their_files(save: Save) -> None:
    reference, candidate = save("a.png"), save("b.jpg", seed=1)
    page = page_of(replace(RUN, results=(pair_of(reference, candidate),)))
    assert page.pictures[side(page, "reference")["picture"]] == reference.read_bytes()
    assert page.pictures[side(page, "candidate")["picture"]] == candidate.read_bytes()
    types = {attributes.get("id"): text.split(";")[0] for attributes, text in page.scripts}
    assert types[side(page, "candidate")["picture"]] == "data:image/jpeg"
    assert "note" not in side(page, "reference")


def test_a_picture_that_many_pairs_have_is_embedded_once(save: Save, tmp_path: Path) -> None:
    reference, candidate = save("a.png"), save("b.png", seed=1)
    copy = tmp_path / "copy.png"
    copy.write_bytes(reference.read_bytes())
    page = page_of(replace(RUN, results=(pair_of(reference, candidate), pair_of(copy, candidate))))
    assert len(page.pictures) == 2
    assert side(page, "reference", 0)["picture"] == side(page, "reference", 1)["picture"]


@pytest.mark.parametrize("name", ["a.tif", "a.tga", "a.ppm"])
def test_what_browsers_do_not_show_is_converted(save: Save, name: str) -> None:
    path = save(name)
    page = page_of(replace(RUN, results=(pair_of(path, path),)))
    (data,) = page.pictures.values()
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        assert image.convert("RGB").tobytes() == drawing(40, 30).tobytes()


def test_a_broken_picture_costs_a_note_and_not_the_page(tmp_path: Path, save: Save) -> None:
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    page = page_of(replace(RUN, results=(pair_of(save("a.png"), text, status="error"),)))
    assert not side(page, "candidate")["show"]
    assert "not an image" in side(page, "candidate")["note"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, save: Save) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    pair = replace(pair_of(save("a.png"), None), candidate=str(tmp_path / "pipe.png"))
    assert side(page_of(replace(RUN, results=(pair,))), "candidate")["note"] == "this is not a file"


@pytest.mark.parametrize("pictures", ["embed", "link"])
def test_a_file_that_changed_is_marked(save: Save, pictures: Any) -> None:
    reference, candidate = save("a.png"), save("b.png", seed=1)
    pair = pair_of(reference, candidate)
    save("b.png", seed=2)
    page = page_of(replace(RUN, results=(pair,)), Style(pictures=pictures))
    assert "note" not in side(page, "reference")
    assert "changed since it was compared" in side(page, "candidate")["note"]
    assert side(page, "candidate")["changed"]
    assert side(page, "candidate")["show"]


@pytest.mark.parametrize("pictures", ["embed", "link", "none"])
def test_a_file_that_is_gone_is_marked(save: Save, pictures: Any) -> None:
    reference, candidate = save("a.png"), save("b.png", seed=1)
    pair = pair_of(reference, candidate)
    candidate.unlink()
    page = page_of(replace(RUN, results=(pair,)), Style(pictures=pictures))
    assert side(page, "candidate")["gone"]
    assert not side(page, "candidate")["show"]
    assert "gone" not in side(page, "reference")


def test_a_touched_file_is_no_other(save: Save) -> None:
    path = save("a.png")
    pair = pair_of(path, path)
    os.utime(path, (1, 1))
    assert "note" not in side(page_of(replace(RUN, results=(pair,)), Style(pictures="link")), "reference")


def test_linked_pictures_have_addresses_that_are_files(tmp_path: Path, save: Save) -> None:
    names = ["100% a#b?c.png", "new\nline.png", "javascript:alert(1)", "-dash.png", "é\udcff.png"]
    for name in names:
        save("a.png").rename(tmp_path / name)
    pairs = tuple(pair_of(tmp_path / name, None, name=name) for name in names)
    (tmp_path / "reports").mkdir()
    page = page_of(replace(RUN, results=pairs), Style(pictures="link", link_from=tmp_path / "reports"))
    assert not page.pictures
    for index, name in enumerate(names):
        address = side(page, "reference", index)["address"]
        assert address.startswith("./../")
        assert not set(address) & set("#?\n :")
        assert unquote(address.removeprefix("./../"), errors="surrogateescape") == name


def test_passed_pairs_have_pictures_only_while_the_page_is_small(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = pair_of(save("a.png"), save("b.png", seed=1))
    passed = pair_of(save("c.png", seed=2), save("d.png", seed=3), status="pass")
    page = page_of(replace(RUN, results=(passed, failed)))
    assert len(page.pictures) == 4
    monkeypatch.setattr(html_pictures, "MOST_WITH_PASSED", 10)
    page = page_of(replace(RUN, results=(passed, failed)))
    assert len(page.pictures) == 2
    assert not side(page, "candidate", 0)["show"]
    assert "the pair passed" in side(page, "candidate", 0)["note"]
    assert side(page, "candidate", 1)["show"]


def test_too_much_is_named_instead_of_embedded_and_the_worst_come_first(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = pair_of(save("a.png"), save("b.png", seed=1), distance=1.0)
    worse = pair_of(save("c.png", seed=2), save("d.png", seed=3), distance=2.0)
    size = sum(-(-(Path(str(path)).stat().st_size) // 3) * 4 for path in (worse.reference, worse.candidate))
    monkeypatch.setattr(html_pictures, "MOST_PAGE", size)
    page = page_of(replace(RUN, results=(small, worse)))
    assert "as many images as it may" in side(page, "reference", 0)["note"]
    assert side(page, "reference", 0)["address"].endswith("/a.png")
    assert side(page, "reference", 1)["show"]

    monkeypatch.setattr(html_pictures, "MOST_PICTURE", 100)
    page = page_of(replace(RUN, results=(worse,)))
    assert not page.pictures
    assert "too large" in side(page, "candidate")["note"]


def test_without_pictures_only_their_names_are_there(save: Save) -> None:
    path = save("a.png")
    page = page_of(replace(RUN, results=(pair_of(path, path),)), Style(pictures="none"))
    assert not page.pictures
    assert not side(page, "reference")["show"]
