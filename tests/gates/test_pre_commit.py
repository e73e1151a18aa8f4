"""The hooks under pre-commit and under prek, without a network."""

from __future__ import annotations

import hashlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gates.managers import FAMILIES, IDS, sections
from gates.repositories import BAD, GOOD, ROOT, Repository, needs

if TYPE_CHECKING:
    from pathlib import Path

    from gates.managers import Manager

#: prek fills a command line of a megabyte, or what the system takes: a quarter of the stack.
SPLITTING = {"pre-commit": (), "prek": ("sh", "-c", 'ulimit -s 512 && exec "$@"', "sh")}
MANIFEST = "models/iris/model-artifact.yaml"
#: What pre-commit.ci allows is four times as much.
_LARGEST_ENVIRONMENT = 60_000_000


@pytest.fixture
def user(repository: Repository, manager: Manager) -> Repository:
    return manager.use(repository, "artifact-lint")


@pytest.fixture
def user_of_all(repository: Repository, manager: Manager) -> Repository:
    return manager.use(repository, "artifact-lint-all")


def test_every_hook_can_be_tried_from_the_repository(manager: Manager, repository: Repository) -> None:
    repository.add_artifact(GOOD, "models/iris")
    repository.add_artifact(BAD, "models/backdoor")
    tried = Repository(repository.path, {**repository.environment, **manager.environment})
    outcome = tried.run(manager.name, "try-repo", str(manager.shipped.path), "--verbose", "--color=never")
    assert outcome.code == 1, outcome.text
    told = sections(outcome)
    failed = {hook for hook in IDS if "exit code: 1" in told[hook]}
    assert failed == {"artifact-lint", "artifact-lint-all", "artifact-pickle"}
    assert all("models/iris" not in text for text in told.values())


def test_a_good_artifact_passes(manager: Manager, user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    outcome = manager.run(user)
    assert outcome.code == 0, outcome.text
    assert "Passed" in outcome.text


def test_a_bad_artifact_fails_with_its_finding(manager: Manager, user: Repository) -> None:
    user.add_artifact(BAD, "models/iris")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "PKL101" in outcome.text
    assert "models/iris/model-artifact.yaml:" in outcome.text


def test_a_record_that_nobody_added_fails_though_it_lies_there(manager: Manager, user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    user.git("rm", "--quiet", "--cached", MANIFEST)
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "GIT003" in outcome.text
    assert "nobody added it" in " ".join(outcome.text.split())


def test_a_changed_record_brings_in_the_artifact_that_it_describes(manager: Manager, user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    user.commit("a model")
    with_another_digest(user)
    user.git("add", "--update")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "SUM101" in outcome.text


def with_another_digest(user: Repository) -> None:
    record = user.path / MANIFEST
    text = record.read_text("utf-8")
    start = text.index("sha256:") + len("sha256:")
    record.write_text(f"{text[:start]}{hashlib.sha256(b'another file').hexdigest()}{text[start + 64 :]}", "utf-8")


def test_a_change_elsewhere_does_not_start_the_linter(manager: Manager, user: Repository) -> None:
    user.add_artifact(BAD, "models/iris")
    user.commit("an old sin")
    user.write("train.py", "print('training more')\n")
    user.git("add", "train.py")
    outcome = manager.run(user)
    assert outcome.code == 0
    assert "no files to check" in outcome.text


def test_documents_that_belong_to_no_artifact_pass_without_a_word(manager: Manager, user: Repository) -> None:
    user.write("web/package.json", '{"name": "web", "version": "1.0.0"}\n')
    user.write("web/config.json", '{"port": 8080, "features": ["search"]}\n')
    user.write(".github/workflows/ci.yml", "on: push\njobs: {}\n")
    user.write("README.md", "# An application\n")
    user.git("add", ".")
    outcome = manager.run(user)
    assert outcome.code == 0, outcome.text
    assert "Passed" in outcome.text
    assert "package.json" not in outcome.text


def test_what_is_told_is_what_is_wrong(manager: Manager, user: Repository) -> None:
    user.add_artifact(BAD, "models/iris")
    user.write("package.json", "{}\n")
    user.git("add", ".")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "note" not in outcome.text
    assert "package.json" not in outcome.text


def test_the_second_hook_lints_everything_whatever_changed(manager: Manager, user_of_all: Repository) -> None:
    user_of_all.add_artifact(BAD, "models/iris")
    user_of_all.commit("an old sin")
    outcome = manager.run(user_of_all)
    assert outcome.code == 1
    assert "PKL101" in outcome.text


def test_a_repository_without_artifacts_passes_the_second_hook(manager: Manager, user_of_all: Repository) -> None:
    outcome = manager.run(user_of_all)
    assert outcome.code == 0, outcome.text


def test_deleted_weights_are_missed_by_the_second_hook_alone(manager: Manager, repository: Repository) -> None:
    user = manager.use(repository, "artifact-lint", "artifact-lint-all")
    user.add_artifact(GOOD, "models/iris")
    user.commit("a model")
    user.git("rm", "--quiet", "models/iris/classifier.ubj")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "MAN005" in sections(outcome)["artifact-lint-all"]
    assert "no files to check" in outcome.text


def test_weights_deleted_beside_another_change_are_missed_by_the_first_hook(manager: Manager, user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    user.commit("a model")
    user.git("rm", "--quiet", "models/iris/classifier.ubj")
    user.write("models/iris/README.md", "# Iris\n")
    user.git("add", ".")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "MAN005" in outcome.text


def test_a_renamed_artifact_is_linted_where_it_is_now(manager: Manager, user: Repository) -> None:
    user.add_artifact(GOOD, "models/iris")
    user.commit("a model")
    user.git("mv", "models/iris", "models/flowers")
    outcome = manager.run(user)
    assert outcome.code == 0, outcome.text
    user.git("mv", "models/flowers/classifier.ubj", "models/flowers/renamed.ubj")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "models/flowers/model-artifact.yaml:" in outcome.text
    assert "classifier.ubj" in outcome.text
    assert "MAN005" in outcome.text


@pytest.mark.parametrize("name", ["models/with space/é-模型", "-models/iris", "models/--config=x"])
def test_odd_names_are_linted_like_others(manager: Manager, user: Repository, name: str) -> None:
    user.add_artifact(BAD, name)
    outcome = manager.run(user)
    assert outcome.code == 1, outcome.text
    assert "PKL101" in outcome.text


def test_a_file_is_never_taken_for_an_option(manager: Manager, repository: Repository) -> None:
    """Somebody's file must not configure the hook, whatever arguments its user has given."""
    user = manager.use(repository, "artifact-lint", args=["--fail-on=error"])
    user.add_artifact(BAD, "models/iris")
    user.write("--ignore=PKL,SEC,README.md", "# An option\n")
    user.write("--only=NAM.json", "{}\n")
    user.git("add", "--all")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "end the hook's `args` with --" in outcome.text
    user = manager.use(user, "artifact-lint", args=["--fail-on=error", "--"])
    outcome = manager.run(user, "--all-files")
    assert outcome.code == 1
    assert "PKL101" in outcome.text


def test_a_configuration_in_a_subdirectory_counts_for_what_is_below(manager: Manager, repository: Repository) -> None:
    user = manager.use(repository, "artifact-lint", "artifact-pickle")
    user.add_artifact(BAD, "services/legacy/models/iris")
    user.write("services/legacy/.artifact-lint.toml", 'ignore = ["PKL"]\n')
    user.git("add", ".")
    outcome = manager.run(user)
    assert outcome.code == 0, outcome.text
    user.add_artifact(BAD, "services/new/models/iris")
    outcome = manager.run(user)
    assert outcome.code == 1
    assert "services/new/models/iris" in outcome.text
    assert "services/legacy/models" not in outcome.text


@needs("git-lfs")
def test_weights_that_were_not_fetched_are_judged_by_their_pointer(manager: Manager, repository: Repository) -> None:
    user = manager.use(repository, *IDS)
    user.git("lfs", "install", "--local")
    user.git("lfs", "track", "*.ubj")
    user.add_artifact(GOOD, "models/iris")
    user.git("add", ".gitattributes")
    user.commit("a model in git-LFS")
    clone = Repository(user.path.parent / "clone", {**user.environment, "GIT_LFS_SKIP_SMUDGE": "1"})
    user.git("clone", "--quiet", str(user.path), str(clone.path))
    pointer = user.git("show", "HEAD:models/iris/classifier.ubj")
    (clone.path / "models/iris/classifier.ubj").write_text(f"{pointer}\n", "utf-8")
    clone.git("lfs", "install", "--local", "--skip-smudge")
    outcome = manager.run(clone, "--all-files")
    assert outcome.code == 0, outcome.text
    with_another_digest(clone)
    outcome = manager.run(clone, "--all-files")
    told = sections(outcome)
    failed = {hook for hook in IDS if "exit code: 1" in told[hook]}
    assert failed == {"artifact-lint", "artifact-lint-all", "artifact-checksums"}
    assert "SUM101" in told["artifact-checksums"]


def test_no_two_hooks_of_families_tell_the_same(manager: Manager, repository: Repository) -> None:
    user = manager.use(repository, "artifact-lint", *FAMILIES, args=["--output-format=concise", "--"])
    for example in sorted((ROOT / "examples/bad").iterdir()):
        user.add_artifact(example, f"models/{example.name}")
    told = {hook: findings(text) for hook, text in sections(manager.run(user, "--all-files")).items() if hook}
    apart = [line for hook in FAMILIES for line in told[hook]]
    assert len(apart) == len(set(apart)) > 10
    assert sorted(apart) == sorted(set(told["artifact-lint"]))


def findings(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if ": error[" in line or ": warning[" in line]


def test_the_configuration_decides_on_what_a_family_leaves(manager: Manager, repository: Repository) -> None:
    user = manager.use(repository, "artifact-checksums")
    user.add_artifact(ROOT / "examples/bad/digest-mismatch", "models/iris")
    assert manager.run(user).code == 1
    user.write(".artifact-lint.toml", 'ignore = ["SUM101", "SUM104", "SUM105"]\n')
    outcome = manager.run(user)
    assert outcome.code == 0, outcome.text


def test_no_family_passes_a_record_that_it_could_not_read(manager: Manager, repository: Repository) -> None:
    user = manager.use(repository, *FAMILIES)
    user.add_artifact(GOOD, "models/iris")
    user.write(MANIFEST, f"{(user.path / MANIFEST).read_text('utf-8')}  : [ broken\n")
    user.git("add", ".")
    told = sections(manager.run(user))
    assert all("- exit code: " in told[hook] for hook in FAMILIES)
    assert [hook for hook in FAMILIES if "error[MAN001]" in told[hook]] == ["artifact-components"]
    assert all(f"{MANIFEST} cannot be read" in told[hook] for hook in FAMILIES if hook != "artifact-components")


def test_runs_at_the_same_time_do_not_disturb_one_another(manager: Manager, user: Repository, tmp_path: Path) -> None:
    """Each in a clone of its own: pre-commit's `git write-tree` locks the index and fails where somebody else has."""
    places = [Repository(tmp_path / name, user.environment) for name in ("good", "bad", "good-too", "bad-too")]
    for place, artifact in zip(places, (GOOD, BAD, GOOD, BAD), strict=True):
        shutil.copytree(user.path, place.path)
        place.add_artifact(artifact, "models/iris")
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(manager.run, places))
    assert [outcome.code for outcome in outcomes] == [0, 1, 0, 1], "\n".join(outcome.text for outcome in outcomes)


def test_three_thousand_changed_files_are_linted_once_however_they_are_split(
    manager: Manager, repository: Repository
) -> None:
    """The first artifact has files in every run; the other one in the last run alone."""
    user = manager.use(repository, "artifact-lint", args=["--verbose", "--"])
    user.add_artifact(BAD, "models/iris")
    for number in range(3000):
        user.write(f"models/iris/data/a-record-with-a-rather-long-name-{number:04}.json", "{}\n")
    user.add_artifact(BAD, "models/other")
    user.git("add", ".")
    outcome = user.run(*SPLITTING[manager.name], manager.name, "run", "--verbose", "--color=never")
    assert outcome.code == 1
    assert re.search(r"an earlier run of this hook linted \d artifacts? of these", outcome.text)
    for path in ("models/iris", "models/other"):
        assert outcome.text.count(f"runs a shell command ({path}/classifier.pkl, byte 0)") == 1
    assert not list(manager.home.glob("cache/hooks-*/*.json"))


def test_three_thousand_changed_files_of_no_artifact_pass(manager: Manager, user: Repository) -> None:
    for number in range(3000):
        user.write(f"web/translations/of-the-application/page-{number:04}.json", "{}\n")
    user.git("add", ".")
    outcome = manager.run(user)
    assert outcome.code == 0, outcome.text[-2000:]
    assert "page-0000" not in outcome.text


def test_the_installed_hook_refuses_the_commit(manager: Manager, user: Repository) -> None:
    assert user.run(manager.name, "install").code == 0
    user.add_artifact(BAD, "models/iris")
    before = user.git("rev-parse", "HEAD")
    outcome = user.run("git", "commit", "--message", "bad")
    assert outcome.code != 0
    assert "PKL101" in outcome.text
    assert user.git("rev-parse", "HEAD") == before


def test_the_installed_hook_refuses_the_push(manager: Manager, user: Repository, remote: object) -> None:
    assert user.run(manager.name, "install", "--hook-type=pre-push").code == 0
    user.git("push", "--quiet", "--no-verify", "origin", "main")
    user.add_artifact(BAD, "models/iris")
    user.commit("bad")
    outcome = user.run("git", "push", "origin", "main")
    assert outcome.code != 0
    assert "PKL101" in outcome.text


def test_the_environment_is_small(manager: Manager) -> None:
    roots = {found.parent for found in manager.home.rglob("pyvenv.cfg")}
    assert len(roots) == 1
    files = (path for root in roots for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    assert sum(path.stat().st_size for path in files) < _LARGEST_ENVIRONMENT
