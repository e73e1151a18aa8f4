"""Artifacts and rules to findings: the one place where reading and judging meet."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from artifact_lint.assemble import assemble
from artifact_lint.discover import discover
from artifact_lint.model import Artifact, FileState, Finding, Problem, Severity
from artifact_lint.model.report import Report
from artifact_lint.rules import all_rules
from artifact_lint.stores.base import StoreError
from artifact_lint.stores.excludes import DEFAULT_EXCLUDES
from artifact_lint.stores.local import LocalStore, find_root
from artifact_lint.suppress import is_suppressed
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifact_lint.rules import RuleInfo
    from artifact_lint.settings import Settings
    from artifact_lint.stores.base import Entry, Store


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked for.

    `staged` reads the git index instead of the working tree; `revision` keeps the artifacts that were touched since
    it; `jobs` bounds the threads that read files.
    """

    settings: Settings
    staged: bool = False
    revision: str | None = None
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run looks: the root that paths are relative to, and the store with its bytes."""

    root: Path
    store: Store


def locate(paths: Sequence[str], request: Request) -> Place:
    """The root and store for some paths: the repository's, or the working directory outside of one.

    Raises:
        StoreError: The index or the revision cannot be read.
    """
    excludes = (*DEFAULT_EXCLUDES, *request.settings.exclude)
    places = [Path(os.path.normpath(Path.cwd() / path)) for path in paths] or [Path.cwd()]
    first = places[0] if places[0].is_dir() else places[0].parent
    root = find_root(first) or (Path.cwd() if _is_below(first, Path.cwd()) else first)
    if not all(_is_below(place, root) for place in places):
        root = Path(os.path.commonpath([*places, root]))
    if request.staged:
        from artifact_lint.stores.revision import IndexStore  # noqa: PLC0415  GitPython takes a tenth of a second

        return Place(root, IndexStore(root, excludes))
    return Place(root, LocalStore(root, excludes))


def _is_below(path: Path, root: Path) -> bool:
    return path == root or root in path.parents


@dataclass(frozen=True, slots=True)
class Survey:
    """The artifacts among some paths, before they are judged; `strangers` are named files that belong to none."""

    root: Path
    artifacts: tuple[Artifact, ...]
    strangers: tuple[str, ...] = ()

    def relative(self, path: str) -> str:
        """A path as artifacts spell it: POSIX, relative to the root, which is the empty string."""
        return _relative(self.root, path)


def survey(paths: Sequence[str], request: Request) -> Survey:
    """What there is among some paths, read but not judged.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
    """
    place = locate(paths, request)
    tree, named, wanted = _view(place, paths, request)
    artifacts = [assemble(tree, found, request.settings.options) for found in discover(tree, named)]
    if wanted is not None:
        artifacts = [artifact for artifact in artifacts if _is_touched(artifact, wanted, artifacts)]
    strangers = [path for path in sorted(named) if not any(_is_touched(one, {path}, artifacts) for one in artifacts)]
    return Survey(place.root, tuple(artifacts), tuple(strangers))


def lint(paths: Sequence[str], request: Request) -> Report:
    """Everything that the rules say about the artifacts among some paths.

    Raises:
        StoreError: A path, the index or a revision cannot be read.
    """
    seen = survey(paths, request)
    rules = [rule for rule in all_rules() if request.settings.selects(rule)]
    findings = _judge(seen.artifacts, rules, request)
    kept = [finding for finding in findings if not is_suppressed(finding, request.settings.per_path_ignores)]
    files = [file for artifact in seen.artifacts for file in artifact.files]
    return Report(
        artifacts=seen.artifacts,
        findings=tuple(sorted(kept, key=_order)),
        suppressed=len(findings) - len(kept),
        files=len(files),
        size=sum(file.size or 0 for file in files if file.state is FileState.PRESENT),
        notes=tuple(f"{path} is no model artifact and belongs to none" for path in seen.strangers),
    )


def _relative(root: Path, path: str) -> str:
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    return "" if relative == "." else relative


def _view(place: Place, paths: Sequence[str], request: Request) -> tuple[Tree, set[str], set[str] | None]:
    """What of the store is looked at, the files named, and the paths whose owners are reported (None: all)."""
    store = place.store
    relative = [_relative(place.root, path) for path in paths] or [""]
    named = {path for path in relative if path and not store.is_directory(path)}
    directories = [path for path in relative if path not in named]
    wanted = _touched_in_git(place.root, request, relative)
    if wanted is None and named:
        wanted = {path if path in named else f"{path}/" for path in relative}
    tree = Tree(store, ())
    for directory in directories if wanted is None else [""]:
        for entry in (*store.entries(directory), *_above(store, directory)):
            tree.add(entry)
    for path in named:
        named_entry = store.entry(path)
        if named_entry is not None:
            tree.add(named_entry)
    if wanted is None and "" not in directories:
        wanted = {f"{directory}/" for directory in directories}
    return tree, named, wanted


def _touched_in_git(root: Path, request: Request, relative: Sequence[str]) -> set[str] | None:
    """The paths that are staged or were changed since a revision, deleted ones included; None where not asked for."""
    if not request.staged and request.revision is None:
        return None
    from artifact_lint.git import GitError, changed_paths, staged_paths  # noqa: PLC0415  a tenth of a second

    try:
        touched = staged_paths(root) if request.revision is None else changed_paths(root, request.revision)
    except GitError as error:
        raise StoreError(str(error)) from error
    return {path for path in touched if _is_covered(path, relative)}


def _above(store: Store, directory: str) -> Iterator[Entry]:
    """The tracking stores and lock files above a directory, which say more about what lies in it."""
    while directory:
        directory = directory.rpartition("/")[0]
        prefix = f"{directory}/" if directory else ""
        for name in ("mlflow.db", "dvc.lock"):
            entry = store.entry(prefix + name)
            if entry is not None:
                yield entry
        if store.is_directory(f"{prefix}mlruns"):
            yield from store.entries(f"{prefix}mlruns")


def _is_covered(path: str, requested: Iterable[str]) -> bool:
    return any(not place or path == place or path.startswith(f"{place}/") for place in requested)


def _is_touched(artifact: Artifact, wanted: Iterable[str], artifacts: Sequence[Artifact]) -> bool:
    """Whether a wanted path belongs to an artifact: one of its files or sources, or in its directory and no other's."""
    own = {file.path for file in artifact.files} | {source.path for source in artifact.record.sources}
    directories = [one.path for one in artifacts if one.described]
    for path in wanted:
        if path in own or path == artifact.path:
            return True
        if path.endswith("/") and _is_covered(f"{artifact.path}/", [path.rstrip("/")]):
            return True
        owner = max((place for place in directories if _is_covered(path, [place])), key=len, default=None)
        if owner is not None and owner == artifact.path and artifact.described:
            return True
    return False


def _judge(artifacts: Sequence[Artifact], rules: Sequence[RuleInfo], request: Request) -> list[Finding]:
    jobs = request.jobs or min(8, os.cpu_count() or 1)
    findings: list[Finding] = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for found in pool.map(lambda artifact: list(_judge_one(artifact, rules, request.settings)), artifacts):
            findings += found
    for rule in rules:
        if rule.check_collection is not None:
            for artifact, problem in rule.check_collection(artifacts):
                findings.append(_stamp(rule, artifact, problem, request.settings))
    return _numbered(findings)


def _judge_one(artifact: Artifact, rules: Sequence[RuleInfo], settings: Settings) -> Iterator[Finding]:
    for rule in rules:
        if rule.check is not None and not (rule.needs_whole_record and artifact.has_unread_record):
            for problem in rule.check(artifact):
                yield _stamp(rule, artifact, problem, settings)


def _stamp(rule: RuleInfo, artifact: Artifact, problem: Problem, settings: Settings) -> Finding:
    """A problem as a finding: the configuration's severity, or the problem's, or the rule's; a guess is no error."""
    severity = settings.severity_of(rule) or problem.severity or rule.severity
    if problem.guessed and severity is Severity.ERROR and settings.severity_of(rule) is None:
        severity = Severity.WARNING
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity,
        message=problem.message,
        help=problem.help,
        origin=problem.origin,
        artifact=artifact.path,
        file=problem.file,
        related=problem.related,
        fixes=problem.fixes,
        fingerprint=f"{rule.code}\0{artifact.path}\0{problem.origin.path}\0{problem.origin.pointer}\0{problem.file}",
    )


def _numbered(findings: Sequence[Finding]) -> list[Finding]:
    """Fingerprints that survive moved lines: of rule, artifact, path and pointer, and a number among equals."""
    seen: Counter[str] = Counter()
    numbered = []
    for finding in findings:
        seen[finding.fingerprint] += 1
        text = f"{finding.fingerprint}\0{seen[finding.fingerprint]}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        numbered.append(replace(finding, fingerprint=digest))
    return numbered


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return finding.origin.path, finding.origin.line, finding.code, finding.message
