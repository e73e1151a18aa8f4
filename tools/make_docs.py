"""Write the pages that follow from the code: the rules from their docstrings and cases, the fields from the schemas.

    python tools/make_docs.py [--check]

writes docs/rules/, docs/manifest.md, docs/configuration.md, docs/integrity.md, docs/reports.md, docs/inspect.md,
.pre-commit-hooks.yaml, and in README.md the table of rules and what the allow-lists cover. With --check it writes
nothing, and fails if a page is not what it would write.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from doc_pages.inspection import inspection_page  # noqa: E402  needs sys.path
from doc_pages.integrity import integrity_page  # noqa: E402  needs sys.path
from doc_pages.lists import coverage  # noqa: E402  needs sys.path
from doc_pages.reports import reports_page  # noqa: E402  needs sys.path
from doc_pages.rules import families, index_page, rule_page  # noqa: E402  needs sys.path
from doc_pages.schemas import configuration_page, manifest_page  # noqa: E402

from artifact_lint.cli.hook_table import hooks_file  # noqa: E402
from artifact_lint.rules import all_rules  # noqa: E402

_START, _END = "<!-- rules:start -->", "<!-- rules:end -->"
_LISTS_START, _LISTS_END = "<!-- lists:start -->", "<!-- lists:end -->"
#: How many lines of a page's difference --check prints.
_SHOWN = 12


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    with tempfile.TemporaryDirectory() as directory:
        made = {ROOT / "docs" / "rules" / f"{info.code}.md": rule_page(info, Path(directory)) for info in all_rules()}
    made[ROOT / "docs" / "rules" / "index.md"] = index_page()
    made[ROOT / "docs" / "manifest.md"] = manifest_page(ROOT)
    made[ROOT / "docs" / "configuration.md"] = configuration_page()
    made[ROOT / "docs" / "integrity.md"] = integrity_page()
    made[ROOT / "docs" / "reports.md"] = reports_page(ROOT)
    made[ROOT / "docs" / "inspect.md"] = inspection_page(ROOT)
    made[ROOT / ".pre-commit-hooks.yaml"] = hooks_file()
    readme = ROOT / "README.md"
    if readme.exists():
        text = _with(readme.read_text(encoding="utf-8"), _LISTS_START, f"{coverage()}\n", _LISTS_END)
        made[readme] = with_rules(text)
    return made


def with_rules(readme: str) -> str:
    """The README with its table of rules renewed; as it is where it has no place for one."""
    return _with(readme, _START, families("docs/rules/"), _END)


def _with(text: str, opening: str, made: str, closing: str) -> str:
    """A text with what stands between two marks renewed; as it is where they are not there."""
    before, start, rest = text.partition(opening)
    _, end, after = rest.partition(closing)
    return f"{before}{start}\n{made}{end}{after}" if start and end else text


def stale(made: dict[Path, str]) -> list[str]:
    """What --check complains of: a line per page, and the beginning of its difference."""
    complaints = []
    for path, text in made.items():
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found != text:
            difference = list(
                unified_diff(found.splitlines(), text.splitlines(), "there", "generated", lineterm="", n=1)
            )
            more = [f"... {len(difference) - _SHOWN} more lines"] if len(difference) > _SHOWN else []
            complaints += [f"{path.relative_to(ROOT)} is stale:", *difference[:_SHOWN], *more]
    known = {path.resolve() for path in made}
    for path in sorted((ROOT / "docs" / "rules").glob("*.md")):
        if path.resolve() not in known:
            complaints.append(f"{path.relative_to(ROOT)} is about no rule")
    return complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a page is stale, and write nothing")
    arguments = parser.parse_args()
    made = pages()
    if arguments.check:
        complaints = stale(made)
        if complaints:
            sys.exit("\n".join([*complaints, "run `python tools/make_docs.py`"]))
        return
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"wrote {len(made)} pages")


if __name__ == "__main__":
    main()
