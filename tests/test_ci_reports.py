"""Reports for other people's pipelines, read by the formats' own parsers: JUnit, GitHub, GitLab, Markdown, TAP."""

from __future__ import annotations

import io
import json
import math
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import jsonschema
import junitparser
import pytest
from lxml import etree
from markdown_it import MarkdownIt
from tap.line import Line, Plan, Result
from tap.parser import Parser

from percept_cli import reports
from percept_cli.reports import REPORTS, Style, format_of_file
from percept_cli.results.run import PairResult, Run, badness
from percept_cli.system.names import printable
from percept_cli.system.whole import encoded
from tests.runs import CHECKED, RUN
from tests.test_reports import MANY, NOT_A_NUMBER, UNDECODABLE, UNUSABLE, check_golden, render

EMPTY = replace(RUN, results=())
ALLOWED = replace(CHECKED, allow_unmatched=True)
ENDED_EARLY = replace(RUN, results=tuple(MANY.results)[:2], complete=False)
HOSTILE_NAMES = (
    "a|b.png",
    "`tick``s`.png",
    "<script>alert(1)</script>.png",
    "</details></code>.png",
    "&amp;.png",
    "[link](http://example.org).png",
    "back\\slash\\|.png",
    "line\nbreak\r.png",
    "\x1b[31mred\x00.png",
    "stray \udcff byte.png",
    "a # SKIP me.png",
    "# TODO.png",
    "::error::x, y: 100%.png",
    "]]>.png",
    '"quoted".png',
    "@someone :tada: *bold* _it_ ~~gone~~ $x$.png",
    " leading and trailing ",
    "übung/日本.png",
    "...",
    "'",
)
(FAILED_PAIR,) = (result for result in CHECKED.results if result.status == "fail")
TEXTS = [form for form in REPORTS if form != "parquet"]


def hostile(name: str) -> PairResult:
    return replace(
        FAILED_PAIR, name=name, reference=f"expected/{name}", candidate=f"out/{name}", reason=f"of {name}"
    )


HOSTILE = replace(CHECKED, results=tuple(map(hostile, HOSTILE_NAMES)))
RUNS = {
    "checked": CHECKED,
    "allowed": ALLOWED,
    "sample": RUN,
    "many": MANY,
    "empty": EMPTY,
    "empty and allowed": replace(EMPTY, allow_empty=True),
    "early": ENDED_EARLY,
    "hostile": HOSTILE,
    "odd": replace(RUN, results=(NOT_A_NUMBER, UNDECODABLE, UNUSABLE)),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("form", REPORTS)
def test_every_format_renders_every_run(form: str, run: str) -> None:
    data = b"".join(map(encoded, reports.render(RUNS[run], form, Style())))
    if form == "parquet":
        assert data[:4] == data[-4:] == b"PAR1"
        return
    if form == "csv":  # names are kept byte by byte, for programs that open the files
        data.decode("utf-8", "surrogateescape")
    else:
        data.decode("utf-8")
    assert data.endswith(b"\n") or not data
    assert data or form in ("jsonl", "score")


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("junit", "checked.xml"),
        ("markdown", "checked.md"),
        ("github", "checked.github.txt"),
        ("gitlab", "checked-code-quality-report.json"),
        ("tap", "checked.tap"),
    ],
)
def test_golden(form: str, file: str) -> None:
    check_golden(file, render(CHECKED, form, Style(json_report="report.json")))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("r.xml", "junit"),
        ("r.md", "markdown"),
        ("r.tap", "tap"),
        ("gl-code-quality-report.json", "gitlab"),
        ("codequality.json", "gitlab"),
        ("quality.json", "json"),
    ],
)
def test_endings(name: str, form: str) -> None:
    assert format_of_file(name) == form


# JUnit: what the schema that Jenkins' tools check with (junit-4.xsd) allows, written anew and a little stricter.
# A test case holds any of its elements in any order, and a suite's properties come first.
JUNIT_XSD = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="problem" mixed="true">
    <xs:attribute name="type" type="xs:string"/>
    <xs:attribute name="message" type="xs:string"/>
  </xs:complexType>
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger"/>
    <xs:attribute name="time" type="xs:decimal"/>
  </xs:attributeGroup>
  <xs:element name="testsuites">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="testsuite" minOccurs="0" maxOccurs="unbounded">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="properties" minOccurs="0">
                <xs:complexType>
                  <xs:sequence>
                    <xs:element name="property" maxOccurs="unbounded">
                      <xs:complexType>
                        <xs:attribute name="name" type="xs:string" use="required"/>
                        <xs:attribute name="value" type="xs:string" use="required"/>
                      </xs:complexType>
                    </xs:element>
                  </xs:sequence>
                </xs:complexType>
              </xs:element>
              <xs:element name="testcase" minOccurs="0" maxOccurs="unbounded">
                <xs:complexType>
                  <xs:choice minOccurs="0" maxOccurs="unbounded">
                    <xs:element name="skipped" type="xs:string"/>
                    <xs:element name="error" type="problem"/>
                    <xs:element name="failure" type="problem"/>
                    <xs:element name="system-out" type="xs:string"/>
                    <xs:element name="system-err" type="xs:string"/>
                  </xs:choice>
                  <xs:attribute name="name" type="xs:string" use="required"/>
                  <xs:attribute name="classname" type="xs:string"/>
                  <xs:attribute name="time" type="xs:decimal"/>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
            <xs:attributeGroup ref="counts"/>
            <xs:attribute name="skipped" type="xs:nonNegativeInteger"/>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attributeGroup ref="counts"/>
    </xs:complexType>
  </xs:element>
</xs:schema>
"""


KINDS = ("Failure", "Error", "Skipped")


@pytest.mark.parametrize("run", RUNS)
def test_junit_keeps_its_schema_and_its_counts(run: str) -> None:
    text = render(RUNS[run], "junit", Style()).encode()
    etree.XMLSchema(etree.fromstring(JUNIT_XSD)).assertValid(etree.fromstring(text))
    (suite,) = junitparser.JUnitXml.fromstring(text)
    found = Counter(type(result).__name__ for case in suite for result in case.result)
    assert suite.tests == len(list(suite))
    assert (suite.failures, suite.errors, suite.skipped) == tuple(found[kind] for kind in KINDS)
    assert suite.time == pytest.approx(sum(result.seconds for result in RUNS[run].results))


def cases(run: Run) -> dict[str, Any]:
    (suite,) = junitparser.JUnitXml.fromstring(render(run, "junit", Style()).encode())
    return {case.name: case for case in suite}


def test_junit_says_what_failed_and_where() -> None:
    found = cases(CHECKED)
    assert list(found) == [result.name for result in CHECKED.results]
    icon = found["menu/icon.png"]
    (failure,) = icon.result
    assert isinstance(failure, junitparser.Failure)
    assert (icon.classname, failure.type) == ("percept.menu", "fail")
    assert (
        "FAIL peak 1.75, at 16,0,16,16; warns above 0.4, fails above 0.5 (auto: the noise of this pair)"
        in failure.text
    )
    assert "FAIL region 17,3,12,9: 80 pixels" in failure.text
    assert [type(found[name].result[0]).__name__ for name in ("fresh.png", "gone.png", "broken.png")] == [
        "Failure",
        "Failure",
        "Error",
    ]
    warned = found['a "quoted" & <b>bold</b>.png']
    assert warned.is_passed
    assert warned.system_out.startswith("WARN: ")
    assert found["plain.png"].is_passed
    assert cases(ALLOWED)["gone.png"].is_skipped


def test_junit_groups_by_folder() -> None:
    pair = hostile("v1.2/charts/a.b.png")
    assert cases(replace(CHECKED, results=(pair,)))[pair.name].classname == "percept.v1_2.charts"
    assert cases(replace(CHECKED, results=(hostile("../x.png"),)))["../x.png"].classname == "percept"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_junit_keeps_hostile_names(name: str) -> None:
    ((shown, case),) = cases(replace(CHECKED, results=(hostile(name),))).items()
    assert shown == printable(name)
    assert case.result[0].message == f"of {printable(name)}"


@pytest.mark.parametrize("form", ["junit", "github", "gitlab", "tap"])
@pytest.mark.parametrize(
    ("run", "words"),
    [(EMPTY, "nothing was compared"), (ENDED_EARLY, "the run ended before its last pair")],
    ids=["empty", "early"],
)
def test_a_run_that_fails_without_a_failed_pair_fails(form: str, run: Run, words: str) -> None:
    text = render(run, form, Style())
    assert words in text
    mark = {"junit": "<error", "github": "::error ", "gitlab": '"critical"', "tap": "not ok"}[form]
    assert mark in text
    whole = replace(run, complete=True, allow_empty=True)
    assert mark not in render(whole, form, Style())


# GitHub: how its runner reads a workflow command, from its documentation.
COMMAND = re.compile(r"::(?P<kind>error|warning|notice) (?P<properties>[^:]*)::(?P<message>.*)")


def unescaped(text: str) -> str:
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, char)
    return text


def commands(run: Run) -> list[dict[str, str]]:
    found = []
    for line in render(run, "github", Style()).splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        properties = dict(entry.split("=", 1) for entry in match["properties"].split(","))
        entries = properties | {"message": match["message"]}
        found.append({"kind": match["kind"]} | {key: unescaped(value) for key, value in entries.items()})
    return found


def test_github_annotates_the_worst_first() -> None:
    found = commands(CHECKED)
    assert [(entry["kind"], entry["title"].split(":")[0]) for entry in found] == [
        ("error", "percept error"),
        ("error", "percept fail"),
        ("error", "percept missing"),
        ("error", "percept new"),
        ("warning", "percept warn"),
        ("notice", "percept"),
    ]
    assert found[1]["file"] == "expected/menu/icon.png"
    assert found[3]["file"] == "out/fresh.png"
    assert found[1]["message"].endswith("\nregions (x,y,width,height): 17,3,12,9; 2,20,4,1\nmost in relu3_3 46 %")
    assert [entry["title"] for entry in commands(ALLOWED)][-1] == "percept"
    assert len(commands(ALLOWED)) == 4


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_github_keeps_hostile_names(name: str) -> None:
    found, _ = commands(replace(CHECKED, results=(hostile(name),)))
    assert found["title"] == f"percept fail: {printable(name)}"
    assert found["file"] == f"expected/{printable(name)}"
    assert found["message"].splitlines()[0] == f"of {printable(name)}"


def test_github_says_how_many_are_left_out() -> None:
    warned = [result for result in CHECKED.results if result.status == "warn"]
    found = commands(replace(CHECKED, results=(*HOSTILE.results, *warned * 12)))
    assert Counter(entry["kind"] for entry in found) == {"error": 10, "warning": 10, "notice": 1}
    left_out = len(HOSTILE_NAMES) - 10 + 2
    assert found[-1]["message"].endswith(f"; {left_out} more did not pass, see the whole report")


# GitLab: the fields that its documentation asks for.
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": "^(?!\\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer"}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("run", RUNS)
def test_gitlab_keeps_its_schema(run: str) -> None:
    found = json.loads(render(RUNS[run], "gitlab", Style()))
    jsonschema.validate(found, CODE_QUALITY)
    fingerprints = [entry["fingerprint"] for entry in found]
    assert len(set(fingerprints)) == len(fingerprints)


def test_gitlab_has_what_did_not_pass() -> None:
    found = json.loads(render(CHECKED, "gitlab", Style()))
    assert [(entry["check_name"], entry["severity"]) for entry in found] == [
        ("percept-fail", "major"),
        ("percept-warn", "info"),
        ("percept-new", "minor"),
        ("percept-missing", "major"),
        ("percept-error", "critical"),
    ]
    assert [entry["check_name"] for entry in json.loads(render(ALLOWED, "gitlab", Style()))] == [
        "percept-fail",
        "percept-warn",
        "percept-error",
    ]


def test_gitlab_knows_a_difference_again() -> None:
    pair = hostile("a.png")
    first, moved, other, twice, again = (
        json.loads(render(replace(CHECKED, results=results), "gitlab", Style()))
        for results in (
            (pair,),
            (replace(pair, distance=7.0, reason="another"),),
            (replace(pair, name="b.png"),),
            (pair, pair),
            (replace(pair, status="warn"),),
        )
    )
    assert first[0]["fingerprint"] == moved[0]["fingerprint"] == twice[0]["fingerprint"]
    assert len({entry["fingerprint"] for entry in (*twice, *other, *again)}) == 4


class Cells(HTMLParser):
    """Text of the tables' cells and of the list's items, and which elements there are."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag in ("tr", "li"):
            self.rows.append([])
        if tag in ("td", "th", "li"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("table", "ul"):
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def read_markdown(run: Run) -> Cells:
    """As a reader with GitHub's tables, strike-through and raw HTML sees it."""
    cells = Cells()
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    cells.feed(reader.render(render(run, "markdown", Style())))
    cells.rows = [[" ".join(cell.split()) for cell in row] for row in cells.rows if row]
    return cells


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_markdown_keeps_hostile_names(name: str) -> None:
    pair = hostile(name)
    new = replace(pair, status="new", reason=f"of {name}")
    passed = replace(pair, status="pass")
    found = read_markdown(replace(CHECKED, results=(pair, new, passed)))
    seen = [row[1] for row in found.rows if row[0] in ("FAIL", "NEW")]
    plain = " ".join(printable(name).split())
    assert seen == [plain, " ".join(f"{printable(name)}of {printable(name)}".split())]
    assert any(row[0].startswith(plain) for row in found.rows if len(row) == 1)
    kinds = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "details", "summary"}
    assert set(found.tags) <= kinds | {"ul", "li", "pre"}
    assert found.tags["details"] == found.tags["summary"] == 1


def test_markdown_says_which_gate_and_where() -> None:
    rows = [row for row in read_markdown(CHECKED).rows if row and row[0] == "FAIL"]
    assert rows == [["FAIL", "menu/icon.png", "peak", "1.75", "0.5", "17,3,12,9; 2,20,4,1", "relu3_3 46 %"]]
    text = render(CHECKED, "markdown", Style())
    assert text.startswith("## percept: ERROR\n")
    assert "    percept approve report.json --baseline expected --current out\n" in text
    assert [row for row in read_markdown(RUN).rows if row[0] == "FAIL"] == [
        ["FAIL", "out/[red].png", "distance", "1.09583", "0.5", "", "relu3_3 46 %"]
    ]
    assert "2 pictures without a counterpart" in render(ALLOWED, "markdown", Style())


def test_markdown_stays_below_the_limit_and_says_so() -> None:
    pairs = [hostile(f"{'long-' * 40}{number}.png") for number in range(6000)]
    run = replace(CHECKED, results=(*pairs, *(replace(pair, status="pass") for pair in pairs)))
    text = render(run, "markdown", Style())
    assert 900_000 < len(text.encode()) < 2**20
    (more,) = re.findall(r"… and (\d+) more that did not pass; another report has all\.", text)
    assert int(more) + text.count("\n| FAIL ") == 6000
    assert re.search(r"… and \d+ more\.\n\n</details>", text)
    assert text.endswith(f"recipe `{run.fingerprint}`\n")


def points(run: Run) -> tuple[list[Line], list[Result]]:
    lines = list(Parser().parse(io.StringIO(render(run, "tap", Style()))))
    return lines, [line for line in lines if isinstance(line, Result)]


@pytest.mark.parametrize("run", RUNS)
def test_tap_has_a_point_for_every_pair(run: str) -> None:
    lines, found = points(RUNS[run])
    assert not [line for line in lines if line.category == "unknown"]
    (plan,) = [line for line in lines if isinstance(line, Plan)]
    assert plan.expected_tests == len(found)
    assert [point.number for point in found] == list(range(1, len(found) + 1))


def test_tap_says_what_failed_and_where() -> None:
    _, found = points(CHECKED)
    assert [point.ok for point in found] == [False, True, True, False, False, False]
    told = found[0].yaml_block
    assert told["severity"] == "fail"
    assert told["gates"][1] == {
        "name": "peak",
        "value": 1.75,
        "warn": 0.4,
        "fail": 0.5,
        "source": "auto: the noise of this pair",
        "status": "fail",
        "at": "16,0,16,16",
    }
    assert told["regions"][0]["box"] == "17,3,12,9"
    assert told["regions"][0]["layers"] == {"relu1_2": 0.4, "relu3_3": 0.5}
    assert told["regions"][1]["shift"] == [0, 1]
    assert [(point.ok, point.skip) for point in points(ALLOWED)[1]][3:5] == [(True, True), (True, True)]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_tap_keeps_hostile_names(name: str) -> None:
    _, (found,) = points(replace(CHECKED, results=(hostile(name),)))
    line = render(replace(CHECKED, results=(hostile(name),)), "tap", Style()).splitlines()[2]
    # What would be a directive to readers that know no escapes is written as unprintable characters are.
    shown = re.sub(r"#(?= (?:SKIP|TODO))", r"\\x23", printable(name))
    assert re.sub(r"\\(.)", r"\1", line) == f"not ok 1 - {shown}"
    assert (found.ok, found.todo, found.skip) == (False, False, False)
    assert found.yaml_block["message"] == f"of {printable(name)}"


@pytest.mark.parametrize("value", [1e-10, 1e300, 0.1 + 0.2, 5e-324, 0.0, math.inf])
def test_tap_keeps_numbers(value: float) -> None:
    _, (found,) = points(replace(CHECKED, results=(replace(hostile("a.png"), distance=value),)))
    assert found.yaml_block["distance"] == value


def test_the_worst_come_first() -> None:
    ranked = [result.status for result in sorted(MANY.results, key=badness)]
    assert ranked == ["error", "fail", "missing", "new", "pass", "pass"]
