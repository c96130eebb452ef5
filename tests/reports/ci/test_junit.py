"""JUnit XML, held to its schema and read by its own parser."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import junitparser
import pytest
from lxml import etree

from percept_cli.reports import Style
from percept_cli.results.run import Run
from percept_cli.system.names import printable
from tests.support.ci_runs import ALLOWED, HOSTILE_NAMES, RUNS, hostile
from tests.support.reported import render
from tests.support.runs import CHECKED

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
        "FAIL peak 1.75, at 16,0,16,16; warns above 0.4, fails above 0.5 (automatic limit; noise floor 0.19)"
        in failure.text
    )
    assert "FAIL region 17,3,12,9: added, 80 pixels" in failure.text
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
