"""conda's match specifications in pip's spelling.

How they are written: https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html.
"""

from __future__ import annotations

from re import compile as regex

_SPECIFICATION = regex(
    r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?P<operator>==|>=|<=|!=|~=|=|<|>|\s)?\s*(?P<rest>\S.*)?$"
)
_BOUNDS = regex(r"[<>!~,*]")
#: What stands in brackets after a name, as in `scikit-learn[version='>=1.4,<1.5', build=py311*]`.
_BRACKETS = regex(r"(?P<name>[^\[]+)\[(?P<inside>[^\]]*)\]\s*$")
_VERSION_INSIDE = regex(r"(?:^|,)\s*version\s*=\s*(?:'(?P<one>[^']*)'|\"(?P<two>[^\"]*)\"|(?P<bare>[^,'\"]+))")
#: A line that `conda list --export` prints: `numpy=1.26.4=py311h64a7726_0`.
_EXPORTED = regex(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)=(?P<version>[^=\s]+)=[^=\s]+")

#: conda packages that PyPI knows by another name.
_CONDA_NAMES = {
    **dict.fromkeys(("pytorch", "pytorch-cpu", "pytorch-gpu"), "torch"),
    **dict.fromkeys(("py-xgboost", "py-xgboost-cpu", "py-xgboost-gpu"), "xgboost"),
    **dict.fromkeys(("opencv", "py-opencv"), "opencv-python"),
    **dict.fromkeys(("tensorflow-base", "tensorflow-mkl", "tensorflow-eigen"), "tensorflow"),
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "numpy-base": "numpy",
    "pytables": "tables",
    "python-graphviz": "graphviz",
    "ruamel_yaml": "ruamel.yaml",
}


def exported(line: str) -> str | None:
    """A line of `conda list --export` in pip's spelling; None for any other line."""
    matched = _EXPORTED.fullmatch(line)
    return f"{_in_pypi(matched['name'])}=={matched['version']}" if matched is not None else None


def conda_requirement(written: str) -> str | None:
    """A conda match specification in pip's spelling; None for one that is not understood.

    conda's `=1.4` means any 1.4, and `=1.4.2` in practice that very release. Of alternatives (`1.4|1.6`) no version is
    kept, so that any may be meant.
    """
    matched = _SPECIFICATION.match(_without_brackets(written.strip()))
    if matched is None:
        return None
    name = _in_pypi(matched["name"])
    rest = (matched["rest"] or "").strip()
    if not rest or "|" in rest:
        return name
    operator = (matched["operator"] or "").strip()
    if operator not in ("", "=", "=="):
        return f"{name}{operator}{rest}"
    if _BOUNDS.search(rest):
        # `1.4.*` is a version with a wildcard, `1.4*` nearly so; `>=1.4` has its operator.
        return f"{name}{rest}" if operator == "" and not rest[0].isdigit() else f"{name}=={_with_dot(rest)}"
    version = rest.replace(" ", "=").split("=")[0]
    exact = operator == "==" or rest != version or version.count(".") >= 2
    return f"{name}=={version}" if exact else f"{name}=={version}.*"


def _without_brackets(written: str) -> str:
    bracketed = _BRACKETS.match(written)
    if bracketed is None:
        return written
    found = _VERSION_INSIDE.search(bracketed["inside"])
    return (
        f"{bracketed['name'].strip()} {found['one'] or found['two'] or found['bare'] or ''}"
        if found
        else bracketed["name"]
    )


def _with_dot(version: str) -> str:
    return f"{version[:-1]}.*" if version.endswith("*") and not version.endswith(".*") else version


def _in_pypi(name: str) -> str:
    return _CONDA_NAMES.get(name.lower(), name)
