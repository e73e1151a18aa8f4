"""Classes that act when they are given a state, and the states with which they do nothing.

What is meant are the `__setstate__` methods that run a text of the state, or that call a method of the object which an
attribute of the same name in the state would replace. Read in the sources of scipy 1.6 to 1.17, statsmodels 0.13 to
0.15, scikit-learn 1.9, PyTorch 2.13 and CatBoost 1.2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from artifact_lint.formats.pickles.values import DictValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from artifact_lint.formats.pickles.values import Value

    _Judge: TypeAlias = Callable[[Mapping[str, Value] | None], bool]

#: What asks `ModelData` to evaluate its formula again: up to statsmodels 0.14, and since 0.15.
_FORMULA_KEYS: Final = ("restore_design_info", "restore_model_spec")

#: The text that scipy writes into every distribution and runs when it is restored (`parse_arg_template`): the names of
#: the shape parameters are the only words in it that differ.
_SHAPES: Final = r"(?P<shapes>(?:[A-Za-z_][A-Za-z0-9_]*, )*)"
_TEMPLATE: Final = re.compile(
    rf"""
def _parse_args\(self, {_SHAPES} (?P<taken>loc=0(?:, scale=1)?)\):
    return \((?P=shapes)\), (?P<passed>loc, (?:scale|1))

def _parse_args_rvs\(self, (?P=shapes) (?P=taken), size=None\):
    return self\._argcheck_rvs\((?P=shapes) (?P=passed), size=size\)

def _parse_args_stats\(self, (?P=shapes) (?P=taken), moments='mv'\):
    return \((?P=shapes)\), (?P=passed), moments
""",
    re.ASCII,
)
_TEXT: Final = "_parse_arg_template"
#: Methods that `__setstate__` calls, of the instance's own attributes if they have these names.
_METHODS: Final = ("_attach_methods", "_attach_argparser_methods")
#: Numbers that it computes with.
_NUMBERS: Final = ("numargs", "moment_type")
#: What an optimizer without defaults has.
_NO_DEFAULTS: Final = DictValue()
#: Frozen distributions, which hold a distribution and are restored like any object.
_FROZEN: Final = "_frozen"
#: A registry's models share most of their classes.
_MOST_REMEMBERED: Final = 1 << 12


def acts(cls: str, state: Value) -> bool:
    """Whether an instance of a class, `module:name`, is not seen to do nothing when it is given a state."""
    is_quiet = _judge_of(cls)
    return is_quiet is not None and not is_quiet(_entries(state))


@lru_cache(_MOST_REMEMBERED)
def _judge_of(cls: str) -> _Judge | None:
    module, _, name = cls.partition(":")
    if name.endswith(_FROZEN):
        return None
    return _QUIET.get(cls) or _QUIET.get(module) or _QUIET.get(module.rpartition(".")[0])


def _entries(state: Value) -> Mapping[str, Value] | None:
    """All attributes that a state sets; None where they are not known."""
    return state.entries if isinstance(state, DictValue) and state.exact else None


def _without(*keys: str) -> _Judge:
    """States that have none of these attributes."""

    def is_quiet(entries: Mapping[str, Value] | None) -> bool:
        return entries is not None and not any(key in entries for key in keys)

    return is_quiet


def _is_optimizers(entries: Mapping[str, Value] | None) -> bool:
    if entries is None or "_patch_step_function" in entries:
        return False
    return isinstance(entries.get("defaults", _NO_DEFAULTS), DictValue)


def _has_own_text(entries: Mapping[str, Value] | None) -> bool:
    if entries is None or any(name in entries for name in _METHODS):
        return False
    text = entries.get(_TEXT)
    numbers = all(isinstance(entries.get(name, 0), int) for name in _NUMBERS)
    return isinstance(text, str) and numbers and _TEMPLATE.fullmatch(text) is not None


#: Such classes, or the modules or packages of several, and the states that are known to do nothing.
_QUIET: Final[dict[str, _Judge]] = {
    "scipy.stats._continuous_distns": _has_own_text,
    "scipy.stats._discrete_distns": _has_own_text,
    "scipy.stats._distn_infrastructure": _has_own_text,
    "scipy.stats._levy_stable": _has_own_text,
    "sklearn.isotonic": _without("_build_f"),
    "statsmodels.base.data": _without(*_FORMULA_KEYS),
    "statsmodels.discrete.discrete_model": _without("_initialize"),
    "torch.nn.parallel.distributed": _without(
        "_build_params_for_reducer", "_build_debug_param_to_name_mapping", "_ddp_init_helper"
    ),
    "torch.optim": _is_optimizers,
}
