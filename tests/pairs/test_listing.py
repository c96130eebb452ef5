"""Pictures of a folder: listed in order, by patterns, without going in a circle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, UnreadableFolder
from percept_cli.pairs.listing import EVERY_PICTURE, Choice, list_pictures
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket
from tests.support.folder_trees import fill


def test_listed_with_slashes_in_the_order_of_code_points(tmp_path: Path) -> None:
    names = ["B.png", "a.png", "a/b.png", "a/b/c.JPG", "a0.png", "b.png", "z/y.png", "é.TIFF", "ﬀ.png", "🦉.png"]
    found = list_pictures(fill(tmp_path, *reversed(names)))
    assert found.names == names
    assert (found.troubles, found.loops, found.left_out) == ({}, [], {})


def test_a_folder_named_like_a_picture_is_a_folder(tmp_path: Path) -> None:
    assert list_pictures(fill(tmp_path, "shot.png/inner.png")).names == ["shot.png/inner.png"]


def test_pictures_of_formats_that_cannot_be_read_are_not_left_out(tmp_path: Path) -> None:
    names = ["a.exr", "a.heic", "a.jxl", "a.psd"]
    assert list_pictures(fill(tmp_path, *names)).names == names


TREE = (
    "a.png", "b.jpg", "notes.txt", "LICENSE", ".hidden.png",
    "charts/a.png", "charts/b.jpg", "charts/data.csv", "charts/old/c.png", "deep/charts/d.png",
)  # fmt: skip


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ("", "", "a.png b.jpg charts/a.png charts/b.jpg charts/old/c.png deep/charts/d.png"),
        ("*.png", "", ".hidden.png a.png charts/a.png charts/old/c.png deep/charts/d.png"),
        ("/*.png", "", ".hidden.png a.png"),
        ("charts/**", "", "charts/a.png charts/b.jpg charts/data.csv charts/old/c.png"),
        ("charts/", "", "charts/a.png charts/b.jpg charts/data.csv charts/old/c.png deep/charts/d.png"),
        ("charts", "", "charts/a.png charts/b.jpg charts/data.csv charts/old/c.png deep/charts/d.png"),
        ("charts/*.png", "", "charts/a.png"),
        ("**/charts/*.png", "", "charts/a.png deep/charts/d.png"),
        ("*.txt LICENSE .hidden.png", "", ".hidden.png LICENSE notes.txt"),
        ("[ab].*", "", "a.png b.jpg charts/a.png charts/b.jpg"),
        ("?.png", "", "a.png charts/a.png charts/old/c.png deep/charts/d.png"),
        ("*.png !a.png", "", ".hidden.png charts/old/c.png deep/charts/d.png"),
        ("*.PNG", "", ""),
        ("", "*.png", "b.jpg charts/b.jpg"),
        ("", "charts/**", "a.png b.jpg deep/charts/d.png"),
        ("", "charts/", "a.png b.jpg"),
        ("", "/charts", "a.png b.jpg deep/charts/d.png"),
        ("", "*.png !a.png", "a.png b.jpg charts/a.png charts/b.jpg"),
        ("", "charts/* !charts/a.png", "a.png b.jpg charts/a.png deep/charts/d.png"),
        ("", "*", ""),
        ("*.png", "charts/", ".hidden.png a.png"),
        ("charts/a.png", "*.png", ""),
        ("charts/**", "old/ *.csv", "charts/a.png charts/b.jpg"),
    ],
)
def test_patterns_are_those_of_gitignore(tmp_path: Path, include: str, exclude: str, expected: str) -> None:
    fill(tmp_path, *TREE)
    choice = Choice(tuple(include.split()), tuple(exclude.split()))
    assert list_pictures(tmp_path, choice).names == expected.split()


def test_an_excluded_folder_is_not_gone_into(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "build/text.txt", "build/b.png")
    (tmp_path / "build" / "up").symlink_to("..")
    found = list_pictures(tmp_path, Choice(exclude=("build/",)))
    assert (found.names, found.loops, found.left_out) == (["a.png"], [], {})


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", "x.png", "below/y.png")
    root = fill(tmp_path / "root", "a.png", "real/b.png")
    (root / "link").symlink_to(elsewhere)
    (root / "again").symlink_to("real")  # to a neighbour: no circle
    (root / "file.png").symlink_to(elsewhere / "x.png")
    found = list_pictures(root)
    assert found.names == ["a.png", "again/b.png", "file.png", "link/below/y.png", "link/x.png", "real/b.png"]
    assert found.loops == []


def test_links_that_lead_nowhere_are_listed(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to("nowhere")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "gone").symlink_to("nowhere")
    found = list_pictures(tmp_path)
    assert found.names == ["gone.png", "loop.png"]
    assert found.left_out == {"without an extension": 1}


def test_pipes_and_devices_are_left_out_and_never_opened(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "x.png")
    (tmp_path / "y.png").symlink_to("x.png")
    (tmp_path / "z.png").symlink_to("/dev/zero")
    for choice in (Choice(), Choice(include=("*.png",))):
        found = list_pictures(tmp_path, choice)
        assert found.names == ["a.png"]
        assert found.left_out == {"pipes and devices": 3}


def test_folders_nested_deeper_than_paths_can_say(tmp_path: Path) -> None:
    folder = "d" * 250
    root = fill(tmp_path / "root", "a.png")
    handle = os.open(root, os.O_RDONLY)
    for _ in range(20):  # 5000 characters, and a path has room for 4096
        os.mkdir(folder, dir_fd=handle)
        below = os.open(folder, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(os.open("unseen.png", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
    found = list_pictures(root)
    assert found.names == ["a.png"]
    ((name, trouble),) = found.troubles.items()
    assert set(name) == {"d", "/"}
    assert str(trouble) == f"{root}/{name}: the folder cannot be listed: File name too long"


def test_a_file_cannot_be_listed(tmp_path: Path) -> None:
    fill(tmp_path, "a.png")
    for name, reason in (("a.png", "Not a directory"), ("missing", "No such file or directory")):
        with pytest.raises(UnreadableFolder) as error:
            list_pictures(tmp_path / name)
        assert str(error.value) == f"{tmp_path}/{name}: the folder cannot be listed: {reason}"
        assert error.value.hint == "check its name and its permissions."


def test_patterns_that_git_would_read_so_too(tmp_path: Path) -> None:
    for name in ("charts/k.png", "charts/l.png", "c\nd/x.png", "x.png\n", ".h/y.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    charts = Choice(include=("*.png",), exclude=("charts/**", "!charts/k.png", ".h/"))
    assert list_pictures(tmp_path, charts).names == ["c\nd/x.png", "charts/k.png"]
    assert list_pictures(tmp_path, Choice(include=(".h/**",))).names == [".h/y.png"]
    for pattern in ("", "# remark", "[z-a]"):
        with pytest.raises(InvalidSetting, match=r"match nothing|invalid file pattern"):
            list_pictures(tmp_path, Choice(include=(pattern,)))


@pytest.mark.slow
def test_folders_that_link_to_each_other_do_not_go_on_for_ever(tmp_path: Path) -> None:
    names = [f"d{index:02}" for index in range(12)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").touch()
        for other in names:
            (tmp_path / name / other).symlink_to(tmp_path / other)
    found = list_pictures(tmp_path)
    assert {f"{name}/x.png" for name in names} < set(found.names)
    assert all(name.count("/") <= 4 for name in found.names)


def test_objects_elsewhere_are_chosen_as_files_are(bucket: Bucket, tmp_path: Path) -> None:
    names = ("a.png", "ui/b.PNG", "ui/.hidden/c.png", "note.txt", ".d.png", ".percept/alternates/a.png/linux.png")
    for name in names:
        bucket.put(f"base/{name}", b"x")
        (tmp_path / "base" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "base" / name).write_bytes(b"x")
    choices = (
        EVERY_PICTURE,
        Choice(exclude=("ui/",)),
        Choice(include=("*.txt", "ui/**")),
        Choice(exclude=("ui/**",)),
    )
    for choice in choices:
        here = list_pictures(tmp_path / "base", choice)
        with use(Store()):
            there = list_pictures(Path(f"s3://{bucket.name}/base"), choice)
        assert there.names == here.names and there.left_out == here.left_out


def test_a_name_that_can_be_no_file_is_told(bucket: Bucket) -> None:
    bucket.put("base/ui//a.png", b"x")
    bucket.put("base/b.png", b"x")
    with use(Store()):
        found = list_pictures(Path(f"s3://{bucket.name}/base"))
    assert found.names == ["b.png"] and "has an empty part" in str(found.troubles["ui//a.png"])


@pytest.mark.slow
def test_a_listing_comes_in_pages(bucket: Bucket) -> None:
    for number in range(2000):
        bucket.put(f"base/{number:04}.png", b"x")
    with use(Store()):
        assert len(list_pictures(Path(f"s3://{bucket.name}/base")).names) == 2000
