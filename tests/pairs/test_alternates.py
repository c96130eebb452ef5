"""Where alternates are, what they may be called, and which of them an image has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, UnusablePair
from percept_cli.pairs.alternates import (
    Alternate,
    all_alternates,
    alternates_of,
    check_variant,
    home_of,
    may_have_alternates,
    owner_of,
    place_of,
    system_variant,
)
from percept_cli.pairs.listing import Choice, list_pictures
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket

UI = ".percept/alternates/ui/icon.png"


def put(folder: Path, *places: str) -> None:
    for place in places:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(b"image")


@pytest.mark.parametrize("name", ["linux", "A", "chromium-dark", "python-3.11", "x_1", "9" * 64])
def test_what_a_variant_may_be_called(name: str) -> None:
    assert check_variant(name) == name
    assert owner_of(place_of("ui/icon.png", name)) == ("ui/icon.png", name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b", "a\\b", "/etc", "C:x", "-x", "x.", ".x", "a b", "é", "a\n", "a\0", "9" * 65),
        *("con", "NUL", "com1", "lpt9.old", "linux.png", "linux.JPG"),
    ],
)
def test_what_no_variant_may_be_called(name: str) -> None:
    with pytest.raises(InvalidSetting, match="the variant cannot be called ") as error:
        check_variant(name)
    assert error.value.hint.endswith(".")
    assert len(str(error.value)) < 250


@pytest.mark.parametrize(
    ("platform", "variant"),
    [
        ("linux", "linux"),
        ("darwin", "macos"),
        ("win32", "windows"),
        ("cygwin", "windows"),
        ("freebsd14", "freebsd14"),
    ],
)
def test_a_system_has_a_variant(platform: str, variant: str) -> None:
    assert check_variant(system_variant(platform)) == variant


@pytest.mark.parametrize(
    "place",
    [
        *("ui/icon.png", ".percept/x.png", ".percept/alternates/linux.png", f"{UI}/linux.txt", f"{UI}/a b.png"),
        *("../.percept/alternates/a.png/linux.png", f"/{UI}/linux.png", f"{UI}/../../x/linux.png"),
    ],
)
def test_what_is_no_place_of_an_alternate(place: str) -> None:
    assert owner_of(place) is None


def test_alternates_are_listed_by_their_variants(tmp_path: Path) -> None:
    assert alternates_of(tmp_path, "ui/icon.png") == []
    put(tmp_path, f"{UI}/windows.png", f"{UI}/linux.jpg", f"{UI}/.DS_Store", f"{UI}/readme.txt")
    put(tmp_path, f"{UI}/inner.png/linux.png")  # of an image ui/icon.png/inner.png
    assert alternates_of(tmp_path, "ui/icon.png") == [
        Alternate("linux", f"{UI}/linux.jpg", tmp_path / UI / "linux.jpg"),
        Alternate("windows", f"{UI}/windows.png", tmp_path / UI / "windows.png"),
    ]
    assert alternates_of(tmp_path, "ui/icon.png/windows.png") == []  # whose folder is a file
    assert sorted(all_alternates(tmp_path)) == [
        ("ui/icon.png", "linux"),
        ("ui/icon.png", "windows"),
        ("ui/icon.png/inner.png", "linux"),
    ]
    for name in ("../ui/icon.png", "/etc/x.png"):
        assert alternates_of(tmp_path, name) == []
    with pytest.raises(UnusablePair, match="cannot be listed: File name too long"):
        alternates_of(tmp_path, "x" * 300 + ".png")


@pytest.mark.parametrize("other", ["linux.jpg", "Linux.png"])
def test_two_of_one_variant_are_refused_by_name(tmp_path: Path, other: str) -> None:
    put(tmp_path, f"{UI}/linux.png", f"{UI}/{other}")
    if len(os.listdir(tmp_path / UI)) < 2:
        pytest.skip("this file system knows no upper and lower case")
    with pytest.raises(UnusablePair) as error:
        alternates_of(tmp_path, "ui/icon.png")
    assert str(error.value).startswith("ui/icon.png has two alternates of the variant ")
    assert f"{UI}/linux.png" in str(error.value)
    assert f"{UI}/{other}" in str(error.value)
    assert "delete or rename one" in error.value.hint


def test_a_file_that_can_be_no_alternate_is_refused(tmp_path: Path) -> None:
    put(tmp_path, f"{UI}/my variant.png")
    with pytest.raises(UnusablePair, match=r"my variant\.png: the variant cannot be called") as error:
        alternates_of(tmp_path, "ui/icon.png")
    assert error.value.hint.startswith("rename the file: ")
    (tmp_path / UI / "my variant.png").unlink()
    os.mkfifo(tmp_path / UI / "linux.png")
    with pytest.raises(UnusablePair, match="is not a regular file"):
        alternates_of(tmp_path, "ui/icon.png")


def test_links_stay_in_the_baseline_folder(tmp_path: Path) -> None:
    base, elsewhere = tmp_path / "base", tmp_path / "elsewhere"
    put(base, "other.png", f"{UI}/linux.png")
    put(elsewhere, "linux.png")
    inside = base / UI / "macos.png"
    inside.symlink_to(base / "other.png")
    assert [one.variant for one in alternates_of(base, "ui/icon.png")] == ["linux", "macos"]
    inside.unlink()
    inside.symlink_to(elsewhere / "linux.png")
    with pytest.raises(UnusablePair, match="a link that leads out of the baseline folder"):
        alternates_of(base, "ui/icon.png")
    inside.unlink()
    (base / UI).rename(elsewhere / "icon.png")
    (base / UI).symlink_to(elsewhere / "icon.png")
    with pytest.raises(UnusablePair, match="a link that leads out of the baseline folder"):
        alternates_of(base, "ui/icon.png")


def test_a_link_that_leads_nowhere_is_there_to_be_told(tmp_path: Path) -> None:
    put(tmp_path, f"{UI}/linux.png")
    (tmp_path / UI / "macos.png").symlink_to("gone.png")
    assert [one.variant for one in alternates_of(tmp_path, "ui/icon.png")] == ["linux", "macos"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path) -> None:
    put(tmp_path, f"{UI}/linux.png")
    (tmp_path / UI).chmod(0)
    with pytest.raises(UnusablePair, match="cannot be listed"):
        alternates_of(tmp_path, "ui/icon.png")
    (tmp_path / UI).chmod(0o700)


def test_of_a_single_file_the_nearest_folder_with_alternates_is_its_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "base/ui/icon.png")
    monkeypatch.chdir(tmp_path)
    assert home_of(Path("base/ui/icon.png")) == (Path("base/ui"), "icon.png")
    put(tmp_path, f"base/{UI}/linux.png")
    assert home_of(Path("base/ui/icon.png")) == (Path("base"), "ui/icon.png")
    assert home_of(Path("base/../base/ui/icon.png")) == (Path("base/../base"), "ui/icon.png")
    monkeypatch.chdir(tmp_path / "base" / "ui")
    assert home_of(Path("icon.png")) == (tmp_path / "base", "ui/icon.png")


@pytest.mark.parametrize("include", [(), ("*.png",), (".percept/**", "*.png")])
def test_alternates_are_never_listed_as_pictures(tmp_path: Path, include: tuple[str, ...]) -> None:
    put(tmp_path, "ui/icon.png", f"{UI}/linux.png", f"ui/{UI}/linux.png")
    found = list_pictures(tmp_path, Choice(include))
    assert (found.names, found.notes) == (["ui/icon.png"], ())


def test_whether_a_folder_may_have_alternates(tmp_path: Path) -> None:
    assert not may_have_alternates(tmp_path)
    put(tmp_path, ".percept/alternates")  # a file
    assert not may_have_alternates(tmp_path)
    assert home_of(tmp_path / "a.png") == (tmp_path, "a.png")
    (tmp_path / ".percept/alternates").unlink()
    put(tmp_path, f"{UI}/linux.png")
    assert may_have_alternates(tmp_path)
    assert may_have_alternates(tmp_path / ("x" * 300))  # listing says what is wrong


def test_alternates_elsewhere_are_those_of_the_same_names(bucket: Bucket) -> None:
    root = Path(f"s3://{bucket.name}/base")
    for name in ("a.png", ".percept/alternates/a.png/linux.png", ".percept/alternates/a.png/deep/x.png"):
        bucket.put(f"base/{name}", b"x")
    with use(Store()):
        assert may_have_alternates(root) and not may_have_alternates(Path(f"s3://{bucket.name}/other"))
        (one,) = alternates_of(root, "a.png")
        assert one.variant == "linux" and one.path == root / ".percept/alternates/a.png/linux.png"
        assert alternates_of(root, "b.png") == []
        assert ("a.png", "linux") in all_alternates(root)
    assert home_of(root / "a.png") == (root, "a.png")
