"""The configuration: found, checked, and turned into the settings of one run.

It stands in `[tool.artifact-lint]` of a pyproject.toml or in an `.artifact-lint.toml`; the nearest one at or above the
linted path counts, up to the repository's root, and is never merged with another. Its shape is
`schemas/configuration.v1.schema.json`; every mistake is told with its line.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from artifact_lint.configuration_files import LOCAL
from artifact_lint.configuration_values import limits_of, one_or_many, options_of, text, texts
from artifact_lint.document import DocumentError, Limits, Syntax, parse
from artifact_lint.model import (
    Options,
    Origin,
    PublicKey,
    Severity,
)
from artifact_lint.model.options import PathIgnore
from artifact_lint.policy.names import PROFILES
from artifact_lint.signatures import LARGEST_KEY, why_no_key
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.configuration_files import ConfigurationFiles
    from artifact_lint.document import Document, Node

#: What a configuration may be called, in order of preference within one directory.
OWN_FILE = ".artifact-lint.toml"
PROJECT_FILE = "pyproject.toml"
#: What the baseline is called unless somebody calls it otherwise: it lies beside the configuration.
BASELINE_FILE = ".artifact-lint-baseline.json"
ALL = "ALL"

_TABLE = ("tool", "artifact-lint")
#: How alike two words are of which one may be the other misspelt: CPM101 and CMP101, but not PKL9 and PKL141.
_NEAR = 0.75
_CODE_PREFIX = re.compile(r"[A-Za-z]{1,3}|[A-Za-z]{3}\d{1,3}")


class FailOn(StrEnum):
    """The least severity that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class Profile(StrEnum):
    """How much is asked: `strict` also runs the pedantic rules, and lets warnings fail."""

    DEFAULT = "default"
    STRICT = "strict"


class SelectableRule(Protocol):
    """What selecting needs to know of a rule."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def strict(self) -> bool: ...


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """One mistake in a configuration, and where it stands."""

    origin: Origin
    message: str

    def __str__(self) -> str:
        return f"{self.origin.path}:{self.origin.line}:{self.origin.column}: {self.message}"


class SettingsError(Exception):
    """A configuration that cannot be used; `lines` are what to tell the user, one mistake each."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run goes by.

    `select`, `ignore` and the keys of `severity` are selectors: a rule's code, a prefix of codes, a rule's name, or
    `ALL`; `only`, where it names any, narrows what they leave. `config_path` is the file the settings came from, None
    where they are the defaults; `baseline` is the file whose findings are accepted, and `baseline_files` where that is.
    """

    select: tuple[str, ...] = (ALL,)
    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: FailOn = FailOn.ERROR
    profile: Profile = Profile.DEFAULT
    severity: Mapping[str, Severity] = field(default_factory=dict)
    per_path_ignores: tuple[PathIgnore, ...] = ()
    options: Options = field(default_factory=Options)
    limits: Limits = field(default_factory=Limits)
    config_path: str | None = None
    baseline: Path | None = None
    baseline_files: ConfigurationFiles = LOCAL

    def selects(self, rule: SelectableRule) -> bool:
        """Whether a rule runs: the longest match decides, and a tie ignores.

        A strict rule runs under the strict profile, or where `select` has its whole code or its name.
        """
        if self.only and _longest_match(self.only, rule) < 0:
            return False
        chosen = _longest_match(self.select, rule)
        if rule.strict and self.profile is not Profile.STRICT and chosen < len(rule.code):
            return False
        return chosen > _longest_match(self.ignore, rule)

    def severity_of(self, rule: SelectableRule) -> Severity | None:
        """The severity that the configuration gives a rule; None where it leaves the rule its own."""
        matching = [selector for selector in self.severity if match_length(selector, rule) >= 0]
        if not matching:
            return None
        return self.severity[max(matching, key=lambda selector: match_length(selector, rule))]

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of this severity makes the run fail."""
        return self.fail_on is not FailOn.NEVER and severity.rank >= Severity(self.fail_on.value).rank


def match_length(selector: str, rule: SelectableRule) -> int:
    """How much of a rule a selector names: 0 for `ALL`, the length of a prefix, -1 where it names another."""
    written = canonical(selector)
    if written == ALL:
        return 0
    if written == rule.name:
        return len(rule.code)
    return len(written) if _CODE_PREFIX.fullmatch(written) and rule.code.startswith(written) else -1


def canonical(selector: str) -> str:
    """A selector with codes in capitals, as everything but the user writes them."""
    return selector.upper() if selector.upper() == ALL or _CODE_PREFIX.fullmatch(selector) else selector


def unknown_selector(selector: str, rules: Sequence[SelectableRule]) -> str | None:
    """What to tell about a selector that names no rule; None where it names one."""
    if any(match_length(selector, rule) >= 0 for rule in rules):
        return None
    known = [name for rule in rules for name in (rule.code, rule.name)]
    family = [rule.code for rule in rules if rule.code.startswith(selector[:3].upper())]
    meant = did_you_mean(selector, known)
    if family and not meant and _CODE_PREFIX.fullmatch(selector):
        return f"no code begins with '{selector}'; the {family[0][:3]} rules are {', '.join(family)}"
    return f"no rule is called '{selector}'{meant}; `artifact-lint rules` lists them"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing where nothing known is near."""
    by_lower_case = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=_NEAR)
    return f" (did you mean '{by_lower_case[near[0]]}'?)" if near else ""


def absolute(path: str | Path) -> Path:
    """A path from the file system's root, without `..`, and with its links as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the links, absolute() keeps the `..`


class Finder:
    """Finds the configuration that counts for a path; remembers what it saw, since many paths share their parents.

    `misspelt` are lines about tables on the way that nothing reads, because their name is not quite the right one.
    """

    def __init__(self, files: ConfigurationFiles = LOCAL) -> None:
        self.files = files
        self._stated: dict[Path, bool] = {}
        self.misspelt: list[str] = []

    def find(self, path: Path) -> Path | None:
        """The nearest configuration at or above a path, up to the repository's root; None where there is none.

        Raises:
            SettingsError: A pyproject.toml on the way cannot be read.
        """
        place = absolute(path)
        start = place if self.files.is_directory(place) else place.parent
        root = self.files.root_of(start)
        for directory in (start, *start.parents):
            for name in (OWN_FILE, PROJECT_FILE):
                if self._states_settings(directory / name):
                    return directory / name
            if directory == root:
                return None
        return None

    def _states_settings(self, file: Path) -> bool:
        if file not in self._stated:
            own = file.name == OWN_FILE
            self._stated[file] = _is_there(file, self.files) and (own or self._has_table(file))
        return self._stated[file]

    def _has_table(self, file: Path) -> bool:
        root = _read(file, self.files).root
        self.misspelt += map(str, _misspelt_tables(root))
        return root.get(*_TABLE) is not None


def _misspelt_tables(root: Node) -> Iterable[Complaint]:
    """Tables of pyproject.toml that nobody but this program would have: `[tool.artifact_lint]`."""
    tools = root.get(_TABLE[0])
    for name, _ in tools.items() if tools is not None else ():
        if name != _TABLE[1] and re.sub(r"[^a-z]", "", name.lower()) in {"artifactlint", "artifactlinter"}:
            message = f"[tool.{name}] is read by nothing; did you mean [tool.{_TABLE[1]}]?"
            yield Complaint(tools.key_origin(name) if tools is not None else root.origin, message)


def group(paths: Iterable[str], finder: Finder | None = None) -> dict[Path | None, list[str]]:
    """Paths by the configuration that counts for each; None for those that have none.

    Raises:
        SettingsError: A pyproject.toml on the way cannot be read.
    """
    finder = finder or Finder()
    groups: dict[Path | None, list[str]] = {}
    for path in paths:
        groups.setdefault(finder.find(Path(path)), []).append(path)
    return groups


def load(file: Path, rules: Sequence[SelectableRule], files: ConfigurationFiles = LOCAL) -> Settings:
    """The settings that a file states; `rules` are those its selectors may name, and `files` where it is.

    Raises:
        SettingsError: The file is not there, is no TOML, or has mistakes: all of them are told.
    """
    document = _read(file, files)
    root = document.root
    table = root.get(*_TABLE)
    if table is None and file.name == PROJECT_FILE:
        nothing = f"{files.shown(absolute(file))}: there is no [tool.artifact-lint] table in it"
        raise SettingsError([str(complaint) for complaint in _misspelt_tables(root)] or [nothing])
    table = table or root
    keys: dict[str, PublicKey] = {}
    complaints = [*_shape_complaints(table)] or [
        *_meaning_complaints(table, rules),
        *_key_complaints(table, absolute(file).parent, keys, files),
    ]
    if complaints:
        raise SettingsError(str(complaint) for complaint in sorted(complaints))
    settings = _with_keys(_build(table), tuple(keys.values()))
    baseline = text(table, "baseline")
    return replace(
        settings,
        config_path=files.shown(absolute(file)),
        baseline=absolute(absolute(file).parent / baseline) if baseline is not None else None,
        baseline_files=files,
    )


def default_baseline(config: Path | None, path: str, files: ConfigurationFiles = LOCAL) -> Path:
    """Where the baseline is if nobody says otherwise: beside the configuration, or else at the repository's root."""
    if config is not None:
        return absolute(config).parent / BASELINE_FILE
    place = absolute(path)
    return (files.root_of(place if files.is_directory(place) else place.parent) or Path.cwd()) / BASELINE_FILE


def override(
    settings: Settings,
    rules: Sequence[SelectableRule],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    only: Sequence[str] = (),
    fail_on: FailOn | None = None,
    public_keys: Sequence[str] = (),
) -> Settings:
    """The settings with what the command line says.

    A selection and public keys given there stand alone; rules ignored there come on top of those that the configuration
    ignores; `only` leaves out what it does not name of all that was selected.

    Raises:
        SettingsError: A selector names no rule, or a file holds no public key.
    """
    unknown = [
        f"{option}: {trouble}"
        for option, selectors in (("--select", select), ("--ignore", ignore), ("--only", only))
        for selector in selectors
        if (trouble := unknown_selector(selector, rules))
    ]
    keys = [_public_key(Path(path), path, LOCAL) for path in public_keys]
    unknown += [f"--public-key: {key}" for key in keys if isinstance(key, str)]
    if unknown:
        raise SettingsError(unknown)
    given = tuple(key for key in keys if isinstance(key, PublicKey))
    return replace(
        _with_keys(settings, given, for_run=True) if given else settings,
        select=tuple(map(canonical, select)) or settings.select,
        ignore=(*(() if select else settings.ignore), *map(canonical, ignore)),
        only=tuple(map(canonical, only)),
        fail_on=fail_on or settings.fail_on,
    )


def _longest_match(selectors: Iterable[str], rule: SelectableRule) -> int:
    return max((match_length(selector, rule) for selector in selectors), default=-1)


def _is_there(file: Path, files: ConfigurationFiles) -> bool:
    try:
        return files.is_file(file)
    except (OSError, StoreError) as error:
        raise _unreadable(file, files, error) from error


def _read(file: Path, files: ConfigurationFiles) -> Document:
    try:
        return parse(files.shown(absolute(file)), files.read(absolute(file)), Syntax.TOML)
    except OSError as error:
        raise _unreadable(file, files, error) from error
    except DocumentError as error:
        raise SettingsError([str(Complaint(error.origin, error.reason))]) from error


def _unreadable(file: Path, files: ConfigurationFiles, error: Exception) -> SettingsError:
    reason = getattr(error, "strerror", None)
    return SettingsError([f"{files.shown(absolute(file))}: {reason.lower() if reason else error}"])


def _shape_complaints(table: Node) -> Iterable[Complaint]:
    from artifact_lint.schemas.validation import violations  # noqa: PLC0415 - jsonschema takes 100 ms to import

    return (Complaint(origin, message) for origin, message in violations("config", table))


def _meaning_complaints(table: Node, rules: Sequence[SelectableRule]) -> Iterable[Complaint]:
    for selector in _selector_nodes(table):
        trouble = unknown_selector(selector.text or "", rules)
        if trouble:
            yield Complaint(selector.origin, trouble)
    severities = table.get("severity")
    for selector_text, _ in severities.items() if severities else ():
        trouble = unknown_selector(selector_text, rules)
        if trouble and severities:
            yield Complaint(severities.key_origin(selector_text), trouble)
    registry = table.get("naming", "registry")
    if registry is not None and registry.text not in PROFILES:
        known = ", ".join(sorted(PROFILES))
        message = (
            f"no registry is called '{registry.text}'{did_you_mean(registry.text or '', PROFILES)}; known: {known}"
        )
        yield Complaint(registry.origin, message)
    pattern = table.get("naming", "pattern")
    if pattern is not None:
        try:
            re.compile(pattern.text or "")
        except re.error as error:
            yield Complaint(pattern.origin, f"naming.pattern is no regular expression: {error}")


def _key_complaints(
    table: Node, directory: Path, keys: dict[str, PublicKey], files: ConfigurationFiles
) -> Iterable[Complaint]:
    """What is wrong with the files that are to hold public keys; those that do go into `keys`."""
    for node in one_or_many(table.get("signing", "public-key")):
        written = node.text or ""
        key = _public_key(directory / written, written, files)
        if isinstance(key, str):
            yield Complaint(node.origin, f"signing.public-key: {key}")
        else:
            keys[written] = key


def _public_key(file: Path, written: str, files: ConfigurationFiles) -> PublicKey | str:
    """The key in a file, or what is wrong with it."""
    try:
        pem = files.read(file, LARGEST_KEY)
    except (OSError, ValueError) as error:
        return f"{written}: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    trouble = why_no_key(pem)
    return f"{written} {trouble}" if trouble else PublicKey(written, pem)


def _with_keys(settings: Settings, keys: tuple[PublicKey, ...], *, for_run: bool = False) -> Settings:
    return replace(settings, options=replace(settings.options, public_keys=keys, keys_for_run=for_run))


def _selector_nodes(table: Node) -> Iterable[Node]:
    for key in ("select", "ignore"):
        listed = table.get(key)
        yield from listed.elements() if listed else ()
    ignores = table.get("per-path-ignores")
    for _, entry in ignores.items() if ignores else ():
        codes = entry.get("codes")
        yield from codes.elements() if codes else ()


def _build(table: Node) -> Settings:
    profile = Profile(text(table, "profile") or Profile.DEFAULT)
    strict_default = FailOn.WARNING if profile is Profile.STRICT else FailOn.ERROR
    severities = table.get("severity")
    return Settings(
        select=_selectors(table, "select", default=(ALL,)),
        ignore=_selectors(table, "ignore"),
        exclude=texts(table, "exclude"),
        fail_on=FailOn(text(table, "fail-on") or strict_default),
        profile=profile,
        severity={canonical(key): Severity(node.text or "") for key, node in severities.items()} if severities else {},
        per_path_ignores=tuple(_path_ignores(table)),
        options=options_of(table),
        limits=limits_of(table),
    )


def _path_ignores(table: Node) -> Iterable[PathIgnore]:
    ignores = table.get("per-path-ignores")
    if ignores is None:
        return
    for pattern, entry in ignores.items():
        codes = _selectors(entry, "codes")
        yield PathIgnore(pattern, codes, text(entry, "reason") or "", ignores.key_origin(pattern))


def _selectors(node: Node, *keys: str, default: Sequence[str] = ()) -> tuple[str, ...]:
    return tuple(canonical(selector) for selector in texts(node, *keys, default=default))
