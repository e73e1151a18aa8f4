"""Artifacts beside what they were: what LIF201 and NAM014 say of a change, and what of none."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from typing import TYPE_CHECKING

import pytest
from gates.repositories import Repository
from git_models import MANIFEST, OTHER_WEIGHTS, WEIGHTS, add_model, edit, isolate, linted, of_rule, run

from artifact_lint import git
from artifact_lint.engine import Request, lint
from artifact_lint.model import Severity
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifact_lint.model.report import Report

PLACE = "models/churn"
RECORD = f"{PLACE}/model-artifact.yaml"
MODEL = f"{PLACE}/model.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    environment = isolate(monkeypatch)
    created = Repository.create(tmp_path / "work", environment)
    add_model(created)
    return created


def said(repository: Repository, code: str = "LIF201") -> list[str]:
    """What a rule says of the working tree, and, which has to be the same, of the index once all is staged."""
    messages = [finding.message for finding in of_rule(code, run(repository, since="HEAD"))]
    repository.git("add", "--all")
    assert [finding.message for finding in of_rule(code, run(repository, staged=True))] == messages
    return messages


def told(repository: Repository, *changes: str) -> None:
    assert said(repository) == [f"1.2.0 was published with other contents: {'; '.join(changes)}"]


def _staged(repository: Repository) -> Report:
    repository.git("add", "--all")
    return run(repository, staged=True)


def _digest(content: str) -> str:
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


class TestWhatIsAChange:
    def test_weights(self, repository: Repository) -> None:
        repository.write(MODEL, OTHER_WEIGHTS)
        (message,) = said(repository)
        assert message.startswith(f"1.2.0 was published with other contents: {MODEL} sha256:")

    @pytest.mark.parametrize(
        ("old", "new", "change"),
        [
            ("type: long", "type: int32", "input age long -> int32"),
            ("architecture: XGBClassifier", "architecture: XGBRegressor", "architecture XGBClassifier -> XGBRegressor"),
            ("max_depth: 6", "max_depth: 8", "hyperparameter max_depth 6 -> 8"),
            ("max_depth: 6, ", "", "hyperparameter max_depth 6 was removed"),
            ("{max_depth: 6", "{gamma: 0.1, max_depth: 6", "hyperparameter gamma 0.1 was added"),
            ("type: long", "type: double", "input age long -> double"),
            ("required: true", "required: false", "input age required True -> False"),
            ("    - {name: income, type: double}\n", "", "input income was removed"),
            ("  outputs:", "    - {name: town, type: string}\n  outputs:", "input town was added"),
            ("range: [0, 1]", "range: [0, 100]", "output p maximum 1 -> 100"),
            ("name: age", "name: years", "input years was added; input age was removed"),
        ],
    )
    def test_configuration_and_schema(self, repository: Repository, old: str, new: str, change: str) -> None:
        edit(repository, RECORD, old, new)
        told(repository, change)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("type: long", "type: int64"),
            ("income, type: double", "income, type: np.float64"),
            ("architecture: XGBClassifier", "architecture: xgb_classifier"),
        ],
    )
    def test_another_spelling_is_none(self, repository: Repository, old: str, new: str) -> None:
        edit(repository, RECORD, old, new)
        assert said(repository) == []

    @pytest.mark.parametrize("version", ["1.2", "1.2.0+build5", "v1.2"])
    def test_another_spelling_of_the_version_does_not_hide_one(self, repository: Repository, version: str) -> None:
        edit(repository, RECORD, '"1.2.0"', f'"{version}"')
        assert said(repository) == []
        repository.write(MODEL, OTHER_WEIGHTS)
        (message,) = said(repository)
        assert message.startswith(f"{version} ranks as 1.2.0 does, which was published with other contents: {MODEL}")

    def test_another_role_does_not_hide_one(self, repository: Repository) -> None:
        edit(repository, RECORD, "role: weights", "role: other")
        assert said(repository) == []
        repository.write(MODEL, OTHER_WEIGHTS)
        (message,) = said(repository)
        assert message.startswith(f"1.2.0 was published with other contents: {MODEL} sha256:")

    @pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
    def test_what_git_was_told_not_to_watch_is_read(self, repository: Repository, option: str) -> None:
        repository.git("update-index", option, MODEL)
        edit(repository, RECORD, "name: churn", "name: churn # the same")
        assert of_rule("LIF201", run(repository, since="HEAD")) == []
        repository.write(MODEL, OTHER_WEIGHTS)
        (finding,) = of_rule("LIF201", run(repository, since="HEAD"))
        assert MODEL in finding.message

    def test_what_a_sparse_checkout_leaves_out_is_none(self, repository: Repository) -> None:
        repository.git("sparse-checkout", "set", "--no-cone", "/*", f"!{MODEL}")
        edit(repository, RECORD, "name: churn", "name: churn # the same")
        assert not (repository.path / MODEL).exists()
        assert of_rule("LIF201", run(repository, since="HEAD")) == []

    def test_what_time_stamps_do_not_tell_the_record_does(self, repository: Repository) -> None:
        place = repository.path / MODEL
        edit(repository, RECORD, "format: json}", f"format: json, digest: {_digest(WEIGHTS)}}}")
        os.utime(place, ns=(10**18, 10**18))
        repository.git("config", "core.trustctime", "false")
        repository.git("config", "core.checkStat", "minimal")
        repository.git("add", "--all")
        repository.commit("with a digest")
        place.write_text(OTHER_WEIGHTS)
        os.utime(place, ns=(10**18, 10**18))
        edit(repository, RECORD, _digest(WEIGHTS), _digest(OTHER_WEIGHTS))
        assert MODEL not in repository.git("diff", "--name-only")
        (finding,) = of_rule("LIF201", run(repository, since="HEAD"))
        assert finding.message.startswith(f"1.2.0 was published with other contents: {MODEL} sha256:")

    def test_a_digest_that_is_corrected_is_none(self, repository: Repository) -> None:
        edit(repository, RECORD, "format: json}", f"format: json, digest: {_digest(OTHER_WEIGHTS)}}}")
        repository.git("commit", "--quiet", "--all", "--message", "with a wrong digest")
        edit(repository, RECORD, _digest(OTHER_WEIGHTS), _digest(WEIGHTS))
        assert said(repository) == []

    def test_what_a_link_leads_to(self, repository: Repository) -> None:
        (repository.path / "blobs").mkdir()
        (repository.path / MODEL).rename(repository.path / "blobs/real.json")
        (repository.path / MODEL).symlink_to("../../blobs/real.json")
        assert said(repository) == []
        repository.commit("link to the weights")
        repository.write("blobs/real.json", OTHER_WEIGHTS)
        assert linted(run(repository, since="HEAD")) == [PLACE]
        assert of_rule("CMP001", run(repository, since="HEAD")) == []
        for report in (run(repository, since="HEAD"), _staged(repository)):
            assert linted(report) == [PLACE]
            (finding,) = of_rule("LIF201", report)
            assert finding.message.startswith(f"1.2.0 was published with other contents: {MODEL} sha256:")

    def test_what_a_link_leads_to_now(self, repository: Repository) -> None:
        repository.write("blobs/one.json", WEIGHTS)
        repository.write("blobs/two.json", OTHER_WEIGHTS)
        (repository.path / MODEL).unlink()
        (repository.path / MODEL).symlink_to("../../blobs/one.json")
        repository.git("add", "--all")
        repository.commit("link to the weights")
        (repository.path / MODEL).unlink()
        (repository.path / MODEL).symlink_to("../../blobs/two.json")
        for report in (run(repository, since="HEAD"), _staged(repository)):
            assert linted(report) == [PLACE]
            assert len(of_rule("LIF201", report)) == 1

    def test_the_order_of_columns(self, repository: Repository) -> None:
        age, income = "    - {name: age, type: long, required: true}\n", "    - {name: income, type: double}\n"
        edit(repository, RECORD, age + income, income + age)
        told(repository, "the order of the inputs")

    def test_a_nested_hyperparameter_and_a_list(self, repository: Repository) -> None:
        edit(repository, RECORD, "learning_rate: 0.3", "optimizer: {betas: [0.9, 0.99], name: adam}")
        repository.git("commit", "--quiet", "--all", "--message", "nested")
        edit(repository, RECORD, "[0.9, 0.99]", "[0.9, 0.999]")
        told(repository, "hyperparameter optimizer.betas.1 0.99 -> 0.999")

    def test_preprocessing(self, repository: Repository) -> None:
        edit(
            repository, RECORD, "feature_schema:\n", "feature_schema:\n  preprocessing: [{step: scale}, {step: pca}]\n"
        )
        assert said(repository) == []
        repository.git("commit", "--quiet", "--all", "--message", "steps")
        edit(repository, RECORD, "{step: scale}, {step: pca}", "{step: pca}, {step: scale}")
        told(repository, "preprocessing scale, pca -> pca, scale")

    def test_a_file_that_is_replaced_by_another(self, repository: Repository) -> None:
        repository.git("mv", MODEL, f"{PLACE}/booster.json")
        repository.write(f"{PLACE}/booster.json", OTHER_WEIGHTS)
        edit(repository, RECORD, "path: model.json", "path: booster.json")
        (message,) = said(repository)
        assert f"{MODEL} -> {PLACE}/booster.json, sha256:" in message

    def test_more_than_four_changes_are_counted(self, repository: Repository) -> None:
        edit(repository, RECORD, "outputs:", "outputs:\n    - {name: a}\n    - {name: b}\n    - {name: c}")
        repository.write(MODEL, OTHER_WEIGHTS)
        edit(repository, RECORD, "max_depth: 6", "max_depth: 8")
        (message,) = said(repository)
        assert message.endswith("output b was added; and 1 more")

    def test_the_version_is_pointed_at_and_every_change_related(self, repository: Repository) -> None:
        edit(repository, RECORD, "max_depth: 6", "max_depth: 8")
        (finding,) = of_rule("LIF201", run(repository, since="HEAD"))
        assert (finding.origin.path, finding.origin.line, finding.severity) == (RECORD, 3, Severity.ERROR)
        assert [(one.origin.line, one.message) for one in finding.related] == [(11, "hyperparameter max_depth 6 -> 8")]


class TestWhatIsNone:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("schema_version: 1\n", "# About the model\nschema_version: 1\n"),
            ("description: Customers who leave within a month", "description: Leavers"),
            ("description:", "license: MIT\ndescription:"),
            ('version: "1.2.0"', "version: 1.2.0"),
            ('version: "1.2.0"', 'version: "v1.2.0"'),
            ("{max_depth: 6, learning_rate: 0.3}", '{learning_rate: 0.30, max_depth: "6"}'),
            ("{max_depth: 6, learning_rate: 0.3}", "\n    max_depth: 6.0\n    learning_rate: 3e-1"),
            ("{name: age, type: long, required: true}", "{required: yes, type: LONG, name: age}"),
            ("{name: income, type: double}", "{name: income, type: double, range: [0, 1000000], required: true}"),
            ("format: json}", f'format: json, size: {len(WEIGHTS)}, digest: "sha256:{"0a" * 32}"}}'),
            ("feature_schema:", "lifecycle: {stage: production, aliases: [champion]}\nfeature_schema:"),
            ("feature_schema:", "run: {run_id: a1, created: 2026-11-21T08:00:00Z}\nfeature_schema:"),
            ("architecture: XGBClassifier", "architecture: xgb-classifier"),
            ('version: "1.2.0"', 'version: "1.2.1"'),
            ('version: "1.2.0"\n', ""),
            ('version: "1.2.0"', "version: null"),
            ("name: churn", "name: fraud"),
        ],
    )
    def test_notes_and_spellings(self, repository: Repository, old: str, new: str) -> None:
        if "xgb" in new:
            edit(repository, RECORD, "architecture: XGBClassifier", "architecture: XGB Classifier")
            repository.git("commit", "--quiet", "--all", "--message", "two words")
            old = "architecture: XGB Classifier"
        edit(repository, RECORD, old, new)
        assert said(repository) == []

    def test_a_changed_model_with_a_new_version(self, repository: Repository) -> None:
        edit(repository, RECORD, '"1.2.0"', '"1.3.0"')
        repository.write(MODEL, OTHER_WEIGHTS)
        assert said(repository) == []
        assert said(repository, "NAM014") == []

    def test_a_file_moved_within_the_artifact(self, repository: Repository) -> None:
        (repository.path / PLACE / "weights").mkdir()
        repository.git("mv", MODEL, f"{PLACE}/weights/booster.json")
        edit(repository, RECORD, "path: model.json", "path: weights/booster.json")
        assert said(repository) == []

    def test_a_file_that_lay_there_and_is_listed_now(self, repository: Repository) -> None:
        repository.write(f"{PLACE}/scaler.json", '{"mean": [1, 2]}')
        repository.git("add", "--all")
        repository.commit("a scaler that nobody lists")
        listed = "format: json}\n    - {path: scaler.json, role: preprocessor}"
        edit(repository, RECORD, "format: json}", listed)
        assert said(repository) == []
        repository.git("commit", "--quiet", "--all", "--message", "listed")
        edit(repository, RECORD, listed, "format: json}")
        assert said(repository) == []

    def test_an_optimizers_state_and_what_is_no_model(self, repository: Repository) -> None:
        (repository.path / PLACE / "optimizer.pt").write_bytes(pickle.dumps({"step": 1}))
        repository.git("add", "--all")
        repository.commit("with a state")
        (repository.path / PLACE / "optimizer.pt").write_bytes(pickle.dumps({"step": 2}))
        repository.write(f"{PLACE}/README.md", "# Churn\n")
        assert said(repository) == []

    def test_weights_that_were_missing_and_are_restored(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", MODEL)
        repository.commit("broken")
        repository.write(MODEL, WEIGHTS)
        repository.git("add", "--all")
        assert said(repository) == []

    def test_weights_that_are_gone_are_missing_and_not_changed_as_well(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", MODEL)
        assert said(repository) == []
        assert len(said(repository, "MAN005")) == 1

    def test_a_manifest_in_another_syntax(self, repository: Repository) -> None:
        shutil.copy(repository.path / RECORD, repository.path / PLACE / "model-artifact.yml")
        repository.git("rm", "--quiet", RECORD)
        assert said(repository) == []
        edit(repository, f"{PLACE}/model-artifact.yml", "max_depth: 6", "max_depth: 8")
        told(repository, "hyperparameter max_depth 6 -> 8")


class TestWhatIsPublished:
    def changed(self, repository: Repository, version: str, stage: str = "") -> list[str]:
        lifecycle = f"lifecycle: {{stage: {stage}}}\n" if stage else ""
        repository.write(RECORD, MANIFEST.replace("1.2.0", version) + lifecycle)
        repository.git("commit", "--quiet", "--all", "--message", version)
        repository.write(MODEL, OTHER_WEIGHTS)
        return said(repository)

    @pytest.mark.parametrize("version", ["1.0.0", "0.1.0", "1.0.0-rc1", "2.0.0-beta.3", "7", "v3", "2026.11"])
    def test_a_version_that_is_stated(self, repository: Repository, version: str) -> None:
        assert len(self.changed(repository, version)) == 1

    @pytest.mark.parametrize("version", ["1.0.0-dev", "1.0.0.dev3", "1.0.0-SNAPSHOT", "2.0.0-nightly.4"])
    def test_none_that_calls_itself_unfinished(self, repository: Repository, version: str) -> None:
        assert self.changed(repository, version) == []

    @pytest.mark.parametrize("stage", ["staging", "production", "archived"])
    def test_any_stage_but_an_experiment(self, repository: Repository, stage: str) -> None:
        assert len(self.changed(repository, "1.3.0", stage)) == 1

    def test_no_experiment_even_as_it_is_promoted(self, repository: Repository) -> None:
        assert self.changed(repository, "1.3.0", "experiment") == []
        edit(repository, RECORD, "stage: experiment", "stage: staging")
        assert said(repository) == []

    def test_what_was_published_is_not_made_an_experiment_to_change_it(self, repository: Repository) -> None:
        repository.write(RECORD, MANIFEST + "lifecycle: {stage: experiment}\n")
        repository.write(MODEL, OTHER_WEIGHTS)
        assert len(said(repository)) == 1

    def test_nothing_without_a_version(self, repository: Repository) -> None:
        repository.write(RECORD, MANIFEST.replace('version: "1.2.0"\n', ""))
        repository.git("commit", "--quiet", "--all", "--message", "no version")
        repository.write(MODEL, OTHER_WEIGHTS)
        assert said(repository) == []

    def test_no_version_that_is_new(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "feature")
        edit(repository, RECORD, "1.2.0", "1.3.0")
        repository.write(MODEL, OTHER_WEIGHTS)
        repository.git("commit", "--quiet", "--all", "--message", "the next one")
        repository.write(MODEL, OTHER_WEIGHTS.replace("3", "4"))
        assert of_rule("LIF201", run(repository, since="main")) == []
        assert of_rule("LIF201", run(repository, since="HEAD")) != []

    def test_a_new_artifact_is_not_compared(self, repository: Repository) -> None:
        add = repository.path / "models/fraud"
        shutil.copytree(repository.path / PLACE, add)
        edit(repository, "models/fraud/model-artifact.yaml", "name: churn", "name: fraud")
        repository.write("models/fraud/model.json", OTHER_WEIGHTS)
        assert said(repository) == []

    def test_a_guess_is_a_warning(self, repository: Repository) -> None:
        notes = '{"model_name": "leavers", "version": "1.0.0", "algorithm": "svm", "metrics": {"auc": 0.9}}'
        repository.write("out/metadata.json", notes)
        (repository.path / "out/leavers.pkl").write_bytes(pickle.dumps({"w": [1.0]}))
        repository.git("add", "--all")
        repository.commit("notes")
        (repository.path / "out/leavers.pkl").write_bytes(pickle.dumps({"w": [2.0]}))
        (finding,) = of_rule("LIF201", run(repository, since="HEAD"))
        assert finding.severity is Severity.WARNING

    @pytest.mark.parametrize("version", ["", "version: null\n"])
    def test_a_version_that_is_taken_out_of_the_manifest_to_change_it(
        self, repository: Repository, version: str
    ) -> None:
        edit(repository, RECORD, 'version: "1.2.0"\n', version)
        repository.write(MODEL, OTHER_WEIGHTS)
        (message,) = said(repository)
        start = "the version is gone, and 1.2.0 was published with other contents: "
        assert message.startswith(f"{start}{MODEL} sha256:")

    def test_a_published_version_that_moves_elsewhere_and_changes(self, repository: Repository) -> None:
        shutil.copytree(repository.path / PLACE, repository.path / "models/churn-old")
        repository.write("models/churn-old/model.json", OTHER_WEIGHTS)
        edit(repository, RECORD, "1.2.0", "1.3.0")
        repository.git("add", "--all")
        report = run(repository, since="HEAD")
        assert [finding.artifact for finding in of_rule("LIF201", report)] == ["models/churn-old"]


class TestWeightsElsewhere:
    """Of weights that are not in git, what stands in for them is compared."""

    POINTER = "outs:\n- md5: {md5}\n  size: {size}\n  hash: md5\n  path: model.json\n"

    @pytest.fixture
    def in_dvc(self, repository: Repository) -> Repository:
        content = WEIGHTS.encode()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        repository.write(f"{MODEL}.dvc", self.POINTER.format(md5=md5, size=len(content)))
        repository.write(f"{PLACE}/.gitignore", "/model.json\n")
        repository.git("rm", "--quiet", "--cached", MODEL)
        repository.git("add", "--all")
        repository.commit("to DVC")
        return repository

    @pytest.mark.parametrize("is_pulled", [True, False])
    def test_moving_to_dvc_changes_no_content(self, in_dvc: Repository, is_pulled: bool) -> None:  # noqa: FBT001
        if not is_pulled:
            (in_dvc.path / MODEL).unlink()
        assert of_rule("LIF201", run(in_dvc, since="HEAD~1")) == []
        edit(in_dvc, RECORD, "description: Customers", "description: All customers")
        assert of_rule("LIF201", run(in_dvc, since="HEAD")) == []

    @pytest.mark.parametrize("is_pulled", [True, False])
    def test_another_digest_is_another_content(self, in_dvc: Repository, is_pulled: bool) -> None:  # noqa: FBT001
        in_dvc.write(MODEL, OTHER_WEIGHTS)
        md5 = hashlib.md5(OTHER_WEIGHTS.encode(), usedforsecurity=False).hexdigest()
        in_dvc.write(f"{MODEL}.dvc", self.POINTER.format(md5=md5, size=len(OTHER_WEIGHTS)))
        if not is_pulled:
            (in_dvc.path / MODEL).unlink()
        (finding,) = of_rule("LIF201", run(in_dvc, since="HEAD"))
        assert finding.message.endswith(f"-> md5:{md5[:12]}")

    def test_weights_in_a_bucket(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", MODEL)
        listed = "  files:\n    - {path: model.json, role: weights, format: json}"
        digest = f'"sha256:{"1a" * 32}"'
        edit(repository, RECORD, listed, f"  external: [{{uri: s3://models/churn.ubj, digest: {digest}}}]")
        repository.git("commit", "--quiet", "--all", "--message", "to a bucket")
        edit(repository, RECORD, "s3://models/churn.ubj", "s3://other/churn.ubj")
        assert said(repository) == []
        edit(repository, RECORD, "1a1a", "2b1a")
        (message,) = said(repository)
        assert message.endswith(
            "s3://models/churn.ubj -> s3://other/churn.ubj, sha256:1a1a1a1a1a1a -> sha256:2b1a2b1a2b1a"
        )


class TestVersionsThatGoBack:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("1.2.0", "1.1.9"),
            ("1.10.0", "1.9.0"),
            ("1.0.0", "1.0.0-rc1"),
            ("14", "13"),
            ("v2", "v1"),
            ("2026.11", "2026.2"),
        ],
    )
    def test_by_the_order_of_their_scheme(self, repository: Repository, before: str, after: str) -> None:
        repository.write(RECORD, MANIFEST.replace("1.2.0", before))
        repository.git("commit", "--quiet", "--allow-empty", "--all", "--message", before)
        edit(repository, RECORD, before, after)
        assert said(repository, "NAM014") == [f"the version went back from {before} to {after}"]
        (finding,) = of_rule("NAM014", run(repository, staged=True))
        assert finding.help == f"Raise the version above {before}."

    @pytest.mark.parametrize(
        ("before", "after"), [("1.2.0", "1.3.0"), ("1.2.0", "2"), ("9", "10"), ("1.0.0-rc1", "1.0.0")]
    )
    def test_not_forward_nor_to_another_scheme(self, repository: Repository, before: str, after: str) -> None:
        repository.write(RECORD, MANIFEST.replace("1.2.0", before))
        repository.git("commit", "--quiet", "--allow-empty", "--all", "--message", before)
        edit(repository, RECORD, f'"{before}"', f'"{after}"')
        assert said(repository, "NAM014") == []

    def test_not_where_an_older_model_is_restored(self, repository: Repository) -> None:
        first = MANIFEST + "run: {created: 2026-10-01T08:00:00Z}\n"
        repository.write(RECORD, first)
        repository.git("commit", "--quiet", "--all", "--message", "1.2.0")
        repository.write(RECORD, first.replace("1.2.0", "1.3.0").replace("2026-10", "2026-11"))
        repository.git("commit", "--quiet", "--all", "--message", "1.3.0")
        repository.write(RECORD, first)
        assert said(repository, "NAM014") == []

    def test_once_where_a_sibling_says_it_too(self, repository: Repository) -> None:
        repository.write(RECORD, MANIFEST + "run: {created: 2026-11-01T08:00:00Z}\n")
        sibling = MANIFEST.replace("1.2.0", "1.1.5") + "run: {created: 2026-10-01T08:00:00Z}\n"
        repository.write("models/old/model-artifact.yaml", sibling)
        repository.write("models/old/model.json", WEIGHTS)
        repository.git("add", "--all")
        repository.commit("siblings")
        edit(repository, "models/old/model-artifact.yaml", "description: Customers", "description: All customers")
        edit(repository, RECORD, "1.2.0", "1.1.0")
        (message,) = said(repository, "NAM014")
        assert "is newer than 1.1.5 at models/old" in message
        (finding,) = of_rule("NAM014", run(repository, staged=True))
        assert finding.help == "Raise the version above 1.1.5."


def test_an_untouched_neighbour_with_the_same_version_is_held_against_what_was_touched(repository: Repository) -> None:
    named = MANIFEST.replace("model.json", "eu.json").replace("name: churn", "name: fraud")
    repository.write("shared/eu.model-artifact.yaml", named)
    repository.write("shared/eu.json", WEIGHTS)
    repository.git("add", "--all")
    repository.commit("eu")
    repository.write("shared/us.model-artifact.yaml", named.replace("eu.json", "us.json"))
    repository.write("shared/us.json", OTHER_WEIGHTS)
    report = run(repository, since="HEAD")
    assert linted(report) == ["shared/us.model-artifact.yaml"]
    (finding,) = of_rule("NAM013", report)
    assert finding.artifact == "shared/us.model-artifact.yaml"
    assert finding.message == "fraud 1.2.0 is also at shared/eu.model-artifact.yaml, with other weights"


def test_two_copies_with_one_version_and_another_configuration(repository: Repository) -> None:
    shutil.copytree(repository.path / PLACE, repository.path / "models/copy")
    assert of_rule("NAM013", run(repository)) == []
    edit(repository, "models/copy/model-artifact.yaml", "max_depth: 6", "max_depth: 8")
    (finding,) = of_rule("NAM013", run(repository))
    assert finding.message.endswith("with other contents: hyperparameter max_depth 6 -> 8")


class TestCost:
    """What is read of the base: what was touched, and no bytes that git knows to be equal."""

    @pytest.fixture
    def opened(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        oids: list[str] = []
        copy: Callable[..., None] = git.Repository.copy_blob

        def counted(self: git.Repository, oid: str, target: object) -> None:
            oids.append(oid)
            copy(self, oid, target)

        monkeypatch.setattr(git.Repository, "copy_blob", counted)
        return oids

    def test_weights_of_a_new_version_are_not_read_at_the_base(self, repository: Repository, opened: list[str]) -> None:
        weights = repository.git("rev-parse", f"HEAD:{MODEL}")
        edit(repository, RECORD, "1.2.0", "1.3.0")
        assert run(repository, since="HEAD").failures == ()
        assert weights not in opened

    def test_artifacts_that_were_not_touched_are_not_read(self, repository: Repository, opened: list[str]) -> None:
        add_model(repository, "models/fraud", MANIFEST.replace("name: churn", "name: fraud"))
        untouched = repository.git("rev-parse", "HEAD:models/fraud/model-artifact.yaml")
        edit(repository, RECORD, "max_depth: 6", "max_depth: 8")
        report: Report = lint([str(repository.path)], Request(Settings(), since="HEAD"))
        assert len(of_rule("LIF201", report)) == 1
        assert untouched not in opened


class TestCopies:
    """A copy keeps the name and the version, and lies in no neighbourhood of what it was copied from."""

    def test_other_weights_under_the_same_version_elsewhere(self, repository: Repository) -> None:
        shutil.copytree(repository.path / PLACE, repository.path / "other/place")
        assert said(repository, "NAM013") == []
        repository.write("other/place/model.json", OTHER_WEIGHTS)
        assert said(repository, "NAM013") == [f"churn 1.2.0 is also at {PLACE}, with other weights"]
        assert linted(run(repository, staged=True)) == ["other/place"]
        edit(repository, "other/place/model-artifact.yaml", "1.2.0", "1.3.0")
        assert said(repository, "NAM013") == []

    def test_a_version_that_is_set_to_one_that_is_taken(self, repository: Repository) -> None:
        add_model(repository, "other/place", MANIFEST.replace("1.2.0", "1.1.0"))
        repository.write("other/place/model.json", OTHER_WEIGHTS)
        repository.git("commit", "--quiet", "--all", "--message", "other weights")
        edit(repository, "other/place/model-artifact.yaml", "1.1.0", "1.2.0")
        assert said(repository, "NAM013") == [f"churn 1.2.0 is also at {PLACE}, with other weights"]

    def test_what_is_excluded_is_no_other(self, repository: Repository) -> None:
        shutil.copytree(repository.path / PLACE, repository.path / "other/place")
        repository.write("other/place/model.json", OTHER_WEIGHTS)
        settings = Settings(exclude=("models/**",))
        report = lint([str(repository.path)], Request(settings, since="HEAD"))
        assert linted(report) == ["other/place"]
        assert of_rule("NAM013", report) == []
