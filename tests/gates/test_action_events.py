"""What `changed-only` compares with, for each event, in clones as actions/checkout makes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gates.action_runner import Job, Runner
from gates.events import payload
from gates.repositories import BAD, GOOD, Repository, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OLD, ELSEWHERE, NEW = "models/old", "models/elsewhere", "models/new"
#: As many commits as the payloads speak of.
COMMITS = 3


@dataclass(frozen=True, slots=True)
class Hub:
    """A repository at GitHub: `main` with an old sin, one that came later, and a branch that adds an artifact.

    `fork_point` is where the branch left main, `base` is what main was when the event happened, and `main` is what it
    is since. `merge` is the commit that GitHub makes of the pull request.
    """

    author: Repository
    place: Path
    fork_point: str
    base: str
    main: str
    head: str
    merge: str

    def checkout(self, commit: str, depth: int) -> Repository:
        """A clone as actions/checkout makes it: one commit, and `depth` of its history, all of it where that is 0."""
        work = Repository.create(self.place.parent / f"runner-{commit[:7]}-{depth}" / "work", self.author.environment)
        work.git("remote", "add", "origin", self.place.as_uri())
        how = [f"--depth={depth}"] if depth else ["--tags"]
        what = f"+{commit}:refs/remotes/pull/7/merge" if depth else "+refs/heads/*:refs/remotes/origin/*"
        work.git("fetch", "--quiet", "--no-recurse-submodules", *how, "origin", what, *([] if depth else [commit]))
        work.git("checkout", "--quiet", "--force", commit)
        return work

    def payload(self, event: str, **commits: str) -> Mapping[str, object]:
        return payload(event, **{"base": self.base, "head": self.head, "before": self.base, **commits})


@pytest.fixture
def added(request: pytest.FixtureRequest) -> Path:
    """What the branch adds: a good artifact, but where a test asks for another."""
    example: Path = getattr(request, "param", GOOD)
    return example


@pytest.fixture
def hub(repository: Repository, remote: Path, added: Path) -> Hub:
    repository.add_artifact(BAD, OLD)
    fork_point = repository.commit("an old sin")
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.add_artifact(added, NEW)
    for number in range(COMMITS):
        repository.write("train.py", f"print({number})\n")
        repository.git("add", ".")
        repository.commit(f"step {number}")
    head = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "main")
    base = repository.commit("before the event")
    repository.add_artifact(BAD, ELSEWHERE)
    main = repository.commit("somebody else's sin, since the event")
    repository.git("checkout", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-verify", "--message", "Merge into main", "feature")
    merge = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "--quiet", "main")
    repository.git("push", "--quiet", "origin", "main", "feature", f"{merge}:refs/pull/7/merge")
    return Hub(repository, remote, fork_point, base, main, head, merge)


@pytest.fixture
def start(shipped: Repository, temporary: Path) -> Start:
    return Start(shipped.path, temporary)


@dataclass(frozen=True, slots=True)
class Start:
    action: Path
    temporary: Path

    def __call__(self, work: Repository, event: Mapping[str, object], event_name: str, **inputs: str) -> Job:
        return Runner(self.action, self.temporary, work).run(event, event_name, changed_only="true", **inputs)


def linted(job: Job) -> set[str]:
    """The artifacts that the job summary lists."""
    return set(re.findall(r"<tr><td><code>(models/\w+)</code><br>", job.summary.partition("<h3>Artifacts</h3>")[2]))


def expect(job: Job, added: Path, *artifacts: str) -> None:
    """That the run was about these artifacts, and failed where one of them is bad, without a word of apology."""
    assert linted(job) == set(artifacts), job.log
    is_bad = added == BAD or {OLD, ELSEWHERE} & set(artifacts)
    assert (job.code, job.outputs["exit-code"]) == ((1, "1") if is_bad else (0, "0")), job.log
    assert [one for one in job.commands if one.name == "warning" and "file" not in one.properties] == []


def unplug(work: Repository) -> None:
    work.git("remote", "set-url", "origin", str(work.path / "nowhere"))


BOTH = pytest.mark.parametrize("added", [GOOD, BAD], ids=["good", "bad"], indirect=True)


@BOTH
@pytest.mark.parametrize(
    ("event", "depth"),
    [("pull_request", 0), ("pull_request", 1), ("pull_request", 2), ("pull_request", 3), ("pull_request_fork", 2)],
)
def test_a_pull_request_answers_for_its_own_artifacts(
    start: Start, hub: Hub, added: Path, depth: int, event: str
) -> None:
    work = hub.checkout(hub.merge, depth)
    if depth != 1:
        unplug(work)
    job = start(work, hub.payload(event), "pull_request")
    expect(job, added, NEW)
    assert "linting everything" not in job.log


def test_what_cannot_be_fetched_is_told_and_everything_is_linted(start: Start, hub: Hub) -> None:
    work = hub.checkout(hub.merge, 1)
    unplug(work)
    job = start(work, hub.payload("pull_request"), "pull_request")
    (told,) = [line for line in job.told("warning") if "linting everything" in line]
    assert told.startswith(f"the base commit {hub.base} cannot be fetched (fatal: ")
    assert linted(job) == {OLD, ELSEWHERE, NEW}
    assert job.code == 1


@pytest.mark.parametrize("depth", [0, 1])
def test_a_pull_request_whose_head_is_checked_out(start: Start, hub: Hub, added: Path, depth: int) -> None:
    job = start(hub.checkout(hub.head, depth), hub.payload("pull_request"), "pull_request")
    expect(job, added, NEW)


def test_a_target_of_pull_requests_is_not_taken_for_one(start: Start, hub: Hub) -> None:
    author = hub.author
    author.git("merge", "--quiet", "--no-ff", "--no-verify", "--message", "another merge", "feature")
    main = author.git("rev-parse", "HEAD")
    author.git("push", "--quiet", "origin", "main")
    job = start(hub.checkout(main, 2), hub.payload("pull_request", base=main, head="1" * 40), "pull_request_target")
    assert (job.code, linted(job)) == (0, set()), job.log


@BOTH
@pytest.mark.parametrize("depth", [1, 2])
def test_a_push_is_compared_with_what_was_there(start: Start, hub: Hub, added: Path, depth: int) -> None:
    job = start(hub.checkout(hub.head, depth), hub.payload("push", before=hub.fork_point), "push")
    expect(job, added, NEW)


@pytest.mark.parametrize("depth", [0, 1])
def test_a_forced_push_is_compared_with_where_it_left_what_was_there(
    start: Start, hub: Hub, added: Path, depth: int
) -> None:
    author = hub.author
    author.git("checkout", "--quiet", "-B", "feature", hub.fork_point)
    author.add_artifact(added, NEW)
    head = author.commit("all of it again")
    author.git("push", "--quiet", "--force", "origin", "feature")
    work = hub.checkout(head, depth)
    if not depth:
        assert work.run("git", "cat-file", "-e", hub.head).code != 0
    job = start(work, hub.payload("push_forced", before=hub.head, head=head), "push")
    expect(job, added, NEW)


@pytest.mark.parametrize("depth", [0, 1])
def test_the_first_push_of_a_branch_is_compared_with_the_default_branch(
    start: Start, hub: Hub, added: Path, depth: int
) -> None:
    job = start(hub.checkout(hub.head, depth), hub.payload("push_new_branch"), "push")
    expect(job, added, NEW)
    assert hub.author.git("rev-parse", "origin/main") == hub.main


@pytest.mark.parametrize("depth", [1, 2])
def test_a_merge_group_is_compared_with_its_base(start: Start, hub: Hub, added: Path, depth: int) -> None:
    work = hub.checkout(hub.merge, depth)
    expect(start(work, hub.payload("merge_group", base=hub.main, head=hub.merge), "merge_group"), added, NEW)


@pytest.mark.parametrize(
    ("event", "event_name"),
    [
        ("push_first", "push"),
        ("push_tag", "push"),
        ("schedule", "schedule"),
        ("workflow_dispatch", "workflow_dispatch"),
        ("release", "release"),
    ],
)
def test_an_event_without_an_earlier_commit_is_about_everything(
    start: Start, hub: Hub, added: Path, event: str, event_name: str
) -> None:
    work = hub.checkout(hub.main, 1)
    unplug(work)
    job = start(work, hub.payload(event), event_name)
    expect(job, added, OLD, ELSEWHERE)
    assert job.log.count("linting everything") == 1


def test_a_commit_that_nobody_has_any_more(start: Start, hub: Hub) -> None:
    job = start(hub.checkout(hub.head, 1), hub.payload("push", before="1234567890" * 4), "push")
    assert job.code == 1
    assert linted(job) == {OLD, NEW}
    assert sum("cannot be fetched" in line for line in job.told("warning")) == 1


def test_a_base_that_is_no_commit_is_no_option_of_git(start: Start, hub: Hub) -> None:
    job = start(hub.checkout(hub.head, 1), hub.payload("push", before=f"--upload-pack=touch {hub.place}/x;"), "push")
    assert not (hub.place / "x").exists()
    assert "linting everything" in job.log


def test_a_complete_clone_stays_complete(start: Start, hub: Hub) -> None:
    for event, before in (("push", "1" * 40), ("push_new_branch", "0" * 40)):
        work = hub.checkout(hub.head, 0)
        work.git("update-ref", "-d", "refs/remotes/origin/main")
        start(work, hub.payload(event, before=before), "push")
        assert work.git("rev-parse", "--is-shallow-repository") == "false"
        run("rm", "-rf", str(work.path.parent), at=hub.place, environment=work.environment)


def test_a_change_without_artifacts_passes(start: Start, hub: Hub) -> None:
    author = hub.author
    author.write("train.py", "print('training more')\n")
    author.git("add", ".")
    head = author.commit()
    author.git("push", "--quiet", "origin", "main")
    job = start(hub.checkout(head, 2), hub.payload("push", before=hub.main), "push")
    assert (job.code, job.outputs["findings"]) == (0, "0"), job.log
    assert "Nothing that changed" in job.summary


def test_the_summary_tells_what_changed_against_the_base(start: Start, hub: Hub) -> None:
    author = hub.author
    author.git("checkout", "--quiet", "feature")
    manifest = f"{NEW}/model-artifact.yaml"
    text = (author.path / manifest).read_text("utf-8")
    author.write(manifest, re.sub(r'version: "[\d.]+"', 'version: "9.0.0"', text, count=1))
    author.git("add", ".")
    before, head = author.git("rev-parse", "HEAD"), author.commit("a new version")
    author.git("push", "--quiet", "origin", "feature")
    job = start(hub.checkout(head, 2), hub.payload("push", before=before), "push")
    assert f"<h3>Changed since <code>{before[:12]}</code></h3>" in job.summary
    assert re.search(r"<td>version</td><td><code>[\d.]+</code></td><td><code>9\.0\.0</code></td>", job.summary)
