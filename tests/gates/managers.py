"""pre-commit and prek, the real ones, with this project's hooks installed in each."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from gates.repositories import ROOT, Repository, run, ship

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gates.repositories import Outcome

DECLARED: list[dict[str, object]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
IDS = [str(hook["id"]) for hook in DECLARED]
FAMILIES = [name for name in IDS if not name.startswith("artifact-lint")]


@dataclass(frozen=True, slots=True)
class Manager:
    """A hook manager: `shipped` is the repository that it takes the hooks from, `home` where it installs them."""

    name: str
    shipped: Repository
    environment: Mapping[str, str]
    home: Path

    def configuration(self, *hooks: str, **options: object) -> str:
        """A .pre-commit-config.yaml with some hooks, each with the same options."""
        listed = [{"id": hook, **options} for hook in hooks]
        repository = {"repo": str(self.shipped.path), "rev": self.shipped.git("rev-parse", "HEAD"), "hooks": listed}
        return yaml.safe_dump({"repos": [repository]}, sort_keys=False)

    def use(self, repository: Repository, *hooks: str, **options: object) -> Repository:
        """Commit a configuration with some hooks to a repository; the repository with the manager at hand."""
        repository.write(".pre-commit-config.yaml", self.configuration(*hooks, **options))
        repository.git("add", ".pre-commit-config.yaml")
        repository.commit("use the hooks")
        return Repository(repository.path, {**repository.environment, **self.environment})

    def run(self, user: Repository, *words: str) -> Outcome:
        return user.run(self.name, "run", "--verbose", "--color=never", *words)


def wheels(place: Path, environment: Mapping[str, str]) -> Path:
    """All that the hooks' environment is made of, to be installed from without a network."""
    source = place / "source"
    source.mkdir()
    ship(source)
    words = (sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(place / "wheels"), str(source))
    outcome = run(*words, "hatchling", at=place, environment=environment)
    assert outcome.code == 0, outcome.text
    return place / "wheels"


def offline(environment: Mapping[str, str], wheels: Path) -> dict[str, str]:
    """An environment in which packages come from a directory, and nothing from a network."""
    nowhere = "http://127.0.0.1:9"
    return {
        **environment,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(wheels),
        "UV_PYTHON_DOWNLOADS": "never",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere),
        "NO_PROXY": "",
        "no_proxy": "",
    }


def sections(outcome: Outcome, ids: Sequence[str] = tuple(IDS)) -> dict[str, str]:
    """What the manager printed under each hook's id."""
    found: dict[str, str] = {}
    current = ""
    for line in outcome.text.splitlines():
        name = line.removeprefix("- hook id: ")
        if name != line and name in ids:
            current = name
        found[current] = f"{found.get(current, '')}{line}\n"
    return found
