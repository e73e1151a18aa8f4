"""What the names of Python 2 are called in Python 3.

`pickle` maps them for streams of protocol 0 to 2 (`fix_imports`), by the tables of the standard library's
`_compat_pickle`. An `Import` keeps the name as the stream spells it; what it stands for is decided with the mapped one.
"""

from __future__ import annotations

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING


def python3_name(module: str, name: str) -> tuple[str, str]:
    """The module and name that Python 3 imports for a stream of protocol 0 to 2."""
    if (module, name) in NAME_MAPPING:
        mapped: tuple[str, str] = NAME_MAPPING[module, name]
        return mapped
    return IMPORT_MAPPING.get(module, module), name
