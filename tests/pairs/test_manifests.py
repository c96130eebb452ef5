"""Manifests and streams → pairs: what a line says, what is wrong with it, and that the others go on."""

from __future__ import annotations

import codecs
import os
import select
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest

from percept_cli.errors import InvalidSetting, UnusablePair
from percept_cli.pairs import Pair, Pairs
from percept_cli.pairs.manifests import read_manifest
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket

GIVE_BOTH = "give reference and candidate."
ONE_OBJECT = "write one JSON object per line."
CARRIED = "Columns with other names are copied to the report."


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own folder as the current one; manifests are in another below it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    return tmp_path


def read(content: str | bytes, name: str = "lists/pairs") -> Pairs:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    Path(name).write_bytes(data)
    return read_manifest(name)


def pairs_in(content: str | bytes) -> list[Pair]:
    pairs = read(content)
    found = list(pairs.pairs)
    assert pairs.total == len(found)
    assert not pairs.live
    return found


def compared(pairs: list[Pair]) -> list[tuple[str, str, str]]:
    assert [pair.trouble for pair in pairs] == [None] * len(pairs)
    return [(pair.name, str(pair.reference), str(pair.candidate)) for pair in pairs]


def troubles(pairs: list[Pair]) -> list[tuple[str, str, str]]:
    """Name, message and hint of every pair, none of which can be compared."""
    found = []
    for pair in pairs:
        assert isinstance(pair.trouble, UnusablePair)
        assert (pair.reference, pair.candidate, pair.threshold, pair.weight) == (None, None, None, 1.0)
        found.append((pair.name, str(pair.trouble), pair.trouble.hint))
    return found


def refused(content: str | bytes) -> tuple[str, str]:
    with pytest.raises(InvalidSetting) as error:
        read(content)
    return str(error.value), error.value.hint


A_AND_B = [("b.png", "lists/a.png", "lists/b.png"), ("d.png", "lists/c.png", "lists/d.png")]


@pytest.mark.parametrize(
    "content",
    [
        "reference,candidate\na.png,b.png\nc.png,d.png\n",
        "reference,candidate\na.png,b.png\nc.png,d.png",
        "reference,candidate\r\na.png,b.png\r\nc.png,d.png\r\n",
        "reference,candidate\ra.png,b.png\rc.png,d.png\r",
        "reference\tcandidate\na.png\tb.png\nc.png\td.png\n",
        "reference;candidate\na.png;b.png\nc.png;d.png\n",
        "candidate,reference\nb.png,a.png\nd.png,c.png\n",
        '"reference","candidate"\n"a.png","b.png"\n"c.png","d.png"\n',
        " Reference ,\tCANDIDATE\na.png,b.png\nc.png,d.png\n",
        "reference,candidate,\na.png,b.png,\nc.png,d.png\n",
        "\n \nreference,candidate\n\na.png,b.png\n\n\nc.png,d.png\n\n",
        '{"reference": "a.png", "candidate": "b.png"}\n{"reference": "c.png", "candidate": "d.png"}\n',
        '{"candidate":"b.png","reference":"a.png"}\r\n{"candidate":"d.png","reference":"c.png"}',
        '\n  {"reference": "a.png", "candidate": "b.png"}\n\t{"reference": "c.png", "candidate": "d.png"} \n',
    ],
)
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("name", ["lists/pairs.csv", "lists/pairs.jsonl"])
def test_the_form_is_known_by_the_content(content: str, mark: bytes, name: str) -> None:
    pairs = read(mark + content.encode(), name)
    assert (pairs.total, pairs.notes, list(pairs.inputs), pairs.origin) == (2, (), [Path(name)], None)
    assert compared(list(pairs.pairs)) == A_AND_B


@pytest.mark.parametrize(
    "content",
    [
        "reference,candidate,name,threshold,weight,id,Frame\na.png,b.png,first,0.5,2,7,\nc.png,d.png,,,,x,\n",
        "id\tweight\treference\tcandidate\tthreshold\tname\n7\t2.0\ta.png\tb.png\t5e-1\tfirst\nx\t\tc.png\td.png\n",
        "reference;candidate;name;threshold;weight;id\na.png;b.png;first;0.5;2;7\nc.png;d.png;;;;x\n",
        '{"reference":"a.png","candidate":"b.png","name":"first","threshold":0.5,"weight":2,"id":"7"}\n'
        '{"reference":"c.png","candidate":"d.png","name":"","threshold":null,"weight":null,"id":"x"}\n',
        '{"reference":"a.png","candidate":"b.png","name":"first","threshold":"0.5","weight":"2","id":"7"}\n'
        '{"reference":"c.png","candidate":"d.png","name":null,"id":"x"}\n',
    ],
)
def test_what_a_line_may_say(content: str) -> None:
    number = 1 if content.startswith("{") else 2
    first, second = pairs_in(content)
    assert first == Pair(
        "first",
        Path("lists/a.png"),
        Path("lists/b.png"),
        threshold=0.5,
        threshold_source=f"lists/pairs, line {number}",
        weight=2.0,
        extra={"id": "7"},
    )
    assert isinstance(first.weight, float)
    assert second == Pair("d.png", Path("lists/c.png"), Path("lists/d.png"), extra={"id": "x"})


def test_zero_is_a_threshold_and_a_weight() -> None:
    (pair,) = pairs_in("reference,candidate,threshold,weight\na,b,0,0\n")
    assert (pair.threshold, pair.threshold_source, pair.weight) == (0.0, "lists/pairs, line 2", 0.0)


def test_values_of_json_are_carried_as_they_are() -> None:
    extra = {"id": 7, "tags": ["x", None, {"y": 1.5}], "ok": True, "height": "ü", "": ""}
    text = '"id": 7, "tags": ["x", null, {"y": 1.5}], "ok": true, "height": "\\u00fc", "": ""'
    (pair,) = pairs_in(f'{{"reference": "a", "candidate": "b", {text}}}')
    assert pair.extra == extra


def test_fair_names_of_columns_are_carried() -> None:
    (pair,) = pairs_in("reference,candidate,height,width,frame,id,comment,Path,game\na,b,1,2,3,4,5,6,7\n")
    assert pair.extra == {
        "height": "1", "width": "2", "frame": "3", "id": "4", "comment": "5", "path": "6", "game": "7",
    }  # fmt: skip


def test_paths_start_from_the_manifest(here: Path) -> None:
    content = (
        f"reference,candidate\nsub/a.png,./b.png\n{here}/c.png,/dev/d.png\n../e.png,x/../f.png\n-x.png, y.png\n"
    )
    assert compared(pairs_in(content)) == [
        ("b.png", "lists/sub/a.png", "lists/b.png"),
        ("/dev/d.png", f"{here}/c.png", "/dev/d.png"),
        ("x/../f.png", "lists/../e.png", "lists/x/../f.png"),
        (" y.png", "lists/-x.png", "lists/ y.png"),
    ]
    absolute = read_manifest(f"{here}/lists/pairs")
    assert next(iter(absolute.pairs)).reference == here / "lists" / "sub" / "a.png"
    assert compared(list(read("reference,candidate\na,b\n", "pairs.csv").pairs)) == [("b", "a", "b")]


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ("reference,other", "reference, other"),
        ("a.png,b.png", "a.png, b.png"),
        ("a.png", "a.png"),
        ("reference candidate", "reference candidate"),
        ("reference|candidate", "reference|candidate"),
        ("reference,candidat", "reference, candidat"),
        ('[{"reference":"a"}]', '[{"reference":"a"}]'),
        ("\x1b[31m,caf\udce9", "\\x1b[31m, caf\\udce9"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_a_first_line_that_does_not_name_the_columns(first: str, found: str) -> None:
    message, hint = refused(f"{first}\na,b\n")
    assert message == (
        f"lists/pairs: the first line must name the columns reference and candidate, but it has: {found}"
    )
    assert hint == "write reference,candidate on the first line, then one pair per line."


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("treshold", "threshold"),
        ("Threshhold", "threshold"),
        ("thresholds", "threshold"),
        ("weights", "weight"),
        ("names", "name"),
    ],
)
def test_a_misspelt_column_is_no_remark(column: str, meant: str) -> None:
    hint = f"did you mean {meant}? {CARRIED}"
    assert refused(f"reference,candidate,{column}\na,b,1\n") == (
        f"lists/pairs: unknown column {column.lower()!r}",
        hint,
    )
    bad, good = pairs_in(
        f'{{"reference":"a","candidate":"b","{column}":1,"id":7}}\n{{"reference":"a","candidate":"b"}}'
    )
    assert troubles([bad]) == [("line 1", f"lists/pairs, line 1: unknown column {column!r}", hint)]
    assert bad.extra == {column: 1, "id": 7}
    assert compared([good]) == [("b", "lists/a", "lists/b")]


NOT_FINITE = "leave the threshold out to get a distance without a verdict."
A_NUMBER = "write it as 0.5."


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        ("a,b,,,,more", "6 fields, but the header names 5", "check the separators and quotes."),
        ("a", "candidate is missing", GIVE_BOTH),
        ("a,", "candidate is missing", GIVE_BOTH),
        (",b", "reference is missing", GIVE_BOTH),
        (",,0.5", "reference is missing", GIVE_BOTH),
        ('"",b', "reference is missing", GIVE_BOTH),
        ("a,b,nan", "the threshold must be a finite number of at least 0, not nan", NOT_FINITE),
        ("a,b,inf", "the threshold must be a finite number of at least 0, not inf", NOT_FINITE),
        ("a,b,-0.5", "the threshold must be a finite number of at least 0, not -0.5", NOT_FINITE),
        ("a,b,high", "threshold must be a number, not 'high'", A_NUMBER),
        ('a,b,"0,5"', "threshold must be a number, not '0,5'", A_NUMBER),
        ("a,b,,NaN", "weight must be a finite number of at least 0, not nan", ""),
        ("a,b,,1e999", "weight must be a finite number of at least 0, not inf", ""),
        ("a,b,,-1", "weight must be a finite number of at least 0, not -1.0", ""),
        ("a,b,,\x1b[31m", "weight must be a number, not '\\x1b[31m'", A_NUMBER),
        ('"a"x,b', "invalid CSV: ',' expected after '\"'", "check the quotes."),
    ],
)
def test_a_bad_row_is_one_pair_with_its_trouble(line: str, what: str, hint: str) -> None:
    good = ("b", "lists/a", "lists/b")
    for ending in ("\n", "\r\n"):
        header = "reference,candidate,threshold,weight,id"
        pairs = pairs_in(ending.join((header, "a,b", line, "a,b", "", line, "a,b")))
        assert compared(pairs[::2]) == [good] * 3
        assert troubles(pairs[1::2]) == [
            (f"line {number}", f"lists/pairs, line {number}: {what}", hint) for number in (3, 6)
        ]


def test_a_quote_that_is_never_closed() -> None:
    good, bad = pairs_in('reference,candidate\na,b\nc,"d\n')
    assert compared([good]) == [("b", "lists/a", "lists/b")]
    assert troubles([bad]) == [
        ("line 3", "lists/pairs, line 3: invalid CSV: unexpected end of data", "check the quotes.")
    ]


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        (
            '{"reference": "a",',
            "invalid JSON: Expecting property name enclosed in double quotes: line ",
            ONE_OBJECT,
        ),
        ("reference,candidate", "invalid JSON: Expecting value: line 1 column 1 (char 0)", ONE_OBJECT),
        ("{}{}", "invalid JSON: Extra data: line 1 column 3 (char 2)", ONE_OBJECT),
        ("[" * 100_000, "invalid JSON: ", ONE_OBJECT),
        ('{"id": NaN}', "invalid JSON: Out of range float values are not JSON compliant", ONE_OBJECT),
        ('{"id": [-Infinity]}', "invalid JSON: Out of range float values are not JSON compliant", ONE_OBJECT),
        (
            '{"reference":"a","candidate":"b","threshold":NaN}',
            "invalid JSON: Out of range float values are not JSON compliant",
            ONE_OBJECT,
        ),
        ('["a", "b"]', "not a JSON object", 'write {"reference": "…", "candidate": "…"}.'),
        ("null", "not a JSON object", 'write {"reference": "…", "candidate": "…"}.'),
        ('"a,b"', "not a JSON object", 'write {"reference": "…", "candidate": "…"}.'),
        ("{}", "reference is missing", GIVE_BOTH),
        ('{"reference":"a"}', "candidate is missing", GIVE_BOTH),
        ('{"reference":"","candidate":"b"}', "reference is missing", GIVE_BOTH),
        ('{"reference":null,"candidate":"b"}', "reference is missing", GIVE_BOTH),
        ('{"reference":"a","candidate":3}', "candidate must be text, not 3", "write the path of a file."),
        ('{"reference":["a"],"candidate":"b"}', "reference must be text, not ['a']", "write the path of a file."),
        ('{"reference":"a","candidate":"b","name":7}', "name must be text, not 7", "write it in quotes."),
        ('{"reference":"a","candidate":"b","threshold":true}', "threshold must be a number, not True", A_NUMBER),
        ('{"reference":"a","candidate":"b","threshold":[1]}', "threshold must be a number, not [1]", A_NUMBER),
        (
            '{"reference":"a","candidate":"b","threshold":-1}',
            "the threshold must be a finite number of at least 0, not -1.0",
            NOT_FINITE,
        ),
        ('{"reference":"a","candidate":"b","threshold":"x"}', "threshold must be a number, not 'x'", A_NUMBER),
        (
            '{"reference":"a","candidate":"b","weight":-2}',
            "weight must be a finite number of at least 0, not -2.0",
            "",
        ),
        (
            f'{{"reference":"a","candidate":"b","weight":1{"0" * 400}}}',
            f"weight must be a number, not 1{'0' * 400}",
            A_NUMBER,
        ),
    ],
)
def test_a_bad_line_of_json_is_one_pair_with_its_trouble(line: str, what: str, hint: str) -> None:
    fine = '{"reference": "a", "candidate": "b"}'
    before, bad, after = pairs_in(f"{fine}\n{line}\n{fine}\n")
    assert compared([before, after]) == [("b", "lists/a", "lists/b")] * 2
    ((name, message, told),) = troubles([bad])
    assert (name, told) == ("line 2", hint)
    assert message.startswith(f"lists/pairs, line 2: {what}")


def test_a_bad_line_keeps_its_name_and_what_else_it_says() -> None:
    csv = "reference,candidate,name,weight,id\na,b,shot,heavy,7\na,,,,8\na,b,,,9,10\n"
    assert [(pair.name, pair.extra) for pair in pairs_in(csv)] == [
        ("shot", {"id": "7"}),
        ("line 3", {"id": "8"}),
        ("line 4", {"id": "9"}),
    ]
    lines = (
        '{"reference":"a","candidate":"b","weight":"heavy","name":"shot","id":7}\n{"id":{"x":[8]}}\n'
        '{"reference":"a","candidate":"b","name":3,"id":9}\n'
    )
    assert [(pair.name, pair.extra) for pair in pairs_in(lines)] == [
        ("shot", {"id": 7}),
        ("line 2", {"id": {"x": [8]}}),
        ("line 3", {"id": 9}),
    ]


def test_messages_about_a_manifest_with_an_odd_name() -> None:
    name = os.fsdecode(b"lists/p\n\xff.csv")
    bad, good = read("reference,candidate,threshold\na,b,x\na,b,1\n", name).pairs
    assert str(bad.trouble) == "lists/p\\n\\udcff.csv, line 2: threshold must be a number, not 'x'"
    assert good.threshold_source == "lists/p\\n\\udcff.csv, line 3"


def test_quoted_names_may_hold_anything() -> None:
    names = ["a\nb.png", "a\r\nb.png", 'say "hi".png', "a,b;c\td.png", " -x ", "[red]é🦉.png", "\x1b[31m"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    content = "reference,candidate,name\n" + "".join(f"{name},{name},{name}\n" for name in quoted)
    pairs = pairs_in(content + "a\n")
    assert compared(pairs[:-1]) == [(name, f"lists/{name}", f"lists/{name}") for name in names]
    # Two names of two lines each, three times: lines are counted as an editor counts them.
    assert troubles(pairs[-1:]) == [("line 15", "lists/pairs, line 15: candidate is missing", GIVE_BOTH)]


@pytest.mark.parametrize("before", ["reference,candidate\n", "reference\tcandidate\n"])
def test_bytes_that_are_no_text_stand_for_themselves(before: str) -> None:
    between = before[len("reference")].encode()
    content = before.encode() + b"caf\xe9.png" + between + b"\xff\xfe.png\n"
    (pair,) = pairs_in(content)
    assert pair.reference is not None
    assert pair.candidate is not None
    assert os.fsencode(pair.reference) == b"lists/caf\xe9.png"
    assert os.fsencode(pair.candidate) == b"lists/\xff\xfe.png"
    assert os.fsencode(pair.name) == b"\xff\xfe.png"


def test_bytes_that_are_no_text_stand_for_themselves_in_json() -> None:
    first, second = pairs_in(
        b'{"reference": "caf\xe9.png", "candidate": "\xff.png"}\n'
        b'{"reference": "caf\\udce9.png", "candidate": "\\u00e9.png"}\n'
    )
    assert [os.fsencode(path) for path in (first.reference, first.candidate) if path] == [
        b"lists/caf\xe9.png", b"lists/\xff.png",
    ]  # fmt: skip
    assert [os.fsencode(path) for path in (second.reference, second.candidate) if path] == [
        b"lists/caf\xe9.png", "lists/é.png".encode(),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("content", ["reference,candidate\na,b\n", "reference\tcandidate\r\na\tb\r\n"])
def test_a_table_that_is_not_utf_8(content: str, encoding: str) -> None:
    assert refused(content.encode(encoding)) == ("lists/pairs: not UTF-8 text", "save it as CSV in UTF-8.")


def test_json_lines_that_are_not_utf_8() -> None:
    content = '{"reference":"a","candidate":"b"}\n'.encode("utf-16")
    assert refused(content) == ("lists/pairs: not UTF-8 text", "save it as CSV in UTF-8.")


@pytest.mark.parametrize(
    "content", ["", "\n", " \r\n\n", "reference,candidate\n", "reference,candidate", "\ufeff"]
)
def test_an_empty_manifest_has_no_pairs(content: str) -> None:
    pairs = read(content)
    assert (pairs.total, list(pairs.pairs), pairs.notes) == (0, [], ())


PLAIN_JSON = '{"reference": "a", "candidate": "b"}'
BLANKS = ("", "  \t", "\u3000", "\x0c")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [[PLAIN_JSON], ["reference,candidate", "a,b"], ["reference\tcandidate", "a\tb"]])
def test_blank_lines_are_nothing_wherever_they_are(start: list[str], ending: str) -> None:
    """In a file and in a stream: before, between and after lines; the numbers of lines count them."""
    bad = "{}" if start == [PLAIN_JSON] else '"a"x'
    lines = [*BLANKS, start[0], *BLANKS, start[-1], *BLANKS, bad, *BLANKS]
    content = ending.join(lines) + ending * 3
    number = 3 * len(BLANKS) + 3
    again = {"{}": 2, '"a"x': 1}[bad]  # a header is no pair
    found = pairs_in(content)
    assert compared(found[:-1]) == [("b", "lists/a", "lists/b")] * again
    assert [pair.name for pair in found if pair.trouble] == [f"line {number}"]
    os.mkfifo("pipe")
    writer = Thread(target=Path("pipe").write_bytes, args=(content.encode(),), daemon=True)
    writer.start()
    stream = list(read_manifest("pipe").pairs)
    writer.join(60)
    assert compared(stream[:-1]) == [("b", "a", "b")] * again
    assert [pair.name for pair in stream if pair.trouble] == [f"line {number}"]


def test_what_is_no_manifest(here: Path) -> None:
    for name, message, hint in (
        ("lists", "lists is a folder, not a list of pairs", "give two folders instead."),
        (f"{here}/lists/", f"{here}/lists is a folder, not a list of pairs", "give two folders instead."),
        ("missing", "missing: cannot be read: No such file or directory", "check the spelling of the path."),
        ("a\0b", "a\\x00b: cannot be read: embedded null byte", "check the spelling of the path."),
        (
            "x" * 300,
            f"{'x' * 300}: cannot be read: File name too long",
            "check the spelling of the path.",
        ),
    ):
        with pytest.raises(InvalidSetting) as error:
            read_manifest(name)
        assert (str(error.value), error.value.hint) == (message, hint)
        assert error.value.exit_code == 2


def test_files_outside_the_folder_are_noted(here: Path) -> None:
    (here / "lists" / "link").symlink_to("/")  # a link inside is inside, wherever it leads
    inside = f"reference,candidate\na,{here}/lists/b\nx/../a,../lists/b\nlink/a,link/../b\n"
    assert read(inside + "a,\n").notes == ()
    assert read("reference,candidate\na,../c\nb,/d\n../lists-too/x\x1b,../../e\n").notes == (
        "lists/pairs names 4 files outside its own folder, such as lists/../c",
    )


def test_names_that_are_not_unique_are_noted() -> None:
    pairs = read("reference,candidate,name\na,b,\nc,b,\nd,e,x\nf,g,x\nh,i,y\n")
    assert pairs.notes == ("lists/pairs uses 2 names for more than one pair, such as b; all pairs are compared",)
    assert [pair.name for pair in pairs.pairs] == ["b", "b", "x", "x", "y"]


def test_neighbours_with_one_reference_are_marked() -> None:
    rows = ["a,1", "a,2", "b,3", "a,4", "c,5", "", "c,6", "./c,7", "lone", "c,8", "d,9"]
    found = pairs_in("reference,candidate\n" + "\n".join(rows))
    assert [(pair.name, pair.shared) for pair in found] == [
        ("1", True), ("2", True), ("3", False), ("4", False), ("5", True), ("6", True), ("7", True),
        ("line 10", False), ("8", False), ("9", False),
    ]  # fmt: skip


def test_a_pipe_is_live_and_read_once(here: Path) -> None:
    os.mkfifo("lists/pipe")
    answered = Event()

    def write() -> None:
        with Path("lists/pipe").open("w") as pipe:
            pipe.write("reference,candidate,threshold\na,b,1\n")
            pipe.flush()
            if answered.wait(60):
                pipe.write(f"a,{here}/c,x\na,d,\n")

    writer = Thread(target=write, daemon=True)
    writer.start()
    pairs = read_manifest("lists/pipe")
    assert (pairs.live, pairs.total, pairs.notes, tuple(pairs.inputs)) == (True, None, (), ())
    stream = iter(pairs.pairs)
    # From the current folder, as a pipe has none of its own; and nobody waits to see who the neighbours are.
    first = Pair("b", Path("a"), Path("b"), threshold=1.0, threshold_source="lists/pipe, line 2")
    assert next(stream) == first
    answered.set()
    bad, last = stream
    writer.join(60)
    assert troubles([bad]) == [("line 3", "lists/pipe, line 3: threshold must be a number, not 'x'", A_NUMBER)]
    assert last == Pair("d", Path("a"), Path("d"))


def test_a_pipe_that_does_not_name_the_columns() -> None:
    os.mkfifo("pipe")
    writer = Thread(target=Path("pipe").write_text, args=("a.png,b.png\n",), daemon=True)
    writer.start()
    pairs = read_manifest("pipe")
    (bad,) = pairs.pairs
    assert str(bad.trouble).startswith("pipe, line 1: neither JSON nor a header that names the columns reference")
    writer.join(60)


def test_a_device_without_lines_has_no_pairs() -> None:
    pairs = read_manifest(os.devnull)
    assert (pairs.live, list(pairs.pairs)) == (True, [])


ECHO = """
from percept_cli.pairs.manifests import read_manifest
from percept_cli.storage.store import Store, use
from tests.support.buckets import Bucket

pairs = read_manifest("-")
assert (pairs.live, pairs.total, list(pairs.inputs), pairs.notes) == (True, None, [], ())
for pair in pairs.pairs:
    print(pair.trouble or f"{pair.name} {pair.reference} {pair.threshold_source}", flush=True)
"""


@pytest.mark.parametrize(
    ("before", "lines"),
    [
        ("reference,candidate,threshold\n", ["a,1,\n", "a,2,0.5\n", "a\n", "a,3,\n"]),
        ("\ufeffreference\tcandidate\tthreshold\r\n", ["a\t1\r\n", "a\t2\t0.5\r\n", "a\r\n", "a\t3\r\n"]),
        (
            "",
            [
                '{"reference":"a","candidate":"1"}\n',
                '{"reference":"a","candidate":"2","threshold":0.5}\n',
                '{"reference":"a"}\n',
                '{"reference":"a","candidate":"3"}\n',
            ],
        ),
    ],
)
def test_every_line_on_standard_input_is_answered_before_the_next(before: str, lines: list[str]) -> None:
    shift = 2 if before else 1
    answers = [
        "1 a ",
        f"2 a standard input, line {shift + 1}",
        f"standard input, line {shift + 2}: candidate is missing",
        "3 a ",
    ]
    with subprocess.Popen(
        [sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(before.encode())
        for line, answer in zip(lines, answers, strict=True):
            child.stdin.write(line.encode())
            ready, _, _ = select.select([child.stdout], [], [], 60)
            assert ready, f"no answer to {line!r}"
            assert child.stdout.readline() == f"{answer}\n".encode()
        child.stdin.close()
        assert child.stdout.read() == b""
        assert child.wait(60) == 0


def test_standard_input_from_a_file() -> None:
    Path("lists/pairs").write_bytes(b"reference,candidate\ncaf\xe9,b\n\xff,\xfe")
    with Path("lists/pairs").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", ECHO.replace("print(", "print(ascii(").replace(", flush", "), flush")],
            stdin=file,
            stdout=subprocess.PIPE,
            check=True,
        )
    assert done.stdout.splitlines() == [b"'b caf\\udce9 '", b"'\\udcfe \\udcff '"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"reference":"a","candidate":"b","id":1e999}', "invalid JSON: Out of range float values"),
        ('{"reference":"a","candidate":"b","name":"\\ud800"}', "invalid JSON: 'utf-8' codec can't encode"),
        (
            '{"reference":"a","candidate":"b","id":' + "[" * 900 + "]" * 900 + "}",
            "invalid JSON: nested deeper",
        ),
        ('{"reference":"a","candidate":"b","reference":"c"}', "invalid JSON: reference is given twice"),
        ('{"reference":"a","candidate":"b","name":0}', "name must be text, not 0"),
    ],
)
def test_what_no_report_could_carry_is_trouble_of_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(f'{line}\n{{"reference":"a","candidate":"b"}}\n', encoding="utf-8")
    bad, good = read_manifest(str(path)).pairs
    assert str(bad.trouble).startswith(f"{path}, line 1: {message}")
    assert good.trouble is None


def test_a_column_named_twice_and_columns_that_are_nearly_others(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("reference,candidate,threshold,threshold\na,b,1,2\n")
    with pytest.raises(InvalidSetting, match="the column threshold is given twice"):
        read_manifest(str(path))
    for column in ("weigth", "wieght", "treshold"):
        path.write_text(f"reference,candidate,{column}\na,b,1\n")
        with pytest.raises(InvalidSetting, match=f"unknown column '{column}'"):
            read_manifest(str(path))
    path.write_text("reference,candidate,reference_id,candidate_id,height,preference\na,b,1,2,3,4\n")
    (pair,) = read_manifest(str(path)).pairs
    assert pair.extra == {"reference_id": "1", "candidate_id": "2", "height": "3", "preference": "4"}


def test_a_quote_that_is_not_closed_is_found_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text('reference,candidate\n"a.png,b.png\nc.png,d.png\n"e.png",f.png\ng.png,h.png\n')
    bad, good = read_manifest(str(path)).pairs
    assert str(bad.trouble).startswith(f"{path}, line 2: invalid CSV up to line 4: ")
    assert good.name == "h.png"


def test_a_manifest_that_goes_away_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("reference,candidate\na,b\n")
    found = read_manifest(str(path))
    path.unlink()
    with pytest.raises(InvalidSetting, match="can no longer be read: No such file"):
        list(found.pairs)


def test_standard_input_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what Python makes of `<&-`
    with pytest.raises(InvalidSetting, match="standard input is closed"):
        read_manifest("-")


def test_what_a_list_elsewhere_names_lies_beside_it(bucket: Bucket) -> None:
    place = bucket.put("lists/pairs.csv", b"reference,candidate\na.png,s3://other/b.png\n")
    with use(Store()):
        found = read_manifest(place)
        (pair,) = found.pairs
    assert pair.reference == Path(f"s3://{bucket.name}/lists/a.png")
    assert pair.candidate == Path("s3://other/b.png") and pair.trouble is None
    assert any("outside its own folder" in note for note in found.notes)
