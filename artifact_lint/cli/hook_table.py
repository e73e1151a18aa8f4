"""The hooks that other repositories use through pre-commit or prek: what `.pre-commit-hooks.yaml` is written from.

`python tools/make_docs.py` writes that file, so that it follows from the suffixes and names that the package reads.
`identify` knows no file type of models and calls a pointer of git-LFS text, so files are chosen by their names.

Source: https://pre-commit.com (4.x), "Creating new hooks"; prek's documentation (0.5), "Configuration".
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill, indent
from typing import TYPE_CHECKING, Final

from artifact_lint.adapters.huggingface_run import RUN_FILES
from artifact_lint.adapters.kitfile import RECORD as KITFILE
from artifact_lint.adapters.mlflow import RECORD as MLMODEL
from artifact_lint.adapters.model_signing import SUFFIX as SIGNATURE
from artifact_lint.adapters.project_files import FILES as PROJECT_FILES
from artifact_lint.adapters.project_files import PYTHON_FILES
from artifact_lint.adapters.requirements import CONDA_FILES, PIP_FILES, PYTHON_ENV_FILE
from artifact_lint.formats import FORMATS
from artifact_lint.formats.base import WEIGHT_SUFFIXES
from artifact_lint.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The packings that are read, and those that are told by their content.
_PACKINGS: Final = frozenset(FORMATS["compressed"].suffixes) | {".tar", ".zip"}
#: Suffixes of weights that are much else: `.ts` is nearly always TypeScript, and `.txt` prose.
_COMMON: Final = frozenset({".ts", ".txt"})
#: Suffixes that some readers' files have and that no format claims.
_FURTHER: Final = frozenset({".pbtxt"})
#: Names of records with one of these suffixes are not listed one by one.
_DOCUMENTS: Final = (".json", ".yaml", ".yml")
_WIDTH: Final = 110

STAGES: Final = ("pre-commit", "pre-merge-commit", "pre-push", "manual")
#: The first version that knows stages by these names.
MINIMUM_VERSION: Final = "3.2.0"


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook: `families` are the first letters of the rules' codes that it asks, none of them for all.

    `everything` has it lint the whole repository, whatever changed; otherwise it is passed the changed files.
    """

    id: str
    name: str
    description: str
    families: tuple[str, ...] = ()
    everything: bool = False

    @property
    def entry(self) -> str:
        """The command: no artifact is no error, and only errors and warnings are worth a hook's output."""
        only = f" --only {','.join(self.families)}" if self.families else ""
        return f"artifact-lint check --allow-empty --quiet{only}"


def hooks() -> tuple[Hook, ...]:
    """Every hook. Each family of rules is one hook's of those that ask for some, so that no two tell the same."""
    names, digests, code = ("LIF", "NAM"), ("GIT", "SUM"), ("PKL", "SEC")
    taken = {*names, *digests, *code}
    rest = tuple(sorted({rule.code[:3] for rule in all_rules()} - taken))
    return (
        Hook(
            "artifact-lint", "artifact-lint (changed artifacts)", "Lints the artifacts that the changed files are of."
        ),
        Hook(
            "artifact-lint-all",
            "artifact-lint (all artifacts)",
            "Lints every artifact of the repository, whatever changed; sees deletions, too.",
            everything=True,
        ),
        Hook(
            "artifact-components",
            "model artifacts: components",
            "Weights, configuration, feature schema, run and environment of the changed artifacts, and their records.",
            rest,
        ),
        Hook(
            "artifact-naming",
            "model artifacts: names and versions",
            "Names, versions and the lifecycle of the changed artifacts.",
            names,
        ),
        Hook(
            "artifact-checksums",
            "model artifacts: checksums",
            "Digests, signatures and the storage (git, git-LFS, DVC) of the changed artifacts.",
            digests,
        ),
        Hook(
            "artifact-pickle",
            "model artifacts: code that runs on load",
            "Pickles, and all else in the changed artifacts that runs code when they are loaded.",
            code,
        ),
    )


def file_pattern() -> str:
    """The regular expression, in verbose syntax, of the files that start a hook.

    It is one to Python's `re` and to Rust's `regex` alike, and is searched for in a path from the repository's root.
    """
    alternatives = indent("\n".join(_alternatives()), "  ")
    return f"(?ix)\n(?: ^ | / )\n(?:\n{alternatives}\n)\n$"


def _alternatives() -> Iterator[str]:
    suffixes = WEIGHT_SUFFIXES | _FURTHER | {suffix for one in FORMATS.values() for suffix in one.suffixes}
    single = {suffix for suffix in suffixes - _COMMON - _PACKINGS if suffix.count(".") == 1}
    weights = sorted((single | {".7z", ".tar", ".zip"}) - set(_DOCUMENTS))
    yield "# Weights, packed or not, and the containers they come in."
    yield f"  [^/]+ \\. (?:\n{_words(weights)}\n    )\n    (?: \\. (?: {_any_of(_PACKINGS)} ) )*"
    yield r"| [^/]+ \. tar \. [a-z0-9]+"
    yield r"| [^/]* (?: model | lightgbm | lgbm | lgb | booster ) [^/]* \. txt"
    yield "# TensorFlow's variables and checkpoints."
    yield r"| [^/]+ \. (?: index | data-[0-9]+-of-[0-9]+ )"
    yield "# Records: manifests, configurations, metadata, tokenizers, shard indexes, model cards."
    yield rf"| [^/]+ \. (?: {_any_of(_DOCUMENTS)} )"
    names = {name for name in (*RUN_FILES, *CONDA_FILES, PYTHON_ENV_FILE) if not name.endswith(_DOCUMENTS)}
    for name in (MLMODEL, "registered_model_meta", KITFILE, *sorted(names)):
        yield f"| {name}"
    yield r"| (?: vocab | merges ) \. txt"
    yield r"| README \. md"
    yield r"| [^/]* chat_template [^/]* \. jinja2?"
    yield r"| additional_chat_templates / [^/]+ \. jinja2?"
    yield r"| custom_generate / generate \. py"
    yield "# Digests and signatures."
    algorithm = r"(?: md5 | sha -? (?: 1 | 224 | 256 | 384 | 512 ) | b2 | b3 | blake2b? | blake3 )"
    yield rf"| (?: [^/]+ [-.] )? {algorithm} [-_]? (?: (?: check )? sums? )? (?: \. txt )? (?: \. asc )?"
    yield rf"| check [-_]? sums? (?: [-_.] {algorithm} (?: sums? )? )? (?: \. txt )? (?: \. asc )?"
    yield rf"| [^/]+ \. {SIGNATURE.removeprefix('.')}"
    yield "# The environment, DVC, and MLflow's tracking store."
    yield r"| [^/]* (?: requirements | constraints ) [^/]* \. txt"
    for name in (*PROJECT_FILES, *PYTHON_FILES):
        if not name.endswith(_DOCUMENTS):
            yield "| " + name.replace(".", r" \. ").strip()
    for name in sorted({name for name in PIP_FILES if not name.endswith(_DOCUMENTS) and "requirements" not in name}):
        yield f"| {name}"
    yield r"| [^/]+ \. dvc"
    yield r"| dvc \. lock"
    yield r"| mlflow \. db"
    yield "| mlruns / .+"


def _words(suffixes: Iterable[str]) -> str:
    return fill(_any_of(suffixes), _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6, break_long_words=False)


def _any_of(suffixes: Iterable[str]) -> str:
    return " | ".join(sorted(suffix.removeprefix(".") for suffix in suffixes))


def hooks_file() -> str:
    """The text of `.pre-commit-hooks.yaml`."""
    heading = (
        "# Which hook is for what: docs/pre-commit.md. Written by tools/make_docs.py from the package's\n"
        "# artifact_lint/cli/hook_table.py; change that.\n"
    )
    told = hooks()
    first = next(hook for hook in told if not hook.everything)
    return "\n".join([heading, *("\n".join(_lines(hook, anchors=hook is first)) + "\n" for hook in told)])


def _lines(hook: Hook, *, anchors: bool) -> Iterator[str]:
    yield f"- id: {hook.id}"
    yield f"  name: '{hook.name}'"
    yield f"  description: '{hook.description}'"
    yield f"  entry: {hook.entry}"
    yield "  language: python"
    if hook.everything:
        yield "  always_run: true"
        yield "  pass_filenames: false"
    else:
        yield "  args: [--]"
        yield f"  files: {'&files |' if anchors else '*files'}"
        if anchors:
            yield indent(file_pattern(), "    ")
    yield "  require_serial: true"
    yield f"  stages: [{', '.join(STAGES)}]"
    yield f"  minimum_pre_commit_version: {MINIMUM_VERSION}"
