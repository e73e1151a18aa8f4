"""CON: do schema, configuration and weights name the same labels?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.rules.label_maps import contradictions
from artifact_lint.rules.label_sides import LabelSide, are_numbers, label_comparisons
from artifact_lint.rules.registry import rule
from artifact_lint.rules.schema_names import called, listed
from artifact_lint.rules.special_tokens import classifier_head_problems
from artifact_lint.rules.values import as_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifact_lint.model import Artifact
    from artifact_lint.rules.label_sides import Labels

_CORRECT: Final = "List the labels that the model was trained on, in its order."


@rule("CON111", "label-count", severity=Severity.ERROR, tags=("schema", "consistency"))
def label_count(artifact: Artifact) -> Iterator[Problem]:
    """The schema, the configuration and the weights disagree about how many labels there are.

    A single score for two labels is no disagreement, nor is an output for which nobody lists labels.

    ## Why is this bad?
    A label that the model returns has no name, or a name stands for nothing; a classifier's head of another size does
    not load at all, or is made anew with random weights.

    ## How to fix
    List exactly the labels that the model was trained on.
    """
    for ours, theirs in label_comparisons(artifact):
        if theirs.count is None or ours.count == theirs.count:
            continue
        message = (
            f"{ours.source} lists {ours.count} {ours.noun}, {called(theirs.file)} has {theirs.count} {theirs.noun}"
        )
        differing = _sets(ours.names, theirs.names) if theirs.names and not are_numbers(ours, theirs) else ""
        severity = Severity.WARNING if ours.noun == "outputs" else None
        yield _problem(ours, theirs, f"{message}: {differing}" if differing else message, severity)
    for found in contradictions(artifact):
        if found.is_about_count:
            related = (Related(found.other, found.there),)
            yield Problem(found.origin, found.message, found.help, related=related, severity=found.severity)
    yield from classifier_head_problems(artifact)


@rule("CON112", "label-names", severity=Severity.ERROR, tags=("schema", "consistency"))
def label_names(artifact: Artifact) -> Iterator[Problem]:
    """The schema, the configuration and the weights have as many labels, and other ones or in another order.

    Names for labels that the weights know by their numbers are no disagreement. The order is one where each label has
    an output of its own, or a number; where the schema lists labels that a single output may have, it is a note.

    ## Why is this bad?
    The probability of one label is taken for that of another one.

    ## How to fix
    List the labels as the model knows them, in the order of its outputs.
    """
    for ours, theirs in label_comparisons(artifact):
        if ours.count != theirs.count or not theirs.names or not ours.names or are_numbers(ours, theirs):
            continue
        if differing := _sets(ours.names, theirs.names):
            message = f"{ours.source} and {called(theirs.file)} have other labels: {differing}"
            yield _problem(ours, theirs, message)
        elif [as_label(name) for name in ours.names] != [as_label(name) for name in theirs.names]:
            message = f"{ours.source} lists the labels as {listed(ours.names)}, {called(theirs.file)} as"
            yield _problem(ours, theirs, f"{message} {listed(theirs.names)}", ours.severity_of_order)
    for found in contradictions(artifact):
        if not found.is_about_count:
            related = (Related(found.other, found.there),)
            yield Problem(found.origin, found.message, found.help, related=related, severity=found.severity)


def _sets(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """The labels that only one side has, however they are typed."""
    here, there = ({as_label(name): name for name in names} for names in (ours, theirs))
    missing = [name for key, name in there.items() if key not in here]
    extra = [name for key, name in here.items() if key not in there]
    folded = {key.casefold(): name for key, name in there.items()}
    if extra and len(extra) == len(missing) and all(as_label(name).casefold() in folded for name in extra):
        pairs = [f"{name!r} here is {folded[as_label(name).casefold()]!r} there" for name in extra[:4]]
        return f"{', '.join(pairs)} (only the case differs)"
    parts = [f"missing {listed(missing)}"] if missing else []
    return "; ".join([*parts, *([f"unknown to the model {listed(extra)}"] if extra else [])])


def _problem(ours: Labels, theirs: LabelSide, message: str, severity: Severity | None = None) -> Problem:
    related = (Related(Origin(theirs.file.path), theirs.where),)
    if severity is None and not ours.is_settled:
        severity = Severity.WARNING
    return Problem(ours.origin, message, _CORRECT, theirs.file.path, related, severity=severity, guessed=ours.guessed)
