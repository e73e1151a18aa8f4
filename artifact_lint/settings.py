"""The settings of one run: what a configuration states, checked, and what the command line makes of it.

The shape of a configuration is `schemas/configuration.v1.schema.json`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from artifact_lint.complaints import Complaint, SettingsError
from artifact_lint.configuration_files import LOCAL
from artifact_lint.configuration_search import PROJECT_FILE, TABLE, absolute, misspelt_tables, read_configuration
from artifact_lint.configuration_values import limits_of, one_or_many, options_of, text, texts
from artifact_lint.document import Limits
from artifact_lint.model import Options, PublicKey, Severity
from artifact_lint.model.options import PathIgnore
from artifact_lint.policy.names import PROFILES
from artifact_lint.selectors import ALL, Named, canonical, did_you_mean, longest_match, match_length, unknown_selector
from artifact_lint.signatures import LARGEST_KEY, why_no_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from artifact_lint.configuration_files import ConfigurationFiles
    from artifact_lint.document import Node


class FailOn(StrEnum):
    """The least severity that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class Profile(StrEnum):
    """How much is asked: `strict` also runs the pedantic rules, and lets warnings fail."""

    DEFAULT = "default"
    STRICT = "strict"


class SelectableRule(Named, Protocol):
    """What selecting needs to know of a rule."""

    @property
    def strict(self) -> bool: ...


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
        if self.only and longest_match(self.only, rule) < 0:
            return False
        chosen = longest_match(self.select, rule)
        if rule.strict and self.profile is not Profile.STRICT and chosen < len(rule.code):
            return False
        return chosen > longest_match(self.ignore, rule)

    def severity_of(self, rule: Named) -> Severity | None:
        """The severity that the configuration gives a rule; None where it leaves the rule its own."""
        matching = [selector for selector in self.severity if match_length(selector, rule) >= 0]
        if not matching:
            return None
        return self.severity[max(matching, key=lambda selector: match_length(selector, rule))]

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of this severity makes the run fail."""
        return self.fail_on is not FailOn.NEVER and severity.rank >= Severity(self.fail_on.value).rank


def load(file: Path, rules: Sequence[Named], files: ConfigurationFiles = LOCAL) -> Settings:
    """The settings that a file states; `rules` are those its selectors may name, and `files` where it is.

    Raises:
        SettingsError: The file is not there, is no TOML, or has mistakes: all of them are told.
    """
    document = read_configuration(file, files)
    root = document.root
    table = root.get(*TABLE)
    if table is None and file.name == PROJECT_FILE:
        nothing = f"{files.shown(absolute(file))}: there is no [tool.artifact-lint] table in it"
        raise SettingsError([str(complaint) for complaint in misspelt_tables(root)] or [nothing])
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


def override(
    settings: Settings,
    rules: Sequence[Named],
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


def _shape_complaints(table: Node) -> Iterable[Complaint]:
    from artifact_lint.schemas.validation import violations  # noqa: PLC0415 - jsonschema takes 100 ms to import

    return (Complaint(origin, message) for origin, message in violations("config", table))


def _meaning_complaints(table: Node, rules: Sequence[Named]) -> Iterable[Complaint]:
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
