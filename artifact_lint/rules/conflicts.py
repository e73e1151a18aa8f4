"""MAN: do the sources of one artifact contradict each other?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from artifact_lint.model import Problem, Related, Severity
from artifact_lint.model.agreement import (
    contradicting,
    may_be_same_architecture,
    plain_name,
    same_name,
    same_value,
    same_version,
)
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from artifact_lint.model import Artifact, Fact, Feature, Record, Stated

T = TypeVar("T")

#: How many contradictions of one mapping or list a message names.
_MOST_NAMED = 4


@rule("MAN007", "conflicting-facts", severity=Severity.WARNING, tags=("manifest",))
def conflicting_facts(artifact: Artifact) -> Iterator[Problem]:
    """Two sources state different values for the same thing.

    What a hand-written file says is held against a manifest, never against another hand-written file. Names that
    differ in case and dashes agree, and so do numbers that are equal once rounded to the digits they are written with;
    a registry's running number beside a semantic version is no conflict.

    ## Why is this bad?
    Readers of the artifact believe one or the other, depending on which file they open.

    ## How to fix
    Correct the one that is wrong, or state the value in one place only.
    """
    record = artifact.record
    if not record.sources:
        return
    strangers = _about_other_weights(record)
    texts: tuple[tuple[str, Stated[str], Callable[[str, str], bool]], ...] = (
        ("name", record.name, same_name),
        ("version", record.version, same_version),
        ("license", record.license, _same_license),
        ("run id", record.run_id, _same_text),
        ("git commit", record.git_commit, _same_commit),
        ("base model", record.base_model, _same_model),
        ("stage", record.stage, _same_text),
        ("architecture", record.architecture, may_be_same_architecture),
        ("Python version", record.python_version, _same_python),
    )
    for what, stated, agree in texts:
        yield from _text_conflicts(what, stated, agree, strangers)
    yield from _hyperparameter_conflicts(record, strangers)
    yield from _metric_conflicts(record, strangers)
    yield from _feature_conflicts(record, strangers)
    yield from _requirement_conflicts(artifact)


def _about_other_weights(record: Record) -> frozenset[str]:
    """The hand-written files that name weights which nothing else does: they may be about another model."""
    certain = {mention.path for mention in record.mentions if not mention.guessed and not mention.vouches}
    named: dict[str, set[str | None]] = {}
    for mention in record.mentions:
        if mention.guessed and certain:
            named.setdefault(mention.origin.path, set()).add(mention.path)
    return frozenset(path for path, mentioned in named.items() if mentioned.isdisjoint(certain))


#: Keys of a hand-written file for a run's identifier that may be of another tracking system, or a running number.
_OTHER_IDENTIFIERS = ("/run", "/wandb_run_id", "/training_run_id")


def _text_conflicts(
    what: str, stated: Stated[str], agree: Callable[[str, str], bool], strangers: frozenset[str]
) -> Iterator[Problem]:
    """The first source whose word is as certain as the winner's, and the first that is a guess."""
    winner = next((fact for fact in stated if not fact.guessed), None)
    told = set()
    for other in stated if winner is not None else ():
        foreign = other.origin.path in strangers or other.origin.pointer.endswith(_OTHER_IDENTIFIERS)
        if winner is None or other.guessed in told or (other.guessed and foreign) or agree(winner.value, other.value):
            continue
        told.add(other.guessed)
        message = f"{what} is {other.value!r} here, but {winner.value!r} in {_place(winner)}"
        yield _disagreement(message, f"{what} is {winner.value!r} here", winner, other)


def _disagreement(message: str, there: str, winner: Fact[T], other: Fact[T]) -> Problem:
    return Problem(
        other.origin,
        message,
        f"{winner.origin.path} takes precedence; correct whichever is wrong.",
        related=(Related(winner.origin, there),),
        guessed=other.guessed,
    )


def _place(fact: Fact[T]) -> str:
    return f"{fact.origin.path}:{fact.origin.line}"


def _same_text(one: str, other: str) -> bool:
    return one.strip().lower() == other.strip().lower()


def _same_commit(one: str, other: str) -> bool:
    """People shorten commits."""
    first, second = one.strip().lower(), other.strip().lower()
    return first.startswith(second) or second.startswith(first)


def _same_model(one: str, other: str) -> bool:
    """People leave out the namespace of a model."""
    first, second = one.strip().lower(), other.strip().lower()
    return first == second or first.endswith(f"/{second}") or second.endswith(f"/{first}")


def _same_license(one: str, other: str) -> bool:
    return _license(one) == _license(other)


def _license(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+|\blicen[sc]e\b|\bthe\b|\bversion\b", "", text.lower())


def _same_python(one: str, other: str) -> bool:
    """Whether the parts of two versions that both state are equal; ranges are not compared."""
    first, second = _release(one), _release(other)
    shared = min(len(first), len(second))
    return first[:shared] == second[:shared]


def _release(version: str) -> tuple[int, ...]:
    match = re.fullmatch(r"[=\s]*(\d+(?:\.\d+)*)(?:\.\*)?\s*", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _rivals(stated: Stated[T], strangers: frozenset[str]) -> tuple[Fact[T] | None, list[Fact[T]]]:
    """The fact that won, where it is certain, and what hand-written files say of the same weights."""
    winner = stated.best
    if winner is None or winner.guessed:
        return None, []
    return winner, [fact for fact in stated if fact.guessed and fact.origin.path not in strangers]


def _hyperparameter_conflicts(record: Record, strangers: frozenset[str]) -> Iterator[Problem]:
    winner, rivals = _rivals(record.hyperparameters, strangers)
    for other in rivals:
        if winner is None:
            return
        here = {_key(name): (name, value) for name, value in other.value.items()}
        differing = [
            (*here[_key(name)], value)
            for name, value in winner.value.items()
            if _key(name) in here and not same_value(value, here[_key(name)][1])
        ]
        if differing:
            told = [f"{name} is {value!r} here, but {stated!r}" for name, value, stated in differing[:_MOST_NAMED]]
            message = f"hyperparameters: {', '.join(told)}{_rest(differing)} in {_place(winner)}"
            yield _disagreement(message, "the others are here", winner, other)


def _key(name: str) -> str:
    return plain_name(name)


def _rest(differing: Sequence[object]) -> str:
    return f" and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""


def _metric_conflicts(record: Record, strangers: frozenset[str]) -> Iterator[Problem]:
    winner, rivals = _rivals(record.metrics, strangers)
    for other in rivals:
        if winner is None:
            return
        differing = list(contradicting(winner.value, other.value))
        if differing:
            told = [f"{rival.name} is {rival.value!r} here, but {stated.value!r}" for stated, rival in differing]
            message = f"metrics: {', '.join(told[:_MOST_NAMED])}{_rest(told)} in {_place(winner)}"
            problem = _disagreement(message, "the others are here", winner, other)
            yield replace(problem, origin=differing[0][1].origin)


#: The types that the group of a hand-written file gives its features, which then are not all there are.
_GROUPS = frozenset({"numeric", "categorical"})


def _feature_conflicts(record: Record, strangers: frozenset[str]) -> Iterator[Problem]:
    """Inputs that only one of two sources has; a file that lists but one kind, or the target as well, says no more."""
    winner, rivals = _rivals(record.inputs, strangers)
    outputs = set(_names(feature for fact in record.outputs for feature in fact.value))
    for other in rivals:
        if winner is None:
            return
        there, here = _names(winner.value), _names(other.value)
        only_here = [name for key, name in here.items() if key not in there and key not in outputs]
        only_there = [name for key, name in there.items() if key not in here]
        kinds = {feature.dtype for feature in other.value}
        is_partial = len(kinds) == 1 and kinds <= _GROUPS
        if not there or not here or not (only_here or (only_there and not is_partial)):
            continue
        message = f"the inputs differ from those in {_place(winner)}: {_listed(only_here, only_there)}"
        yield _disagreement(message, "the others are here", winner, other)


def _names(features: Iterable[Feature]) -> dict[str, str]:
    return {plain_name(feature.name): feature.name for feature in features if feature.name}


def _listed(here: Sequence[str], there: Sequence[str]) -> str:
    parts = ((here, "only here"), (there, "only there"))
    return "; ".join(f"{', '.join(names[:_MOST_NAMED])}{_rest(names)} {where}" for names, where in parts if names)


#: A longer one is no requirement that anybody wrote, without its hashes, in characters.
_LONGEST_REQUIREMENT = 300
_PIN: Final = r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;#,]+)\s*(?:;.*|#.*)?"


def _requirement_conflicts(artifact: Artifact) -> Iterator[Problem]:
    pins: dict[str, tuple[str, Fact[str]]] = {}
    for stated in artifact.record.requirements:
        for requirement in stated.value:
            match = re.fullmatch(_PIN, requirement.value.partition("--hash")[0][:_LONGEST_REQUIREMENT])
            if not match:
                continue
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            first = pins.setdefault(name, (match[2], requirement))
            # A local part (`2.1.0+cu118`) tells one build of a version from another.
            if (
                first[0].partition("+")[0] != match[2].partition("+")[0]
                and first[1].origin.path != requirement.origin.path
            ):
                yield Problem(
                    requirement.origin,
                    f"{name} is pinned to {match[2]} here, but to {first[0]} in "
                    f"{first[1].origin.path}:{first[1].origin.line}",
                    "Pin the version the model was trained with, in both files.",
                    related=(Related(first[1].origin, f"pinned to {first[0]} here"),),
                )
