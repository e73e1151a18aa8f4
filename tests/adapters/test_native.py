from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from documents import as_json, as_yaml, documents
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters import native
from artifact_lint.adapters.base import Reach
from artifact_lint.adapters.manifest_schema import manifest_schema
from artifact_lint.model import Component, Irregularity, PicklePolicy, Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from artifact_lint.model import Record, Remark

HEAD = "schema_version: 1\nname: churn\n"


def describe(root: Path, text: str | bytes, **others: str | bytes) -> Record:
    tree = plant(root, {"model-artifact.yaml": text} | others)
    (claim,) = native.recognise(tree, "")
    return native.describe(tree, claim)


def remark(record: Record, kind: Irregularity = Irregularity.SCHEMA_VIOLATION) -> Remark:
    (found,) = [one for one in record.remarks if one.kind is kind]
    return found


def test_a_whole_manifest_is_read(tmp_path: Path) -> None:
    record = describe(
        tmp_path,
        HEAD
        + """\
version: "1.10"
license: Apache-2.0
weights:
  framework: scikit-learn
  files:
    - {path: ./m.pkl, role: weights, format: pickle, size: 3, digest: "sha256:ab"}
    - {path: s.pkl, role: preprocessor}
  external: [{uri: "s3://bucket/m.pkl", size: 5}]
  pickle: {policy: allow-listed, allow: ["a.b:C"], reason: ours}
config: {architecture: LogisticRegression, hyperparameters: {C: 0.1}, base_model: other}
feature_schema:
  inputs:
    - {name: "age ", type: long, range: [18, .inf], required: true}
    - {name: region, type: string, allowed: [n, s]}
    - {name: null, type: float32, shape: [-1, 3]}
  outputs: [{name: p, type: double}]
  preprocessing: [{step: scale, columns: ["age "], ref: s.pkl}]
run:
  run_id: r1
  created: "2026-11-21T08:55:02Z"
  git: {commit: 5d6b0ef, repository: "https://example.org/x.git"}
  datasets: [{name: loans, version: v3, role: train, digest: "md5:aa", uri: "dvc://data"}]
  metrics: [{name: auc, value: 0.9, split: test}]
environment: {python: "3.11.7", requirements: [joblib==1.4.2]}
lifecycle: {stage: staging, aliases: [champion]}
not_applicable: {run: ""}
""",
        **{"model-artifact.lifecycle.yaml": "stage: production\n", "m.pkl": "abc"},
    )
    assert record.remarks == ()
    assert (record.name.value, record.version.value, record.license.value) == ("churn", "1.10", "Apache-2.0")
    assert [(m.path, m.role, m.uri) for m in record.mentions] == [
        ("m.pkl", Role.WEIGHTS, None),
        ("s.pkl", Role.PREPROCESSOR, None),
        (None, Role.WEIGHTS, "s3://bucket/m.pkl"),
        ("s.pkl", Role.PREPROCESSOR, None),
    ]
    first = record.mentions[0]
    assert first.written == "./m.pkl"
    assert first.size is not None
    assert first.size.value == 3
    assert [digest.value for digest in first.digests] == ["sha256:ab"]
    assert record.pickle.value is not None
    assert (record.pickle.value.policy, record.pickle.value.allow) == (PicklePolicy.ALLOW_LISTED, frozenset({"a.b:C"}))
    age, region, tensor = record.inputs.value or ()
    assert (age.name, age.minimum, age.maximum, age.required) == ("age ", 18.0, math.inf, True)
    assert region.allowed == ("n", "s")
    assert (tensor.name, tensor.shape) == (None, (-1, 3))
    assert [step.columns for step in record.preprocessing.value or ()] == [("age ",)]
    assert (record.run_id.value, record.git_commit.value) == ("r1", "5d6b0ef")
    assert [stage.value for stage in record.stage] == ["production", "staging"]
    assert [fact.value for fact in record.unexplained] == [Component.RUN]


def test_a_manifest_named_after_a_model_speaks_for_its_files_alone(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"a.model-artifact.yaml": HEAD, "model-artifact.json": "{}", "xmodel-artifact.yaml": HEAD})
    found = {claim.record: claim.reach for claim in native.recognise(tree, "")}
    assert found == {"a.model-artifact.yaml": Reach.NAMED, "model-artifact.json": Reach.DIRECTORY}


@pytest.mark.parametrize("text", ["", "null\n", "- a\n", "hello\n", b"\x00\xff", "a: [\n"])
def test_what_is_no_manifest_is_unreadable_and_nothing_else(tmp_path: Path, text: str | bytes) -> None:
    record = describe(tmp_path, text)
    assert remark(record, Irregularity.UNREADABLE).help
    assert len(record.remarks) == 1


def test_a_lifecycle_file_without_its_manifest_is_said(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"a.model-artifact.lifecycle.yaml": "stage: staging\n"})
    (claim,) = native.recognise(tree, "")
    assert "a.model-artifact.yaml" in remark(native.describe(tree, claim), Irregularity.UNREADABLE).message
    tree.add(next(iter(plant(tmp_path / "x", {"a.model-artifact.json": "{}"}).entries())))
    assert [claim.record for claim in native.recognise(tree, "")] == ["a.model-artifact.json"]


def test_a_broken_lifecycle_file_does_not_hide_the_manifest(tmp_path: Path) -> None:
    record = describe(tmp_path, HEAD, **{"model-artifact.lifecycle.yaml": "stage: [\n"})
    assert record.name.value == "churn"
    assert remark(record, Irregularity.UNREADABLE).origin.path == "model-artifact.lifecycle.yaml"


def test_a_lifecycle_file_is_held_against_its_own_part_of_the_schema(tmp_path: Path) -> None:
    record = describe(tmp_path, HEAD, **{"model-artifact.lifecycle.yaml": "stagee: staging\n"})
    found = remark(record, Irregularity.UNKNOWN_FIELD)
    assert (found.message, found.help) == ("the lifecycle file has no field `stagee`", "Did you mean `stage`?")


def test_a_file_written_as_a_text_is_still_known(tmp_path: Path) -> None:
    record = describe(tmp_path, f"{HEAD}weights: {{files: [m.pkl]}}\n")
    assert [mention.path for mention in record.mentions] == ["m.pkl"]
    assert remark(record).help == "Write {path: m.pkl}."


@pytest.mark.parametrize("path", ["../x.pkl", "/x.pkl", "C:\\\\x.pkl", "a\\\\b.pkl", "a\\0b.pkl"])
def test_a_path_that_leaves_the_artifact_is_remarked_upon(tmp_path: Path, path: str) -> None:
    record = describe(tmp_path, f'{HEAD}weights: {{files: [{{path: "{path}"}}]}}\n')
    assert remark(record, Irregularity.PATH_ESCAPES).origin.line == 3
    assert not record.mentions[0].required


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        ("version: 1.10", '"1.10"'),
        ("license: no", '"no"'),
        ("description: 0123", '"0123"'),
        ("task: 1:30", '"1:30"'),
        ("environment: {python: 3.10}", '"3.10"'),
        ("feature_schema: {inputs: [{name: c, allowed: [de, no]}]}", '"no"'),
    ],
)
def test_unquoted_text_that_yaml_takes_for_something_else_is_quoted(tmp_path: Path, line: str, quoted: str) -> None:
    found = remark(describe(tmp_path, f"{HEAD}{line}\n"), Irregularity.SURPRISING_SCALAR)
    assert [edit.replacement for edit in found.fixes] == [quoted]


@pytest.mark.parametrize(("written", "better"), [("1e3", "1000.0"), ("1e-5", "1.0e-5"), ("2.5e30", "2.5e+30")])
def test_a_number_that_yaml_takes_for_a_text_is_spelled_out(tmp_path: Path, written: str, better: str) -> None:
    record = describe(tmp_path, f"{HEAD}run: {{duration_seconds: {written}}}\n")
    assert remark(record, Irregularity.SURPRISING_SCALAR).help == f"Write {better}."


def test_a_date_without_time_and_zone_is_explained(tmp_path: Path) -> None:
    found = remark(describe(tmp_path, f"{HEAD}run: {{created: 2026-11-21}}\n"))
    assert found.message == (
        "run.created is `2026-11-21`, which is not an RFC 3339 time with a zone, such as 2026-11-21T08:55:02Z"
    )


@pytest.mark.parametrize("version", ['"1"', "2", "true", "[1]", "null"])
def test_another_schema_version_is_unknown(tmp_path: Path, version: str) -> None:
    record = describe(tmp_path, f"schema_version: {version}\nname: a\n")
    assert remark(record, Irregularity.UNKNOWN_SCHEMA_VERSION).origin.line == 1


@pytest.mark.parametrize(
    ("component", "text"),
    [
        (Component.WEIGHTS, "weights: {framework: xgboost}"),
        (Component.WEIGHTS, "weights: {files: []}"),
        (Component.CONFIG, 'config: {architecture: " "}'),
        (Component.FEATURE_SCHEMA, "feature_schema: {inputs: [], extra_inputs: ignore}"),
        (Component.RUN, "run: {metrics: [{name: null}]}"),
    ],
)
def test_a_component_that_says_nothing_is_empty(tmp_path: Path, component: Component, text: str) -> None:
    (section,) = describe(tmp_path, f"{HEAD}{text}\n").sections
    assert (section.component, section.empty) == (component, True)


def test_a_bound_that_no_double_holds_is_infinite(tmp_path: Path) -> None:
    text = f"{HEAD}feature_schema: {{inputs: [{{name: a, range: [-{'9' * 400}, {'9' * 400}]}}]}}\n"
    (feature,) = describe(tmp_path, text).inputs.value or ()
    assert (feature.minimum, feature.maximum) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("written", "near"),
    [("lnog", "long"), ("Double", "double"), ("flaot32", "float32"), ("numeric", None), ("7", None)],
)
def test_a_type_that_is_no_dtype_is_told_with_the_nearest(tmp_path: Path, written: str, near: str | None) -> None:
    text = f"schema_version: 1\nname: x\nfeature_schema: {{outputs: [{{name: a, type: {written}}}]}}\n"
    found = remark(describe(tmp_path, text))
    assert "which is no dtype that is known here" in found.message
    assert found.message.rpartition("did you mean ")[2].removesuffix("?") == (near or found.message)


@pytest.mark.parametrize(
    "written",
    [
        "long",
        "int64",
        '"datetime64[ns, UTC]"',
        '"<f8"',
        "category",
        "Int64",
        "array(double)",
        "str",
        "bfloat16",
        "null",
    ],
)
def test_the_dtypes_of_several_libraries_are_taken(tmp_path: Path, written: str) -> None:
    text = f"schema_version: 1\nname: x\nfeature_schema: {{inputs: [{{name: a, type: {written}}}]}}\n"
    assert not describe(tmp_path, text).remarks


@pytest.mark.parametrize("written", ["banana", "latest", "python3.11", "three"])
def test_a_python_that_is_no_version_is_told(tmp_path: Path, written: str) -> None:
    found = remark(describe(tmp_path, f'schema_version: 1\nname: x\nenvironment: {{python: "{written}"}}\n'))
    assert found.message.endswith("which is not a version of Python, such as 3.11.7 or >=3.10,<3.13")


@pytest.mark.parametrize("written", ["3", "3.11", "3.11.7", "==3.11.*", ">=3.10,<3.13", "~=3.11", "^3.11", "3.13.0rc1"])
def test_versions_and_ranges_of_python_are_taken(tmp_path: Path, written: str) -> None:
    text = f'schema_version: 1\nname: x\nenvironment: {{python: "{written}"}}\n'
    assert not describe(tmp_path, text).remarks


def test_a_thousand_mistakes_are_enough(tmp_path: Path) -> None:
    files = "\n".join("    - 7" for _ in range(20_000))
    record = describe(tmp_path, f"{HEAD}weights:\n  files:\n{files}\n")
    assert len([one for one in record.remarks if one.kind is Irregularity.SCHEMA_VIOLATION]) == 1000


def test_long_keys_and_values_are_cut_in_messages(tmp_path: Path) -> None:
    record = describe(tmp_path, f"{HEAD}{'k' * 9000}: 1\ntask: [{'v' * 9000}]\nlicense: {{}}\nrun: {'v' * 9000}\n")
    assert all(len(one.message) < 250 for one in record.remarks)


def _field_names(schema: Any) -> Iterator[str]:  # noqa: ANN401  JSON Schema's values
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from _field_names(value)


@settings(max_examples=200, deadline=None)
@given(value=documents(set(_field_names(manifest_schema()))), lifecycle=st.booleans())
def test_any_document_is_read_with_every_remark_in_its_place(
    tmp_path_factory: pytest.TempPathFactory, value: object, *, lifecycle: bool
) -> None:
    written = as_json(value)
    for data in (written, as_yaml(value)):
        others = {"model-artifact.lifecycle.json": written} if lifecycle else {}
        record = describe(tmp_path_factory.mktemp("any"), data, **others)
        for one in record.remarks:
            assert one.message
            assert one.help
            assert one.origin.line >= 1
            assert one.origin.column >= 1


def test_blanks_at_the_edges_of_a_path_are_part_of_it(tmp_path: Path) -> None:
    listed = '[{path: " lead.pkl"}, {path: "trail.pkl "}, {path: "block.pkl\\n"}]'
    text = f"{HEAD}weights:\n  files: {listed}\n"
    record = describe(tmp_path, text)
    assert [(mention.path, mention.written) for mention in record.mentions] == [
        (" lead.pkl", " lead.pkl"),
        ("trail.pkl ", "trail.pkl "),
        ("block.pkl", "block.pkl"),
    ]
