"""Fixes change what they are to change, and nothing else."""

from __future__ import annotations

import json
import re
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from fixable import DIGEST, HEAD, SIZE, WEIGHTS, digest, fixed, linted, repository, said, tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_lint.cli.fixing import Tally, Workplace, fix
from artifact_lint.document import Limits, parse, rewritten, slot
from artifact_lint.fixes import amend
from artifact_lint.model import Edit, Fix
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from artifact_lint.document import Node

A, B = "a.safetensors", "b.safetensors"
RECORDED_A = f'size: {SIZE}, digest: "{DIGEST[A]}"'
RECORDED_B = f'size: {SIZE}, digest: "{DIGEST[B]}"'


def files(lines: str) -> str:
    return f"{HEAD}weights:\n  files:\n{lines}"


YAML_STYLES = {
    "flow": ("    - {path: a.safetensors}\n", f"    - {{path: a.safetensors, {RECORDED_A}}}\n"),
    "flow with more": (
        "    - {path: a.safetensors, role: weights}  # told\n",
        f"    - {{path: a.safetensors, role: weights, {RECORDED_A}}}  # told\n",
    ),
    "flow with a comma at the end": (
        "    - {path: a.safetensors, }\n",
        f"    - {{path: a.safetensors, {RECORDED_A}, }}\n",
    ),
    "flow like JSON": (
        '    - {"path": "a.safetensors"}\n',
        f'    - {{"path": "a.safetensors", "size": {SIZE}, "digest": "{DIGEST[A]}"}}\n',
    ),
    "flow on several lines": (
        "    - {\n        path: a.safetensors,\n        role: weights\n      }\n",
        (
            f"    - {{\n        path: a.safetensors,\n        role: weights,\n        size: {SIZE},\n"
            f'        digest: "{DIGEST[A]}"\n      }}\n'
        ),
    ),
    "flow on several lines with comments": (
        "    - {path: a.safetensors,  # where, }\n       role: weights  # what\n      }\n",
        f"    - {{path: a.safetensors,  # where, }}\n       role: weights, {RECORDED_A}  # what\n      }}\n",
    ),
    "flow within flow": (
        "    [ {path: a.safetensors} , {role: weights, path: b.safetensors} ]\n",
        f"    [ {{path: a.safetensors, {RECORDED_A}}} , {{role: weights, path: b.safetensors, {RECORDED_B}}} ]\n",
    ),
    "flow with an alias at the end": (
        "    - {role: &r weights, path: a.safetensors}\n    - {path: b.safetensors, role: *r}\n",
        (
            f"    - {{role: &r weights, path: a.safetensors, {RECORDED_A}}}\n"
            f"    - {{path: b.safetensors, {RECORDED_B}, role: *r}}\n"
        ),
    ),
    "block": (
        "    - path: a.safetensors\n      role: weights\n",
        f'    - path: a.safetensors\n      role: weights\n      size: {SIZE}\n      digest: "{DIGEST[A]}"\n',
    ),
    "block of one line": (
        "  - path: a.safetensors\n",
        f'  - path: a.safetensors\n    size: {SIZE}\n    digest: "{DIGEST[A]}"\n',
    ),
    "block with comments and gaps": (
        "    # first\n    - path: a.safetensors  # where\n      role: weights   # what\n\n    # last\n\n",
        (
            f"    # first\n    - path: a.safetensors  # where\n      role: weights   # what\n      size: {SIZE}\n"
            f'      digest: "{DIGEST[A]}"\n\n    # last\n\n'
        ),
    ),
    "block without a line break at the end": (
        "    - path: a.safetensors # end",
        f'    - path: a.safetensors # end\n      size: {SIZE}\n      digest: "{DIGEST[A]}"',
    ),
    "block with a quoted key": (
        "    - 'path': \"a.safetensors\"\n",
        f"    - 'path': \"a.safetensors\"\n      'size': {SIZE}\n      'digest': \"{DIGEST[A]}\"\n",
    ),
    "block below its dash": (
        "    -\n      path: a.safetensors\n    -   path: b.safetensors\n",
        (
            f'    -\n      path: a.safetensors\n      size: {SIZE}\n      digest: "{DIGEST[A]}"\n'
            f'    -   path: b.safetensors\n        size: {SIZE}\n        digest: "{DIGEST[B]}"\n'
        ),
    ),
    "an anchor that nothing repeats": (
        "    - &first\n      path: a.safetensors\n    - &second {path: b.safetensors}\n",
        (
            f'    - &first\n      path: a.safetensors\n      size: {SIZE}\n      digest: "{DIGEST[A]}"\n'
            f"    - &second {{path: b.safetensors, {RECORDED_B}}}\n"
        ),
    ),
    "a merge key": (
        "    - {path: a.safetensors, <<: {role: weights}}\n",
        f"    - {{path: a.safetensors, {RECORDED_A}, <<: {{role: weights}}}}\n",
    ),
    "null values": (
        "    - {path: a.safetensors, size: null, digest: ~}\n",
        f"    - {{path: a.safetensors, {RECORDED_A}}}\n",
    ),
    "values left out": (
        "    - path: a.safetensors\n      digest:  # to do\n      size:\n",
        f'    - path: a.safetensors\n      digest: "{DIGEST[A]}"  # to do\n      size: {SIZE}\n',
    ),
    "an empty text": (
        f"    - {{path: a.safetensors, digest: '', size: {SIZE}}}\n",
        f"    - {{path: a.safetensors, digest: '{DIGEST[A]}', size: {SIZE}}}\n",
    ),
    "a size alone": (
        f"    - {{path: a.safetensors, size: {SIZE}}}\n",
        f'    - {{path: a.safetensors, size: {SIZE}, digest: "{DIGEST[A]}"}}\n',
    ),
    "a block text at the end": (
        "    - path: a.safetensors\n      format: >-\n        safetensors\n",
        (
            f'    - path: a.safetensors\n      size: {SIZE}\n      digest: "{DIGEST[A]}"\n'
            "      format: >-\n        safetensors\n"
        ),
    ),
    "one file twice": (
        "    - {path: a.safetensors}\n    - {path: ./a.safetensors}\n",
        f"    - {{path: a.safetensors, {RECORDED_A}}}\n    - {{path: ./a.safetensors, {RECORDED_A}}}\n",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("style", YAML_STYLES)
def test_digest_and_size_are_written_in_the_style_of_the_entry(
    style: str, mark: bytes, newline: str, tmp_path: Path
) -> None:
    before, after = (files(lines).replace("\n", newline).encode() for lines in YAML_STYLES[style])
    manifest = repository(tmp_path, mark + before)
    fixed(tmp_path)
    assert manifest.read_bytes().decode() == (mark + after).decode()
    assert fixed(tmp_path)[1].problems == 0


def entry(**more: object) -> dict[str, object]:
    return {
        "schema_version": 1,
        "name": "churn",
        "weights": {"files": [{"path": A, **more}, {"role": "weights", "path": B}]},
    }


@pytest.mark.parametrize("more", [{}, {"size": None, "digest": None}, {"digest": ""}])
@pytest.mark.parametrize(
    "style",
    [
        {},
        {"separators": (",", ":")},
        {"separators": (", ", " : ")},
        {"indent": 2},
        {"indent": "\t"},
        {"indent": 4, "separators": (",", ":")},
        {"indent": 0},
    ],
)
def test_json_keeps_its_commas_and_its_indentation(tmp_path: Path, style: dict[str, Any], more: dict[str, Any]) -> None:
    manifest = repository(tmp_path, json.dumps(entry(**more), **style), "model-artifact.json")
    fixed(tmp_path)
    wanted = entry(**more)
    for one, name in zip(wanted["weights"]["files"], (A, B), strict=True):  # type: ignore[index]  # json's own shapes
        values = {"size": SIZE, "digest": DIGEST[name]}
        one.update({key: value for key, value in values.items() if one.get(key) is None or not one[key]})
    assert json.loads(manifest.read_text()) == wanted
    if not more:
        assert manifest.read_text() == json.dumps(wanted, **style)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("version: 1.10  # one point ten", 'version: "1.10"  # one point ten'),
        ("version: &v 1.10", 'version: &v "1.10"'),
        ("license: no\ntask: 0123\ndescription: 1:30", 'license: "no"\ntask: "0123"\ndescription: "1:30"'),
        ("run: {duration_seconds: 1e3, author: yes}", 'run: {duration_seconds: 1000.0, author: "yes"}'),
        ("feature_schema: {inputs: [{name: c, allowed: [de, no, se]}]}",) * 2,
        ('metadata: {version: 1.10, é: "ü", 日本: [no, 0123, x]}',) * 2,
    ],
)
def test_unquoted_values_are_quoted(tmp_path: Path, before: str, after: str) -> None:
    after = after.replace("[de, no, se]", '[de, "no", se]')
    manifest = repository(tmp_path, f"{HEAD}{before}\n")
    fixed(tmp_path)
    assert manifest.read_text() == f"{HEAD}{after}\n"
    assert not said(linted(tmp_path), "MAN008")


LEFT_ALONE = {
    "an entry that an alias repeats": "weights: {files: [&a {path: a.safetensors}]}\nmetadata: {first: *a}\n",
    "a list that an alias repeats": "weights: {files: &all [{path: a.safetensors}]}\nmetadata: {first: *all}\n",
    "an entry that a merge key repeats": "weights: {files: [&a {path: a.safetensors}, {<<: *a, path: b.safetensors, "
    f'size: {SIZE}, digest: "{DIGEST[B]}"}}]}}\n',
    "a file written as a text": "weights: {files: [a.safetensors]}\n",
    "no file at all": "weights: {files: []}\n",
    "an explicit key": "weights:\n  files:\n  - ? path\n    : a.safetensors\n",
    "a path that is an alias": "metadata: {p: &p a.safetensors}\nweights: {files: [{path: *p}]}\n",
    "a digest that is an alias": "metadata: {p: &p null}\nweights: {files: [{path: a.safetensors, digest: *p}]}\n",
    "a digest of the wrong type": "weights: {files: [{path: a.safetensors, digest: {sha256: 12}}]}\n",
    "another size": "weights: {files: [{path: a.safetensors, size: 12}]}\n",
    "two documents": "weights: {files: [{path: a.safetensors}]}\n---\nweights: {}\n",
    "a scalar that an alias repeats": "version: &v 1.10\nmetadata: {version: *v}\n",
}


@pytest.mark.parametrize("style", LEFT_ALONE)
def test_what_cannot_be_written_alone_is_left_alone_and_is_not_called_fixable(tmp_path: Path, style: str) -> None:
    text = f"{HEAD}{LEFT_ALONE[style]}"
    manifest = repository(tmp_path, text)
    report, tally = fixed(tmp_path)
    assert manifest.read_text() == text
    assert tally.problems == 0
    assert not [finding for finding in report.findings if finding.fixable]


def test_utf_16_is_left_alone(tmp_path: Path) -> None:
    data = files("    - {path: a.safetensors}\n").encode("utf-16")
    manifest = repository(tmp_path, data)
    report, _ = fixed(tmp_path)
    assert said(report, "SUM102")
    assert not any(finding.fixable for finding in report.findings)
    assert manifest.read_bytes() == data


def test_no_digest_is_recorded_of_a_file_that_is_cut_short(tmp_path: Path) -> None:
    text = files("    - {path: a.safetensors}\n")
    manifest = repository(tmp_path, text)
    (tmp_path / A).write_bytes(WEIGHTS[A][:-1])
    report, _ = fixed(tmp_path)
    assert said(report, "SUM106")
    assert not any(finding.fixable for finding in report.findings)
    assert manifest.read_text() == text


def test_a_sidecar_is_left_alone_unless_unsafe_fixes_are_asked_for(tmp_path: Path) -> None:
    repository(tmp_path, HEAD).unlink()
    (tmp_path / A).write_bytes(WEIGHTS[A])
    sidecar = tmp_path / "a.yaml"
    text = "model: churn\nversion: 1.10\naccuracy: 0.5\n"
    sidecar.write_text(text)
    report, _ = fixed(tmp_path)
    assert said(report, "MAN008")
    assert sidecar.read_text() == text
    fixed(tmp_path, unsafe=True)
    assert sidecar.read_text() == text.replace("1.10", '"1.10"')


CHANGED = f'{{path: a.safetensors, size: 12, digest: "sha256:{"ab" * 32}"}}'


def test_a_changed_digest_is_recorded_anew_only_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = repository(tmp_path, files(f"    - {CHANGED} # kept\n"))
    report, _ = fixed(tmp_path)
    assert said(report, "SUM101")
    assert not any(finding.fixable for finding in report.findings)
    assert capsys.readouterr().err == ""
    report, tally = fixed(tmp_path, unsafe=True)
    assert manifest.read_text() == files(f"    - {{path: a.safetensors, {RECORDED_A}}} # kept\n")
    assert said(report, "SUM101") + said(report, "SUM105") == []
    assert tally.problems == 2
    told = capsys.readouterr().err.splitlines()
    start = "artifact-lint: warning: model-artifact.yaml: a.safetensors: recorded other contents: "
    end = "; raise the version if the old ones were published"
    assert sorted(told) == [
        f"{start}12 bytes -> {SIZE} bytes{end}",
        f"{start}sha256:abababababab -> {DIGEST[A][:19]}{end}",
    ]


@pytest.mark.parametrize("quote", ['"', "'", ""])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "md5"])
def test_a_digest_keeps_its_algorithm_and_its_quotes(tmp_path: Path, algorithm: str, quote: str) -> None:
    import hashlib

    actual = hashlib.new(algorithm, WEIGHTS[A]).hexdigest()
    lines = f"    - path: a.safetensors\n      digest: {quote}{algorithm}:{{}}{quote}\n"
    other = hashlib.new(algorithm, b"another file").hexdigest()
    manifest = repository(tmp_path, files(lines.format(other)))
    fixed(tmp_path, unsafe=True)
    assert manifest.read_text() == files(lines.format(actual))


def test_a_size_that_was_put_right_lets_the_digest_be_recorded(tmp_path: Path) -> None:
    manifest = repository(tmp_path, files("    - {path: a.safetensors, size: 12}\n"))
    fixed(tmp_path, unsafe=True)
    assert manifest.read_text() == files(f"    - {{path: a.safetensors, {RECORDED_A}}}\n")


def test_what_a_pointer_says_of_changed_contents_is_recorded_anew(tmp_path: Path) -> None:
    manifest = repository(tmp_path, files(f"    - {CHANGED}\n"))
    oid = digest(b"elsewhere")
    (tmp_path / A).write_text(f"version https://git-lfs.github.com/spec/v1\noid {oid}\nsize {SIZE}\n")
    fixed(tmp_path, unsafe=True)
    assert manifest.read_text() == files(f'    - {{path: a.safetensors, size: {SIZE}, digest: "{oid}"}}\n')


def test_what_is_suppressed_or_not_selected_is_not_fixed(tmp_path: Path) -> None:
    from artifact_lint.cli.app import run

    text = files("    - {path: a.safetensors}\n")
    manifest = repository(tmp_path, text)
    run(["check", str(tmp_path), "--fix", "--select", "MAN"])
    (tmp_path / ".artifact-lint.toml").write_text(
        '[per-path-ignores]\n"*" = { codes = ["SUM102"], reason = "elsewhere" }\n'
    )
    run(["check", str(tmp_path), "--fix"])
    assert manifest.read_text() == text


def test_a_document_that_is_changed_meanwhile_is_left_alone_and_reported_as_it_is_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = repository(tmp_path, files("    - {path: a.safetensors}\n"))
    stale = linted(tmp_path)
    theirs = files("    - {path: a.safetensors} # theirs\n")
    manifest.write_text(theirs)
    tally = Tally()
    where = Workplace(tmp_path, LocalStore(tmp_path), Limits())
    report = fix(stale, lambda: linted(tmp_path), where, tally, unsafe=False)
    assert (manifest.read_text(), tally.problems, tally.failed) == (theirs, 0, False)
    assert said(report, "SUM102")
    told = "artifact-lint: model-artifact.yaml: not fixed: it was changed in the meantime\n"
    assert capsys.readouterr().err == told
    assert fixed(tmp_path)[1].problems == 1


def root_of(text: str) -> Node:
    return parse("m.yaml", text.encode()).root


def quoting(text: str, key: str) -> Fix:
    node = root_of(text).get(key)
    assert node is not None
    edit = rewritten(node, node.text or "", json.dumps(node.text))
    assert edit is not None
    return Fix.of(edit)


def test_a_fix_of_another_text_is_refused() -> None:
    made_for = quoting("a: 1.10\n", "a")
    amended = amend("m.yaml", b"a: 1.20\n", [made_for])
    assert (amended.data, amended.made) == (b"a: 1.20\n", ())
    assert [refusal.reason for refusal in amended.refused] == ["the file was changed since it was linted"]


def test_the_first_of_overlapping_fixes_is_made() -> None:
    text = "a: 1.10\nb: 2\n"
    first, second = quoting(text, "a"), quoting(text, "b")
    over = Fix.of(Edit(root_of(text).key_origin("b"), "c", None, root_of(text).source.digest))
    wide = Fix.of(Edit(root_of(text).origin, "{}", None, root_of(text).source.digest))
    amended = amend("m.yaml", text.encode(), [first, wide, second])
    assert amended.data == b'a: "1.10"\nb: "2"\n'
    assert [refusal.reason for refusal in amended.refused] == ["another fix changes the same place; fix again"]
    renamed = amend("m.yaml", text.encode(), [over, second])
    assert renamed.data == b'a: 1.10\nb: "2"\n'
    assert [refusal.reason for refusal in renamed.refused] == ["it would change more than this value"]


def test_the_same_edit_twice_is_made_once() -> None:
    text = "a: 1.10\n"
    amended = amend("m.yaml", text.encode(), [quoting(text, "a"), quoting(text, "a")])
    assert amended.data == b'a: "1.10"\n'
    assert len(amended.made) == 2


@pytest.mark.parametrize(
    "replacement",
    ['"1.10"\nb: 3', "1.1", '"1.10" }', "[", "*x", '"1.10"\nc: 3', "\x00", "\ud800"],
)
def test_a_fix_that_does_more_than_it_says_is_refused_and_others_are_made(replacement: str) -> None:
    text = "a: 1.10\nb: 2\nd: 3\n"
    node = root_of(text).get("a")
    assert node is not None
    bad = Fix.of(Edit(node.origin, replacement, "1.10", node.source.digest))
    amended = amend("m.yaml", text.encode(), [quoting(text, "b"), bad, quoting(text, "d")])
    assert amended.data == b'a: 1.10\nb: "2"\nd: "3"\n'
    assert [(refusal.line, refusal.reason) for refusal in amended.refused] == [
        (1, "it would change more than this value")
    ]


def test_a_long_manifest_is_fixed_in_one_go(tmp_path: Path) -> None:
    names = [f"{number:04}.safetensors" for number in range(300)]
    lines = "".join(f"    - path: {name}  # {name}\n" for name in names)
    manifest = repository(tmp_path, files(lines))
    for name in names:
        (tmp_path / name).write_bytes(tensor(name[:4].encode()))
    _, tally = fixed(tmp_path)
    assert (tally.problems, len(tally.files)) == (300, 1)
    recorded = yaml.safe_load(manifest.read_text())["weights"]["files"]
    assert [one["digest"] for one in recorded] == [digest(tensor(name[:4].encode())) for name in names]


# Manifests as people write them, in any style.

_COMMENT = st.sampled_from(["", "  # told", " # path: no, {really}", "\t# tab", "  # été 日本 \U0001f600"])
_TEXTS = st.sampled_from(["weights", "data", "other"])
_SCALARS = st.sampled_from(["1.10", "no", "0123", "1:30", '"1.10"', "'x y'", "plain words", "~", "12", "2026-11-21"])
_SPACES = st.sampled_from(["", " ", "  "])


@st.composite
def _flow_entries(draw: st.DrawFn, path: str, indent: str) -> str:
    quote = draw(st.sampled_from(["", '"', "'"]))
    pairs = [f"{quote}path{quote}: {draw(st.sampled_from([path, json.dumps(path)]))}"]
    if draw(st.booleans()):
        pairs.append(f"{quote}role{quote}: {draw(_TEXTS)}")
    if draw(st.booleans()):
        pairs.append("size: null")
    pairs = draw(st.permutations(pairs))
    between = draw(st.sampled_from([", ", ",", " , ", f",\n{indent}    ", f",  # why\n{indent}    "]))
    if between == "," and not quote:
        between = ", "
    opening = draw(st.sampled_from(["{", "{ ", f"{{\n{indent}    "]))
    closing = draw(st.sampled_from(["}", " }", ", }", f"\n{indent}  }}", f"  # last\n{indent}  }}"]))
    return f"{indent}- {opening}{between.join(pairs)}{closing}{draw(_COMMENT)}\n"


@st.composite
def _block_entries(draw: st.DrawFn, path: str, indent: str) -> str:
    dash = draw(st.sampled_from(["- ", "-   ", f"-\n{indent}  "]))
    below = " " * (len(indent) + (2 if "\n" in dash else len(dash)))
    pairs = [f"path: {draw(st.sampled_from([path, json.dumps(path)]))}"]
    if draw(st.booleans()):
        pairs.append(f"role: {draw(_TEXTS)}")
    if draw(st.booleans()):
        pairs.append("digest:")
    if draw(st.booleans()):
        pairs.append(f"format: >-\n{below}  safetensors")
    pairs = draw(st.permutations(pairs))
    lines = [pair if "\n" in pair else f"{pair}{draw(_COMMENT)}" for pair in pairs]
    gap = draw(st.sampled_from(["\n", "\n\n", f"\n{below}# between\n"]))
    return f"{indent}{dash}{f'{gap}{below}'.join(lines)}\n"


@st.composite
def _manifests(draw: st.DrawFn) -> str:
    indent = draw(st.sampled_from(["", "  ", "    "]))
    names = draw(st.lists(st.sampled_from(sorted(WEIGHTS)), min_size=1, max_size=3, unique=True))
    entries = [
        draw(st.one_of(_flow_entries(name, f"  {indent}"), _block_entries(name, f"  {indent}"))) for name in names
    ]
    parts = [
        f"schema_version: 1{draw(_COMMENT)}\n",
        "name: churn\n",
        f"version:{draw(_SPACES)} {draw(_SCALARS)}{draw(_COMMENT)}\n",
        f"metadata: {{a: {draw(_SCALARS)}, b: [{draw(_SCALARS)}, x]}}{draw(_COMMENT)}\n",
        f"weights:{draw(_COMMENT)}\n  files:\n{draw(st.sampled_from(['', '  # all', '#']))}\n{''.join(entries)}",
    ]
    text = "".join(draw(st.permutations(parts)))
    text = draw(st.sampled_from([text, text.rstrip("\n"), f"{text}\n\n# end", f"---\n{text}...\n", f"# é\n{text}"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def comments(text: str) -> list[str]:
    return re.findall(r"(?:^|[ \t])#[^\r\n]*", text, re.MULTILINE)


_numbers = count()


@settings(max_examples=80, deadline=None)
@given(_manifests())
def test_any_manifest_says_the_same_and_more_after_its_fixes(text: str) -> None:
    with TemporaryDirectory() as place:
        root = Path(place)
        manifest = repository(root, text)
        before = yaml.load(text, yaml.CSafeLoader)
        report, tally = fixed(root)
        once = manifest.read_bytes().decode()
        assert not said(report, "SUM102")
        assert not said(report, "MAN008")
        assert not [finding for finding in report.findings if finding.fixable]
        assert tally.problems > 0
        assert comments(once) == comments(text)
        assert once.count("\r\n") == once.count("\n") or "\r" not in once
        assert once.endswith(("\n", "\r\n")) == text.endswith(("\n", "\r\n"))
        after = yaml.load(once, yaml.CSafeLoader)
        for one in before["weights"]["files"]:
            one["size"] = SIZE
            one["digest"] = DIGEST[one["path"]]
        version = root_of(text).get("version")
        assert version is not None
        if version.text is not None and str(version.value) != version.text:
            before["version"] = version.text
        assert after == before
        assert fixed(root)[1].problems == 0
        assert manifest.read_bytes().decode() == once


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(
    _JSON,
    st.permutations(["path", "role", "format"]),
    st.sampled_from([None, 1, 4, "\t"]),
    st.sampled_from([None, (",", ":"), (" , ", " : "), (",\r\n ", ":\r\n ")]),
    st.sampled_from(["ascii", "utf-8"]),
)
def test_any_json_manifest_says_the_same_and_more_after_its_fixes(
    metadata: object, order: list[str], indent: int | str | None, separators: tuple[str, str] | None, encoding: str
) -> None:
    values = {"role": "weights", "format": "safetensors", "path": A}
    document: dict[str, Any] = {
        "weights": {"files": [{key: values[key] for key in order}, {"path": B}]},
        "metadata": {"any": metadata},
        "schema_version": 1,
        "name": "churn",
    }
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=encoding == "ascii")
    with TemporaryDirectory() as place:
        root = Path(place)
        try:
            data = text.encode()
        except UnicodeEncodeError:
            return
        manifest = repository(root, data, "model-artifact.json")
        report, _ = fixed(root)
        assert not said(report, "SUM102")
        for one in document["weights"]["files"]:
            one |= {"size": SIZE, "digest": DIGEST[one["path"]]}
        assert json.loads(manifest.read_bytes()) == document
        assert fixed(root)[1].problems == 0


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="{}[]:,-&*!#'\"\n\r\t ab?|>~1", max_size=40))
def test_a_slot_in_any_text_either_takes_just_its_value_or_is_refused(text: str) -> None:
    """Whatever the text, an amended one differs in nothing but the one value, or is the text itself."""
    from artifact_lint.document import DocumentError

    source = f"a:\n - {text}\n"
    try:
        root = root_of(source)
    except DocumentError:
        return
    places = [one for node in root.walk() if node.is_mapping and (one := slot(node, "digest", text=True)) is not None]
    for place in places:
        amended = amend("m.yaml", source.encode(), [Fix.of(place.holding("sha256:00"))])
        if not amended.made:
            assert amended.data == source.encode()
            continue
        after = root_of(amended.data.decode())
        node: Node | None = after
        for token in place.origin.pointer.split("/")[1:]:
            assert node is not None
            key = token.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if node.is_mapping else list(node.elements())[int(key)]
        assert node is not None
        assert node.value == "sha256:00"
