"""Folders → pairs: nothing dropped, nothing opened, nothing followed in a circle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from percept_cli.errors import InvalidSetting, UnreadableFolder
from percept_cli.pairs import Pair, Pairs
from percept_cli.pairs.folders import is_folder, pair_folders, pair_with_each, pairs_of
from percept_cli.pairs.listing import Choice
from percept_cli.recipes.presets import load_preset
from percept_cli.scoring.scorer import Scorer
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket
from tests.support.folder_trees import fill
from tests.support.processes import drop_right_to_ignore_permissions

ODD_NAMES = (
    "-leading.png",
    "--force.png",
    " .png",
    "[markup].png",
    "[bold]x[/bold].png",
    "*.png",
    "\\.png",
    "a\nb.png",
    "a\n.png",
    "quote\"'.png",
    "tab\t\x1b[31m.png",
    "\u00e9.png",
    "e\u0301.png",  # the same to a reader, and another file
    "日本.png",
    "🦉.png",
    os.fsdecode(b"caf\xe9.png"),
    "-dir\n/x.png",
    os.fsdecode(b"d\xff/x.png"),
)


def sides(pairs: Pairs) -> dict[str, tuple[Path | None, Path | None]]:
    """Every pair's two files by its name, in the order of the pairs."""
    found = list(pairs.pairs)
    assert len(found) == pairs.total
    assert [pair.trouble for pair in found] == [None] * len(found)
    assert len({pair.name for pair in found}) == len(found)
    return {pair.name: (pair.reference, pair.candidate) for pair in found}


def troubles(pairs: Pairs) -> list[tuple[str, str, str]]:
    """Name, message and hint of the pairs that cannot be compared."""
    found = [pair for pair in pairs.pairs if pair.trouble is not None]
    assert [(pair.reference, pair.candidate) for pair in found] == [(None, None)] * len(found)
    return [(pair.name, str(pair.trouble), pair.trouble.hint) for pair in found if pair.trouble is not None]


def test_new_and_missing_files_stay(tmp_path: Path) -> None:
    left = fill(tmp_path / "expected", "both.png", "gone.png", "ui/gone.png", "x/both.png")
    right = fill(tmp_path / "actual", "both.png", "fresh.png", "ui/fresh.png", "x/both.png", "Both.png")
    pairs = pair_folders(left, right)
    assert (pairs.notes, pairs.live) == ((), False)
    assert pairs.origin == (left.as_posix(), right.as_posix())
    assert sorted(pairs.inputs) == sorted(path for path in tmp_path.rglob("*.png"))
    assert list(sides(pairs).items()) == [
        ("Both.png", (None, right / "Both.png")),
        ("both.png", (left / "both.png", right / "both.png")),
        ("fresh.png", (None, right / "fresh.png")),
        ("gone.png", (left / "gone.png", None)),
        ("ui/fresh.png", (None, right / "ui/fresh.png")),
        ("ui/gone.png", (left / "ui/gone.png", None)),
        ("x/both.png", (left / "x/both.png", right / "x/both.png")),
    ]


def test_the_inputs_can_be_gone_through_twice(tmp_path: Path) -> None:
    left, right = fill(tmp_path / "l", "a.png"), fill(tmp_path / "r", "b.png")
    inputs = pair_folders(left, right).inputs
    assert list(inputs) == list(inputs) == [left / "a.png", right / "b.png"]


def test_empty_folders_have_no_pairs(tmp_path: Path) -> None:
    left, right = fill(tmp_path / "l"), fill(tmp_path / "r")
    (left / "empty" / "below").mkdir(parents=True)
    for pairs in (pair_folders(left, right), pair_folders(left, right, any_extension=True)):
        assert (list(pairs.pairs), pairs.total, pairs.notes, list(pairs.inputs)) == ([], 0, (), [])
    pairs = pair_with_each(tmp_path / "a.png", right)
    assert (list(pairs.pairs), pairs.total) == ([], 0)


@pytest.mark.parametrize("pattern", ["!", "\\", "a\\"])
def test_a_pattern_that_is_none(tmp_path: Path, pattern: str) -> None:
    left, right = fill(tmp_path / "l", "a.png"), fill(tmp_path / "r", "a.png")
    for choice in (Choice(include=(pattern,)), Choice(exclude=("*.txt", pattern))):
        with pytest.raises(InvalidSetting, match="invalid file pattern: ") as error:
            pairs_of(left, right, choice)
        assert error.value.hint == "write patterns as in .gitignore, such as *.png or charts/**."


def test_what_is_left_out_is_counted_by_ending(tmp_path: Path) -> None:
    left = fill(tmp_path / "l", "a.png", "x/1.txt", "2.txt", "3.TXT", ".DS_Store", ".git/config.png", "Makefile")
    right = fill(tmp_path / "r", "a.png")
    pairs = pair_folders(left, right)
    assert list(sides(pairs)) == ["a.png"]
    assert pairs.notes == (
        f"{left}: skipped 6 files not named like images (3 .txt, 2 hidden, 1 without an extension); "
        "add files by name with --include",
    )
    kinds = [f"{index}.{ending}" for count, ending in enumerate("abcdef", 1) for index in range(count)]
    notes = pair_with_each(left / "a.png", fill(tmp_path / "many", *kinds)).notes
    assert notes == (
        f"{tmp_path}/many: skipped 21 files not named like images (6 .f, 5 .e, 4 .d, 3 .c, 2 .b, and "
        "others); add files by name with --include",
    )


def test_links_in_a_circle_are_noted_and_not_followed(tmp_path: Path) -> None:
    left, right = fill(tmp_path / "l", "a/b/x.png"), fill(tmp_path / "r", "a/b/x.png")
    (left / "self").symlink_to(".")
    (left / "a" / "b" / "up\n").symlink_to("../..")
    (left / "one").mkdir()
    (left / "two").mkdir()
    (left / "one" / "to").symlink_to("../two")
    (left / "two" / "fro").symlink_to("../one")
    pairs = pair_folders(left, right)
    assert sides(pairs) == {"a/b/x.png": (left / "a/b/x.png", right / "a/b/x.png")}
    assert pairs.notes == tuple(
        f"{left}/{link}: the link was not followed: it leads back to a folder above it, "
        "or is one of too many links in a row"
        for link in ("a/b/up\\n", "one/to/fro", "self", "two/fro/to")
    )


def test_a_folder_that_cannot_be_read_is_a_pair_with_its_trouble(tmp_path: Path) -> None:
    for side in ("l", "r"):
        fill(tmp_path / side, "a.png", "locked/b.png", "locked/c.png", "z/d.png")
    (tmp_path / "l" / "locked").chmod(0)
    (tmp_path / "l" / "z").chmod(0o400)  # names can be read, files cannot
    program = """if True:
        import json
        from pathlib import Path
        from percept_cli.pairs.folders import pair_folders, pair_with_each
        for pairs in pair_folders(Path("l"), Path("r")), pair_with_each(Path("r/a.png"), Path("l")):
            rows = [
                (pair.name, *map(str, (pair.reference, pair.candidate, pair.trouble)))
                for pair in pairs.pairs
            ]
            print(json.dumps([pairs.total, rows]))
        """
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        preexec_fn=drop_right_to_ignore_permissions,
        check=True,
    )
    (tmp_path / "l" / "locked").chmod(0o700)
    two, each = map(json.loads, done.stdout.splitlines())
    trouble = ["locked", "None", "None", "l/locked: the folder cannot be listed: Permission denied"]
    assert two == [
        5,
        [
            trouble,
            ["a.png", "l/a.png", "r/a.png", "None"],
            ["locked/b.png", "None", "r/locked/b.png", "None"],
            ["locked/c.png", "None", "r/locked/c.png", "None"],
            ["z/d.png", "l/z/d.png", "r/z/d.png", "None"],
        ],
    ]
    assert each == [
        3, [["a.png", "r/a.png", "l/a.png", "None"], ["z/d.png", "r/a.png", "l/z/d.png", "None"], trouble],
    ]  # fmt: skip


def test_the_same_folder_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "x", "a.png")
    (tmp_path / "link").symlink_to("x")
    monkeypatch.chdir(tmp_path)
    for other, name in (
        ("x", "x"),
        ("./x/../x", "x/../x"),
        ("link", "link"),
        ("link/.", "link"),
        (tmp_path / "x", f"{tmp_path}/x"),
    ):
        with pytest.raises(InvalidSetting) as error:
            pairs_of(Path("x"), Path(other))
        assert str(error.value) == (
            f"x and {name} are the same folder, so every image would be compared with itself"
        )
        assert error.value.hint == "give the folder of references first, then the folder of candidates."


@pytest.mark.parametrize("any_extension", [False, True])
def test_one_folder_inside_the_other(tmp_path: Path, any_extension: bool) -> None:
    outer = fill(tmp_path / "outer", "a.png", "sub/gone.png")
    inner = fill(outer / "sub" / "actual", "a.png", "fresh.png")
    (outer / "link").symlink_to("sub/actual")
    pairs = pair_folders(outer, inner, any_extension=any_extension)
    assert sides(pairs) == {
        "a.png": (outer / "a.png", inner / "a.png"),
        "fresh.png": (None, inner / "fresh.png"),
        "sub/gone.png": (outer / "sub/gone.png", None),
    }
    assert pairs.notes == ()
    assert sides(pair_folders(inner, outer, any_extension=any_extension)) == {
        "a.png": (inner / "a.png", outer / "a.png"),
        "fresh.png": (inner / "fresh.png", None),
        "sub/gone.png": (None, outer / "sub/gone.png"),
    }


def test_any_extension_takes_equal_names_first(tmp_path: Path) -> None:
    left = fill(tmp_path / "l", "a.png", "a.jpg", "b.png", "b.bmp", "c.png", "d.v1.png", "only.png", "twice.png")
    fill(left, "twice.gif", "ui/e.png", "f.png", "x/same.png")
    right = fill(
        tmp_path / "r", "a.png", "a.webp", "b.png", "c.JPEG", "d.v1.jpg", "d.v2.jpg", "fresh.gif", "e.png"
    )
    fill(right, "ui/e.jpg", "g.gif", "g.jpg", "y/same.png")
    expected = [
        ("a.png", ("a.png", "a.png")),
        ("a.webp", ("a.jpg", "a.webp")),  # what is left over on both sides
        ("b.bmp", ("b.bmp", None)),  # b.png has its counterpart already
        ("b.png", ("b.png", "b.png")),
        ("c.JPEG", ("c.png", "c.JPEG")),
        ("d.v1.jpg", ("d.v1.png", "d.v1.jpg")),
        ("d.v2.jpg", (None, "d.v2.jpg")),
        ("e.png", (None, "e.png")),
        ("f.png", ("f.png", None)),
        ("fresh.gif", (None, "fresh.gif")),
        ("g.gif", (None, "g.gif")),  # several, but on one side only
        ("g.jpg", (None, "g.jpg")),
        ("only.png", ("only.png", None)),
        ("twice.gif", ("twice.gif", None)),
        ("twice.png", ("twice.png", None)),
        ("ui/e.jpg", ("ui/e.png", "ui/e.jpg")),
        ("x/same.png", ("x/same.png", None)),
        ("y/same.png", (None, "y/same.png")),
    ]
    assert list(sides(pair_folders(left, right, any_extension=True)).items()) == [
        (name, (a and left / a, b and right / b)) for name, (a, b) in expected
    ]


def test_without_any_extension_another_ending_is_another_picture(tmp_path: Path) -> None:
    left, right = fill(tmp_path / "l", "a.png"), fill(tmp_path / "r", "a.jpg")
    assert sides(pair_folders(left, right)) == {"a.jpg": (None, right / "a.jpg"), "a.png": (left / "a.png", None)}


def test_any_extension_does_not_guess(tmp_path: Path) -> None:
    left = fill(tmp_path / "l", "ui/a.png", "ui/a.gif", "b.png", "c.png")
    right = fill(tmp_path / "r", "ui/a.jpg", "b.jpg", "b.webp", "c.jpg")
    found = list(pair_folders(left, right, any_extension=True).pairs)
    assert [pair.name for pair in found] == ["b", "c.jpg", "ui/a"]
    hint = "rename them, or exclude all but one with --exclude."
    pairs = pair_folders(left, right, any_extension=True)
    assert pairs.total == 3
    assert troubles(pairs) == [
        (
            "b",
            "b: it is not clear which files belong together: the references b.png and the candidates "
            "b.jpg, b.webp",
            hint,
        ),
        (
            "ui/a",
            "ui/a: it is not clear which files belong together: the references ui/a.gif, ui/a.png "
            "and the candidates ui/a.jpg",
            hint,
        ),
    ]
    unique = pair_folders(left, right, Choice(exclude=("*.gif", "*.webp")), any_extension=True)
    assert list(sides(unique)) == ["b.jpg", "c.jpg", "ui/a.jpg"]


@pytest.mark.parametrize("any_extension", [False, True])
def test_odd_names_stand_for_themselves(tmp_path: Path, any_extension: bool) -> None:
    left, right = fill(tmp_path / "l", *ODD_NAMES), fill(tmp_path / "r", *ODD_NAMES)
    found = sides(pair_folders(left, right, any_extension=any_extension))
    assert list(found) == sorted(ODD_NAMES)
    for name, (reference, candidate) in found.items():
        assert (reference, candidate) == (left / name, right / name)
        assert (left / name).is_file()
    assert os.fsencode(os.fsdecode(b"caf\xe9.png")) in map(os.fsencode, found)
    other = sides(pair_folders(left, fill(tmp_path / "none"), any_extension=any_extension))
    assert other == {name: (left / name, None) for name in sorted(ODD_NAMES)}


def test_odd_names_are_shown_on_one_line(tmp_path: Path) -> None:
    root = fill(tmp_path / os.fsdecode(b"r\n\xff"), "a.\x1b[31m", "b.\nx", "c.\nx")
    assert pair_with_each(tmp_path / "a.png", root).notes == (
        f"{tmp_path}/r\\n\\udcff: skipped 3 files not named like images (2 .\\nx, 1 .\\x1b[31m); "
        "add files by name with --include",
    )


@pytest.fixture
def abyss(tmp_path: Path) -> Iterator[Path]:
    """A folder 900 levels deep with one picture at its ground; removed again level by level, as few tools can."""
    folders = [tmp_path / "abyss"]
    folders[0].mkdir()
    for _ in range(900):
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    picture = folders[-1] / "x.png"
    picture.touch()
    yield folders[0]
    picture.unlink()
    for folder in reversed(folders):
        folder.rmdir()


def test_folders_nested_deeper_than_the_stack(abyss: Path, tmp_path: Path) -> None:
    assert len(abyss.as_posix()) < 2000, "the path must stay below what the system can name"
    name = "d/" * 900 + "x.png"
    other = fill(tmp_path / "other", "y.png")
    found = sides(pair_folders(abyss, other, Choice(exclude=("z.png",)), any_extension=True))
    assert found == {name: (abyss / name, None), "y.png": (None, other / "y.png")}


@pytest.mark.slow
def test_fifty_thousand_files(tmp_path: Path) -> None:
    names = [f"{index % 50}/{index}.png" for index in range(50_000)]
    left, right = fill(tmp_path / "l", *names), fill(tmp_path / "r", *names[::2])
    for any_extension in (False, True):
        pairs = pair_folders(left, right, any_extension=any_extension)
        assert pairs.total == 50_000
        found = list(pairs.pairs)
        assert [pair.name for pair in found] == sorted(names)
        assert sum(pair.candidate is None for pair in found) == 25_000
        assert all(pair.reference == left / pair.name for pair in found)
    for side in (left, right):  # rather than leave them to the next runs
        shutil.rmtree(side)


def test_one_picture_and_a_folder(tmp_path: Path) -> None:
    reference = fill(tmp_path, "photo.png") / "photo.png"
    folder = fill(tmp_path / "variants", "b.png", "a/x.jpg", "notes.txt")
    pairs = pairs_of(reference, folder)
    assert list(pairs.pairs) == [
        Pair("a/x.jpg", reference, folder / "a/x.jpg", shared=True),
        Pair("b.png", reference, folder / "b.png", shared=True),
    ]
    assert pairs.total == 2
    assert list(pairs.inputs) == [reference, folder / "a/x.jpg", folder / "b.png"]
    assert pairs.origin == (reference.as_posix(), folder.as_posix())
    assert pairs.notes == (
        f"{folder}: skipped 1 file not named like images (1 .txt); add files by name with --include",
    )
    assert [pair.name for pair in pairs_of(reference, folder, Choice(exclude=("*.jpg",))).pairs] == ["b.png"]


def test_two_pictures(tmp_path: Path) -> None:
    reference, candidate = tmp_path / "a.png", tmp_path / "missing.png"  # reading it will say that it is missing
    pairs = pairs_of(fill(tmp_path, "a.png") / "a.png", candidate)
    assert list(pairs.pairs) == [Pair(candidate.as_posix(), reference, candidate)]
    assert (pairs.total, list(pairs.inputs), pairs.origin) == (1, [reference, candidate], None)


def test_what_is_missing_is_said_once(tmp_path: Path) -> None:
    folder = fill(tmp_path / "folder", "a.png", "b.png")
    missing = tmp_path / "missing"
    (tmp_path / "dangling").symlink_to("nowhere")
    for reference, candidate, message in (
        (missing, folder, f"{missing}: no such file or folder"),
        (tmp_path / "dangling", folder, f"{tmp_path}/dangling: no such file or folder"),
        (folder, missing, f"{missing}: no such folder"),
        (folder, tmp_path / "dangling", f"{tmp_path}/dangling: no such folder"),
    ):
        with pytest.raises(UnreadableFolder) as error:
            pairs_of(reference, candidate)
        assert (str(error.value), error.value.hint) == (message, "check the spelling of the path.")
        assert error.value.exit_code == 3


def test_a_folder_and_a_single_candidate(tmp_path: Path) -> None:
    folder = fill(tmp_path / "folder", "a.png")
    with pytest.raises(InvalidSetting) as error:
        pairs_of(folder, folder / "a.png")
    assert str(error.value) == f"{folder} is a folder, but {folder}/a.png is not"
    assert error.value.hint == "give two folders, or one image and then a folder to compare it with."


@pytest.mark.parametrize("side", [0, 1])
def test_a_name_that_is_too_long_is_said_to_be(tmp_path: Path, side: int) -> None:
    sides = [tmp_path, tmp_path]
    sides[side] = tmp_path / ("x" * 300)
    with pytest.raises(UnreadableFolder, match="File name too long"):
        pairs_of(sides[0], sides[1])


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (
            "Login.png",
            "login.png",
            "the reference Login.png has the same name except for upper and lower case",
        ),
        (
            "caf\u00e9.png",
            "cafe\u0301.png",
            r"the reference caf\xe9.png has the same name except for its Unicode form",
        ),
        (
            "A\u00c9.png",
            "ae\u0301.png",
            "the reference A\u00c9.png has the same name except for case and Unicode form",
        ),
        ("other.png", "login.png", ""),
    ],
)
def test_names_that_are_nearly_equal_are_told_of(tmp_path: Path, left: str, right: str, words: str) -> None:
    for folder, name in (("r", left), ("c", right)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
    try:
        pairs = {pair.name: pair for pair in pair_folders(tmp_path / "r", tmp_path / "c").pairs}
    except OSError:  # a system that takes the two names for one has one file
        pytest.skip("names are alike here")
    assert len(pairs) == 2
    assert pairs[right].hint.startswith(words)
    assert bool(pairs[right].hint) == bool(pairs[left].hint) == bool(words)
    result = Scorer(load_preset("five-taps").spec).unmatched(pairs[right])
    assert result.reason == "there is no reference with this name" + (f"; {pairs[right].hint}" if words else "")


def test_folders_elsewhere_are_paired_as_those_of_this_machine(bucket: Bucket, tmp_path: Path) -> None:
    for name in ("reference/a.png", "reference/gone.png", "candidate/a.png", "candidate/ui/new.png"):
        bucket.put(name, b"x")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    root = Path(f"s3://{bucket.name}")
    with use(Store()):
        there = list(pairs_of(root / "reference", root / "candidate").pairs)
        with pytest.raises(InvalidSetting, match="the same folder"):
            pairs_of(root / "reference", root / "reference")
        empty = list(pairs_of(root / "nothing-yet", root / "candidate").pairs)
        with pytest.raises(UnreadableFolder, match="no such object or bucket"):
            pairs_of(Path("s3://no-such-bucket/a"), root / "candidate")
    here = list(pairs_of(tmp_path / "reference", tmp_path / "candidate").pairs)
    assert [(pair.name, pair.reference is None, pair.candidate is None) for pair in there] == [
        (pair.name, pair.reference is None, pair.candidate is None) for pair in here
    ]
    assert there[0].reference == root / "reference" / "a.png"
    assert [pair.reference for pair in empty] == [None, None]


def test_a_picture_elsewhere_is_one_without_being_asked_for(tmp_path: Path) -> None:
    assert not is_folder(Path("s3://bucket/a.png"))
    assert is_folder(tmp_path)
