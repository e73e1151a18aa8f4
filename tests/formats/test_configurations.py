"""Configurations that archives hold: what they name to be called, however it is spelled."""

from __future__ import annotations

import pytest
from weight_files import look, zipped

from artifact_lint.formats import configurations
from artifact_lint.model import Cause, HazardKind, Inspection

SPELLINGS = {
    "plain": "_target_: os.system\n",
    "anchored": "_target_: &a os.system\n",
    "aliased": "x: &a os.system\ny:\n  _target_: *a\n",
    "aliased key": "k: &k _target_\n*k : os.system\n",
    "tagged": "_target_: !!str os.system\n",
    "tagged key": "!!str _target_: os.system\n",
    "folded": "_target_: >-\n  os.system\n",
    "explicit": "? _target_\n: os.system\n",
    "behind a comment": "_target_:  # what\n  os.system\n",
    "escaped": '"\\x5ftarget_": "o\\x73.system"\n',
    "interpolated": "t: os.system\n_target_: ${t}\n",
    "plain key": "target: os.system\nparams: {command: 'true'}\n",
    "often": "".join(f"a{n}: {{_target_: a.b}}\n" for n in range(1100)) + "z: {_target_: os.system}\n",
    "far": "#" + "a" * (5 << 20) + "\n_target_: os.system\n",
}
TAGS = {
    "verbatim": "x: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']\n",
    "directive": "%TAG !p! tag:yaml.org,2002:python/object/apply:\n---\nx: !p!os.system ['true']\n",
    "percent": "x: !!python%2Fobject/apply:os.system ['true']\n",
}


def read(text: str | bytes, name: str = "model_config.yaml") -> Inspection:
    return look(zipped({name: text.encode() if isinstance(text, str) else text, "a.safetensors": b"x"}), "m.zip")


def named(inspection: Inspection) -> list[str]:
    return [hazard.evidence for hazard in inspection.hazards if hazard.kind is HazardKind.TARGET]


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_a_target_is_found_however_it_is_spelled(text: str) -> None:
    inspection = read(text)
    assert named(inspection)[-1] == "os.system"
    assert not inspection.incomplete


@pytest.mark.parametrize("text", TAGS.values(), ids=TAGS)
def test_a_tag_is_found_however_it_is_spelled(text: str) -> None:
    assert named(read(text)) == ["!!python/object/apply:os.system"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"\\u005ftarget_": "os.system"}'),
        ("a.JSON", b'{"target": "os.system", "params": {}}'),
        ("a.yml", "_target_: os.system\n".encode("utf-16")),
        ("conf/a.YAML", b"\xef\xbb\xbf_target_: os.system\n"),
    ],
)
def test_it_is_found_in_every_syntax_and_encoding(name: str, content: bytes) -> None:
    assert named(read(content, name)) == ["os.system"]


def test_the_place_is_told_in_bytes() -> None:
    text = "größe: 1\n" + "# ß\n" * 3000 + "ä: {_target_: os.system}\n"
    (hazard,) = read(text).hazards
    assert text.encode()[hazard.offset :].startswith(b"os.system")


def test_what_cannot_be_parsed_is_searched_and_told() -> None:
    inspection = read("a: [1\n_target_: os.system\n")
    assert named(inspection) == ["os.system"]
    assert {gap.cause for gap in inspection.incomplete} == {Cause.UNREADABLE}


def test_what_cannot_be_parsed_and_names_nothing_is_quiet() -> None:
    for text in ("{{ cookiecutter.name }}: [1\n", "a: 1\n---\nb: 2\n", "target: [1\nparams: x\n"):
        inspection = read(text)
        assert (inspection.hazards, inspection.incomplete) == ((), ())


def test_what_is_too_large_to_be_parsed_is_searched_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configurations, "_LARGEST", 1000)
    monkeypatch.setattr(configurations, "_SEARCHED", 6 << 20)
    inspection = read("# " + "x" * (3 << 20) + "\n_target_: os.system\n")
    assert named(inspection) == ["os.system"]
    assert {gap.cause for gap in inspection.incomplete} == {Cause.LIMIT}
    assert not read("# " + "x" * (3 << 20)).incomplete
    assert {gap.cause for gap in read("# " + "x" * (9 << 20)).incomplete} == {Cause.LIMIT}


def test_more_names_than_are_kept_are_told() -> None:
    lines = "".join(f"- _target_: a.b{number}\n" for number in range(20_001))
    assert Cause.LIMIT in {gap.cause for gap in read(lines).incomplete}
    assert Cause.LIMIT in {gap.cause for gap in read(f"a: [1\n{lines}").incomplete}


def test_a_target_that_is_computed_is_told_as_it_stands() -> None:
    (evidence,) = named(read("_target_: ${oc.env:TARGET}\n"))
    assert "${oc.env:TARGET}" in evidence
