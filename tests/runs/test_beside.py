"""Alternates: kept by `percept approve --as-alternate`, dropped by `--drop-alternate`, told of new baselines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.approvals import HINT, OLD, Approve, contents, put, result_of, stamp, write_report
from tests.support.approvals import approve as approve
from tests.support.approvals import checked as checked

STORE = ".percept/alternates"
SHADE = f"{STORE}/shade.png/linux.png"
ICON = f"{STORE}/menu/icon.png/linux.png"
KEEP = ("report.json", "--as-alternate", "--variant", "linux")
DROP = ("report.json", "--drop-alternate", "--variant", "linux")


def keep(checked: Path, place: str = SHADE, text: str = "dark shade") -> Path:
    path = checked / "base" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, text)
    return path


def test_changed_images_are_kept_beside_their_baselines(checked: Path, approve: Approve) -> None:
    done = approve(*KEEP, "--dry-run", "--only", "changed")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "would add     menu/icon.png (alternate linux)\nwould add     shade.png (alternate linux)\n"
        "Dry run, nothing was changed. Without --dry-run, in base/.percept/alternates: 2 new.\n"
    )
    assert contents(checked / "base") == OLD
    done = approve(*KEEP)
    assert (done.returncode, done.stderr) == (
        1,
        f"refused  menu/fresh.png: there is no baseline yet; approve it without --as-alternate first\n{HINT}",
    )
    assert done.stdout == (
        "new      menu/icon.png (alternate linux)\nnew      shade.png (alternate linux)\n"
        "In base/.percept/alternates: 2 new, 1 refused.\n"
    )
    kept = OLD | {ICON: "new icon", SHADE: "new shade"}
    assert contents(checked / "base") == kept
    assert (checked / "base" / SHADE).read_bytes() == (checked / "now/shade.png").read_bytes()
    done = approve(*KEEP, "--only", "changed")
    assert (done.returncode, done.stdout.count("already approved  ")) == (0, 2)
    assert contents(checked / "base") == kept


def test_without_a_variant_it_is_that_of_the_settings_or_of_the_system(checked: Path, approve: Approve) -> None:
    (checked / "percept.toml").write_text("[[override]]\nmatch = 'menu/'\nvariant = 'dark'\n")
    done = approve("report.json", "--as-alternate", "--only", "changed")
    assert done.returncode == 0
    kept = contents(checked / "base").keys() - OLD.keys()
    assert len(kept) == 2
    assert f"{STORE}/menu/icon.png/dark.png" in kept
    assert kept & {f"{STORE}/shade.png/{system}.png" for system in ("linux", "macos", "windows")}


def test_an_alternate_is_replaced_only_if_it_was_compared(checked: Path, approve: Approve) -> None:
    path = keep(checked)
    done = approve(*KEEP, "--filter", "shade.png")
    assert done.returncode == 1
    assert done.stderr == (
        "refused  shade.png: there is an alternate linux already, which is another image; to replace it, run "
        f"percept check --variant linux and approve that report\n{HINT}"
    )
    assert contents(checked / "base") == OLD | {SHADE: "dark shade"}
    compared = {"reference": f"base/{SHADE}", "reference_file": stamp(path), "variant": "linux"}
    write_report(checked, result_of(checked, "shade.png", "fail", **compared))
    put(path, "darker shade")
    done = approve(*KEEP)
    assert done.stderr == f"refused  shade.png: the baseline has changed since it was compared\n{HINT}"
    put(path, "dark shade")
    write_report(checked, result_of(checked, "shade.png", "fail", **compared | {"reference_file": stamp(path)}))
    for words in (("report.json",), KEEP):  # what was compared is what is replaced
        done = approve(*words, "--dry-run")
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, "would change  shade.png (alternate linux)")
    done = approve(*KEEP)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "changed  shade.png (alternate linux)")
    assert contents(checked / "base") == OLD | {SHADE: "new shade"}


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        (ICON, "is also a reference of other images|which the settings do not name"),
        (f"{STORE}/shade.png/a b.png", "hidden"),
        (f"{STORE}/shade.png/linux.sh", "hidden"),
        (f"{STORE}/../../shade.png", "not in the baseline folder"),
    ],
)
def test_a_report_cannot_name_what_is_no_alternate_of_the_image(
    checked: Path, approve: Approve, reference: str, told: str
) -> None:
    keep(checked, ICON, "old icon")
    write_report(checked, result_of(checked, "shade.png", "fail", reference=f"base/{reference}"))
    before = contents(checked / "base")
    done = approve("report.json")
    assert done.returncode == 1
    assert any(words in done.stderr for words in told.split("|")), done.stderr
    assert contents(checked / "base") == before


def test_the_baseline_must_be_what_it_was(checked: Path, approve: Approve) -> None:
    put(checked / "base/shade.png", "OLD SHADE")
    done = approve(*KEEP, "--filter", "shade.png")
    assert done.stderr == f"refused  shade.png: the baseline has changed since it was compared\n{HINT}"
    assert not (checked / "base/.percept").exists()


@pytest.mark.parametrize("other", ["linux.jpg", "Linux.png"])
def test_a_variant_has_one_file(checked: Path, approve: Approve, other: str) -> None:
    keep(checked, f"{STORE}/shade.png/{other}")
    done = approve(*KEEP, "--filter", "shade.png")
    assert done.stderr.startswith(f"refused  shade.png: there is the alternate {other[:5]} already: base/{STORE}/")
    keep(checked)
    for words in (KEEP, DROP):
        done = approve(*words, "--filter", "shade.png")
        assert done.returncode == 1
        assert "shade.png has two alternates of the variant " in done.stderr
        assert f"{STORE}/shade.png/{other}" in done.stderr
        assert SHADE in done.stderr
    assert len(contents(checked / "base")) == len(OLD) + 2


def test_links_are_not_followed(checked: Path, approve: Approve) -> None:
    elsewhere = checked / "elsewhere"
    elsewhere.mkdir()
    (checked / "base/.percept").symlink_to(elsewhere)
    done = approve(*KEEP, "--filter", "shade.png")
    assert (done.returncode, done.stderr) == (
        1,
        f"refused  shade.png: base/{SHADE} is a symbolic link, or is reached through one; change the file that it "
        f"leads to by hand\n{HINT}",
    )
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(checked: Path, approve: Approve) -> None:
    (checked / "base").chmod(0o500)
    done = approve(*KEEP)
    (checked / "base").chmod(0o700)
    assert (done.returncode, done.stdout) == (2, "")
    assert "base" in done.stderr


def test_what_is_dropped_are_the_alternates_that_are_named(checked: Path, approve: Approve) -> None:
    for place in (SHADE, ICON, f"{STORE}/fine.png/linux.png", f"{STORE}/fine.png/macos.png"):
        keep(checked, place)
    everything = contents(checked / "base")
    done = approve(*DROP, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "would remove  fine.png (alternate linux)\nwould remove  menu/icon.png (alternate linux)\n"
        "would remove  shade.png (alternate linux)\n"
        "Dry run, nothing was changed. Without --dry-run, in base/.percept/alternates: 3 removed.\n"
    )
    assert contents(checked / "base") == everything
    done = approve(*DROP, "--filter", "shade.png")
    assert (done.returncode, done.stdout) == (
        0,
        "removed  shade.png (alternate linux)\nIn base/.percept/alternates: 1 removed.\n",
    )
    assert not (checked / "base" / SHADE).parent.exists()
    assert approve(*DROP).returncode == 0
    assert contents(checked / "base") == OLD | {f"{STORE}/fine.png/macos.png": "dark shade"}
    done = approve(*DROP)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No image has an alternate of the variant linux; variants: macos.\n"
    assert approve("report.json", "--drop-alternate", "--variant", "macos").returncode == 0
    assert contents(checked / "base") == OLD
    assert not (checked / "base/.percept").exists()
    done = approve(*DROP, "--filter", "shade.png")
    assert (done.returncode, done.stdout) == (
        0,
        "No image that matches has an alternate of the variant linux.\n",
    )


def test_alternates_of_a_new_baseline_stay_and_are_told(checked: Path, approve: Approve) -> None:
    keep(checked)
    (checked / "base" / ICON).parent.mkdir(parents=True)
    (checked / "base" / ICON).write_bytes((checked / "now/menu/icon.png").read_bytes())
    done = approve("report.json", "--only", "changed")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "In base: 2 changed.")
    assert done.stderr == (
        "Note: alternates of 2 images stay as they are: linux (2); to delete those that are no longer right, use "
        "--drop-alternate --variant NAME\n"
        "Note: the alternate linux of menu/icon.png is equal to its baseline, so it can be dropped\n"
    )
    assert contents(checked / "base")[SHADE] == "dark shade"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--as-alternate", "--drop-alternate"), "Give --as-alternate or --drop-alternate, not both."),
        (("--variant", "linux"), "--variant needs --as-alternate or --drop-alternate."),
        (("--drop-alternate",), "--drop-alternate needs --variant: which alternates to delete."),
        (("--as-alternate", "--prune"), "--prune and --as-alternate cannot be combined."),
        ((*DROP[1:], "--only", "new"), "--only and --drop-alternate cannot be combined."),
        (("--as-alternate", "--variant", "../x"), "the variant cannot be called '../x'"),
        (("--as-alternate", "--variant", ""), "the variant cannot be called ''"),
        (("--as-alternate", "--variant", "nul"), "the variant cannot be called 'nul', which Windows reserves"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    checked: Path, approve: Approve, words: tuple[str, ...], told: str
) -> None:
    done = approve("report.json", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Error: {told}\n" in done.stderr
    assert contents(checked / "base") == OLD


@pytest.mark.usefixtures("checked")
def test_the_command_to_type_again_has_the_options(approve: Approve) -> None:
    done = approve(*KEEP, named=False)
    assert done.returncode == 2
    assert "--baseline base --current now --as-alternate --variant linux\n" in done.stderr
