"""The baseline's file, and what is made of it: read whatever it holds, and large ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artifact_lint.baseline import Paths, renew
from artifact_lint.baseline_file import Baseline, Entry, Key, load_baseline, read_baseline, written
from artifact_lint.complaints import SettingsError
from artifact_lint.document import DocumentError
from artifact_lint.engine import Request, find_unaccepted, lint
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = all_rules()
FILE = Path(".artifact-lint-baseline.json")
_LINE = {"rule": "NAM001", "artifact": "m", "path": "m/model-artifact.yaml", "count": 1}


def read(data: bytes) -> Baseline:
    return read_baseline(FILE, str(FILE), data, RULES)


def document(*entries: Mapping[str, object]) -> bytes:
    return json.dumps({"schema_version": 1, "entries": entries}).encode()


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6)
paths = st.lists(names.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3).map("/".join)
pointers = st.lists(names.map(lambda name: name.replace("~", "~0")), max_size=3).map(
    lambda tokens: "".join(f"/{token}" for token in tokens)
)
digests = st.binary(min_size=32, max_size=32).map(lambda data: f"sha256:{data.hex()}")


@st.composite
def keys(draw: st.DrawFn) -> Key:
    rule = draw(st.sampled_from(RULES))
    digest = draw(digests) if "security" in rule.tags else ""
    return Key(draw(paths), draw(paths), rule.code, draw(pointers), draw(paths | st.just("")), digest)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(keys(), st.integers(1, 1000), max_size=8))
def test_what_is_written_is_read_again(counts: dict[Key, int]) -> None:
    baseline = Baseline(FILE, {key: Entry(key, count) for key, count in counts.items()})
    data = written(baseline)
    again = read(data)
    assert {key: entry.count for key, entry in again.entries.items()} == counts
    assert written(again) == data
    assert data.count(b"\n") == len(counts) + (5 if counts else 4)
    lines = data.decode().split("\n")
    assert all(lines[entry.line - 1][entry.column - 1] == "{" for entry in again.entries.values())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["NAM001", "PKL101", "m"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["schema_version", "entries", *_LINE, "digest", "x"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | json_values.map(lambda v: json.dumps(v).encode())
)
@example(b"[" * 100_000)
@example(b'{"schema_version": true, "entries": []}')
@example(document(_LINE | {"count": 10**400}))
def test_whatever_the_file_holds_is_read_or_refused_in_a_line(data: bytes) -> None:
    try:
        read(data)
    except (SettingsError, DocumentError) as error:
        told = str(error)
    else:
        return
    assert told.startswith(f"{FILE}:")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule": "NAM"}, "NAM is no whole code"),
        ({"rule": 1}, "`rule` is a text"),
        ({"rule": ""}, "`rule` is a text that is not empty"),
        ({"count": 0}, "`count` is a whole number from 1 on"),
        ({"count": True}, "`count` is a whole number from 1 on"),
        ({"count": 1.5}, "`count` is a whole number from 1 on"),
        ({"pointer": "name"}, "'name' is no JSON pointer"),
        ({"pointer": "/~2"}, "is no JSON pointer"),
        ({"digest": "sha256:1"}, "`digest` is sha256: and 64 hexadecimal digits"),
        ({"digest": "sha256:" + "0" * 64}, "an entry of NAM001 takes no `digest`"),
        ({"path": "a" * 5000}, "`path` is longer than a path can be"),
        ({"artifact": "a/" * 300}, "`artifact` is longer than a path can be"),
        ({"path": "a/" * 5000}, "`path` is longer than a path can be"),
        ({"line": 3}, "there is no key `line`"),
        ({"pointr": ""}, "there is no key `pointr` (did you mean 'pointer'?)"),
    ],
)
def test_a_mistake_in_an_entry_is_told(changed: Mapping[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(document({**_LINE, **changed}))
    assert said in str(raised.value)
    assert "the baseline cannot be used: " in str(raised.value)


def test_an_entry_that_a_merge_left_twice_counts_once() -> None:
    (entry,) = read(document(_LINE, _LINE | {"count": 3}, _LINE)).entries.values()
    assert entry.count == 3


def test_a_duplicate_key_is_refused() -> None:
    with pytest.raises(SettingsError, match="stands here for the second time"):
        read(b'{"schema_version": 1, "schema_version": 1, "entries": []}')


@pytest.mark.parametrize(
    ("root", "file", "path", "spelled"),
    [
        ("r", "r/b.json", "m/x", "m/x"),
        ("r", "r/b.json", "", "."),
        ("r", "r/m/b.json", "m/x", "x"),
        ("r", "r/m/b.json", "m", "."),
        ("r", "r/m/b.json", "n", "../n"),
        ("r", "r/m/b.json", "", ".."),
        ("r/sub", "r/b.json", "x", "sub/x"),
        ("r", "o/b.json", "x", "../r/x"),
    ],
)
def test_paths_are_those_from_the_baseline(tmp_path: Path, root: str, file: str, path: str, spelled: str) -> None:
    there = Paths(tmp_path / root, tmp_path / file)
    assert there.to_baseline(path) == spelled
    assert there.to_run(spelled) == path


def test_what_an_archive_calls_its_members_is_no_path(tmp_path: Path) -> None:
    there = Paths(tmp_path, tmp_path / "m" / "b.json")
    assert there.to_baseline("m/x.zip!../../etc/passwd") == "x.zip!../../etc/passwd"
    (key,) = read(document({**_LINE, "file": "m/./x.zip!a/../b"})).entries
    assert key.file == "m/x.zip!a/../b"


def test_ten_thousand_entries(tmp_path: Path) -> None:
    """Each is found again, and none twice."""
    (tmp_path / ".git").mkdir()
    file = tmp_path / FILE
    entries = {
        (key := Key(f"models/m{number:05}", f"models/m{number:05}/model-artifact.yaml", "NAM001", "/name")): Entry(
            key, 1
        )
        for number in range(10_000)
    }
    file.write_bytes(written(Baseline(file, entries)))
    assert len(load_baseline(file, RULES).entries) == 10_000
    for number in (0, 9_999):
        place = tmp_path / f"models/m{number:05}"
        place.mkdir(parents=True)
        (place / "model-artifact.yaml").write_text('schema_version: 1\nname: A B\nversion: "1.0.0"\n', "utf-8")
    chosen = Settings(select=("NAM001", "SUP003"), baseline=file)
    report = lint([str(tmp_path)], Request(chosen))
    assert len(report.accepted) == 2
    lines = [finding.origin.line for finding in report.findings]
    assert lines == list(range(5, 10_003))
    assert {finding.code for finding in report.findings} == {"SUP003"}


def accepted_today(root: Path) -> Path:
    """The baseline of all that is there, written."""
    today = find_unaccepted([str(root)], Request(Settings()))
    renewal = renew(Baseline(root / FILE), today.findings, today.coverage)
    assert renewal.unpinned == ()
    (root / FILE).write_bytes(written(renewal.baseline))
    return root / FILE


def codes_with(root: Path) -> list[str]:
    report = lint([str(root)], Request(Settings(baseline=root / FILE)))
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize(
    "name", ["x" * 300, "a\0b", "../../../../../..", "/etc/passwd", "a/" * 250 + "b", "\ud800", " ", "a\nb"]
)
def test_entries_with_impossible_paths_do_no_harm(tmp_path: Path, name: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model-artifact.yaml").write_text('schema_version: 1\nname: churn\nversion: "1.0.0"\n', "utf-8")
    (tmp_path / FILE).write_bytes(document({**_LINE, "artifact": name, "path": f"{name}/model-artifact.yaml"}))
    report = lint([str(tmp_path)], Request(Settings(baseline=tmp_path / FILE)))
    assert report.failures == ()
    assert {finding.code for finding in report.findings} >= {"CMP101"}


def test_code_that_a_record_has_run_is_accepted_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    model = tmp_path / "model"
    model.mkdir()
    auto = {"model_type": "own", "architectures": ["Own"], "auto_map": {"AutoModel": "modeling.Own"}}
    (model / "config.json").write_text(json.dumps(auto), "utf-8")
    (model / "modeling.py").write_text("class Own: ...\n", "utf-8")
    accepted_today(tmp_path)
    assert codes_with(tmp_path) == []
    (model / "modeling.py").write_text("import os\nclass Own: ...\n", "utf-8")
    assert {"SEC107", "SUP003"} <= set(codes_with(tmp_path))


def test_a_credential_is_accepted_in_its_record_alone(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    record = tmp_path / "model-artifact.yaml"
    text = 'schema_version: 1\nname: churn\nversion: "1.0.0"\nrun: {run_id: a, author: "AKIAIOSFODNN7EXAMPLQ"}\n'
    record.write_text(text, "utf-8")
    found = {finding.code for finding in lint([str(tmp_path)], Request(Settings())).findings}
    assert "MAN010" in found
    accepted_today(tmp_path)
    assert codes_with(tmp_path) == []
    record.write_text(text.replace("AKIAIOSFODNN7EXAMPLQ", "AKIAIOSFODNN7EXAMPLR"), "utf-8")
    assert {"MAN010", "SUP003"} <= set(codes_with(tmp_path))
