"""SEC: the code that documents bring along: chat templates, remote modules, loaders and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.model import CodeKind, HazardKind, Origin, Problem, Severity, Use
from artifact_lint.model.paths import is_within
from artifact_lint.policy.targets import harm_of_import, harm_of_target, is_known_loader, is_pickler
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Artifact, CodeReference, Fact
    from artifact_lint.policy.templates import Reading

#: The key of MLmodel that names the module whose `_load_pyfunc` reads the model.
_LOADER_KEY = "loader_module"
#: How many names a message tells.
_TOLD = 3

#: How much is read of the templates that an artifact's documents hold, in characters.
_MOST_READ = 1 << 20
#: What a template counts for beside its characters, so that a million empty ones are not read either.
_WEIGHT = 1000

_TEMPLATE_ADVICE = (
    "Do not render this template; take the one of the model's publisher, or write one that needs only the messages."
)
_TEMPLATE_UNREAD = "Correct the template: what cannot be read cannot be called clean."


@rule("SEC106", "template-injection", severity=Severity.ERROR, tags=("security",))
def template_injection(artifact: Artifact) -> Iterator[Problem]:
    """A chat template reaches for Python's own objects.

    The template of a tokenizer, of a processor or in a GGUF file. It is read by Jinja's own parser where the extra
    `templates` is installed, else by its tokens, and never rendered. A template that cannot be read is a warning.

    ## Why is this bad?
    A template is a program that runs on every request. Attributes with underscores lead from any text to every function
    of Python (CVE-2024-34359), so that whoever wrote the template runs what they like where no sandbox holds them.

    ## How to fix
    Take the template of the model's publisher. A template needs `message.content`, loops and filters; it needs neither
    underscores nor names that are put together while it renders.
    """
    for text, reading in _readings(artifact.record.templates):
        lines = _is_plain_file(text)
        origin = Origin(text.origin.path, reading.reaches[0].line) if lines and reading.reaches else text.origin
        yield from _template_problems(origin, "the chat template", reading, None)
    for fact in artifact.record.code:
        if fact.value.kind is CodeKind.UNREAD_TEMPLATE:
            message = f"the chat template could not be read: {fact.value.target}"
            yield Problem(fact.origin, message, _TEMPLATE_UNREAD, severity=Severity.WARNING)
    for file in artifact.files:
        inspection = file.inspection.value
        for hazard in inspection.hazards if inspection is not None else ():
            if hazard.kind is HazardKind.TEMPLATE:
                inside = f"{file.path}!{hazard.member}" if hazard.member else file.path
                what = f"the chat template of {inside}, byte {hazard.offset:,},"
                yield from _template_problems(file.origin, what, _reading(hazard.evidence), inside)


def _readings(texts: Iterable[Fact[str]]) -> Iterator[tuple[Fact[str], Reading]]:
    """What each template does; where they are more than a model has, that is said, and the rest is not read."""
    total = 0
    for text in texts:
        total += len(text.value) + _WEIGHT
        if total > _MOST_READ:
            yield text, _unread("there are more templates than a model has")
            return
        yield text, _reading(text.value)


def _reading(template: str) -> Reading:
    from artifact_lint.policy.templates import read_template  # noqa: PLC0415 - few models have a template

    return read_template(template)


def _unread(gap: str) -> Reading:
    from artifact_lint.policy.templates import Reading  # noqa: PLC0415 - as above

    return Reading(gap=gap)


def _is_plain_file(text: Fact[str]) -> bool:
    """Whether a template is a file of its own, whose lines are the template's."""
    return text.origin == Origin(text.origin.path)


def _template_problems(origin: Origin, what: str, reading: Reading, file: str | None) -> Iterator[Problem]:
    if reading.reaches:
        told = [f"{reach.what} in line {reach.line}" for reach in reading.reaches[:_TOLD]]
        more = [f"{len(reading.reaches) - _TOLD} more"] if len(reading.reaches) > _TOLD else []
        yield Problem(origin, f"{what} reaches {_list([*told, *more])}", _TEMPLATE_ADVICE, file=file)
    if reading.gap:
        message = f"{what.rstrip(',')} could not be read: {reading.gap}"
        yield Problem(origin, message, _TEMPLATE_UNREAD, file=file, severity=Severity.WARNING)


def _list(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


@rule("SEC107", "remote-code", severity=Severity.WARNING, tags=("security",))
def remote_code(artifact: Artifact) -> Iterator[Problem]:
    """A model brings Python modules that its loader runs, or fetches them from another repository.

    Hugging Face's `auto_map`, custom pipelines and `trust_remote_code`, parts of a sentence-transformers model that are
    not the library's own. A note for MLflow's `model_code_path`, whose script is part of the model.

    ## Why is this bad?
    Loading the model runs the module with all that the process may do. Code in another repository is whatever that
    repository holds on the day of loading, which nobody has reviewed here.

    ## How to fix
    Read the module and keep it beside the weights, pinned to a revision; or use a class that the library has itself.
    """
    groups: dict[tuple[str, str, str | None], list[Fact[CodeReference]]] = {}
    for fact in artifact.record.code:
        reference = fact.value
        if reference.kind is CodeKind.REMOTE and not _harm(reference):
            groups.setdefault((fact.origin.path, reference.key, reference.repository), []).append(fact)
        elif reference.kind is CodeKind.TRUSTED:
            message = f"`{reference.key}: {reference.target}` lets the loader run whatever code the repository holds"
            advice = "Leave it out, and let whoever loads the model decide, with a pinned revision."
            yield Problem(fact.origin, message, advice)
        elif reference.kind is CodeKind.SCRIPT:
            where = reference.file or f"{reference.target}, which the artifact does not hold"
            yield Problem(fact.origin, f"loading runs the script {where}", "Review it.", severity=Severity.NOTE)
    for facts in groups.values():
        yield Problem(facts[0].origin, _remote_message(facts), _remote_advice(facts[0].value))


def _remote_message(facts: list[Fact[CodeReference]]) -> str:
    """What is run, and where the code is: in another repository, in files of the artifact, or nowhere in sight."""
    references = [fact.value for fact in facts]
    first = references[0]
    targets = list(dict.fromkeys(reference.target for reference in references))
    names = [f"`{target}`" for target in targets[:_TOLD]]
    more = [f"{len(targets) - _TOLD} more"] if len(targets) > _TOLD else []
    message = f"`{first.key}` makes the loader run {_list([*names, *more])}"
    if first.repository is not None:
        return f"{message} from another repository, {first.repository}, which can change at any time"
    files = list(dict.fromkeys(reference.file for reference in references if reference.file))
    absent = list(dict.fromkeys(reference.target for reference in references if not reference.file))
    place = f", defined in {_list(files[:_TOLD])}" if files else ""
    missing = f"; the artifact does not hold the module of `{absent[0]}`" if absent else ""
    return f"{message}{place}{missing}"


def _remote_advice(reference: CodeReference) -> str:
    if reference.repository is not None:
        return f"Copy the module from {reference.repository} at a commit that you have read, and name it without `--`."
    return "Read the module before you load the model, and pin the revision that you have read."


@rule("SEC108", "foreign-loader", severity=Severity.ERROR, tags=("security",))
def foreign_loader(artifact: Artifact) -> Iterator[Problem]:
    """A configuration names something dangerous or foreign that its loader imports or calls.

    An MLmodel's `loader_module` that is neither MLflow's nor a known library's nor in the artifact's own code; a
    `_target_` (Hydra), `class_path` (Lightning), `_component_` (torchtune) or YAML tag (`!!python/object/apply:`) that
    names what runs commands, evaluates texts or loads pickles. A warning where the loader lies elsewhere in the
    repository, and for a configuration that cannot be read.

    ## Why is this bad?
    Loading the model calls it, with the arguments that stand beside it.

    ## How to fix
    Find out who wrote it. A loader of your own belongs into the model's `code_paths`, so that it is reviewed and
    shipped together with the weights.
    """
    for fact in artifact.record.code:
        reference = fact.value
        if reference.kind is CodeKind.LOADER:
            yield from _loader(artifact, fact)
        elif reference.kind is CodeKind.UNREAD:
            message = f"what {fact.origin.path} names to be called is unknown: {reference.target}"
            yield Problem(fact.origin, message, "Correct the document.", severity=Severity.WARNING)
        else:
            harm = _harm(reference)
            if harm:
                used = "reach" if reference.kind is CodeKind.TAG else "call"
                message = f"`{reference.key}` makes the loader {used} {reference.target}, which {harm}"
                yield Problem(fact.origin, message, "Do not load it; find out who wrote it.")
    yield from _packed_targets(artifact)


def _packed_targets(artifact: Artifact) -> Iterator[Problem]:
    """What configurations within archives name to be called."""
    for file in artifact.files:
        inspection = file.inspection.value
        for hazard in inspection.hazards if inspection else ():
            if hazard.kind is not HazardKind.TARGET:
                continue
            inside = f"{file.path}!{hazard.member}"
            place = f"{file.path}, byte {hazard.offset:,} of {hazard.member}"
            key, _, name = hazard.evidence.partition(":") if hazard.evidence.startswith(_TAGGED) else ("", "", "")
            harm = _harm_of_tag(key, name) if key else harm_of_target(hazard.evidence)
            if harm:
                called = f"reach {name}" if key else f"call {hazard.evidence}"
                message = f"the configuration makes the loader {called}, which {harm} ({place})"
                yield Problem(file.origin, message, "Do not load it; find out who wrote it.", file=inside)
            elif _INTERPOLATED in hazard.evidence:
                message = f"what the configuration names to be called is unknown: {hazard.evidence} ({place})"
                yield Problem(file.origin, message, "Write it out.", file=inside, severity=Severity.WARNING)


#: How the tags begin that name a Python object, and references to values that are not known (OmegaConf).
_TAGGED = "!!python/"
_INTERPOLATED = "${"

_TAG_USES = {
    "!!python/object/apply": Use.CALLED,
    "!!python/object/new": Use.INSTANTIATED,
    "!!python/object": Use.INSTANTIATED,
    "!!python/name": Use.NAMED,
}


def _harm(reference: CodeReference) -> str:
    if reference.kind is CodeKind.TAG:
        return _harm_of_tag(reference.key, reference.target)
    is_target = reference.kind is CodeKind.TARGET or (reference.kind is CodeKind.REMOTE and reference.key == "type")
    return harm_of_target(reference.target) if is_target else ""


def _harm_of_tag(key: str, target: str) -> str:
    use = _TAG_USES.get(key)
    return harm_of_target(target, use) if use else harm_of_import(target)


def _loader(artifact: Artifact, fact: Fact[CodeReference]) -> Iterator[Problem]:
    reference = fact.value
    module = reference.target
    is_known = is_known_loader if reference.key == _LOADER_KEY else is_pickler
    if reference.file is not None or is_known(module):
        return
    path = artifact.own_module(module)
    if path is not None and is_within(path, artifact.path):
        return
    harm = harm_of_import(module)
    advice = "Log the model again with its loader in `code_paths`, so that the code is part of the artifact."
    if harm:
        message = f"`{reference.key}` names {module}, which {harm}"
        yield Problem(fact.origin, message, "Do not load it; find out who wrote it.")
    elif path is not None:
        message = f"`{reference.key}` names {module}, whose code ({path}) is not part of the artifact"
        yield Problem(fact.origin, message, advice, severity=Severity.WARNING)
    else:
        message = f"`{reference.key}` names {module}, which is neither MLflow's nor in the artifact's own code"
        yield Problem(fact.origin, message, advice)
