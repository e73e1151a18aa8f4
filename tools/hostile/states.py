"""Objects that act when they are given a state, and functions that are kept in one place and called in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hostile import assembler as a
from hostile.assembler import Name, Raw
from hostile.cases import DANGEROUS, SHELL, UNLISTED, bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.assembler import Value
    from hostile.cases import Bad

FAMILY_STATES = "states"
FAMILY_KEPT = "kept-functions"

_NORMAL = Name("scipy.stats._continuous_distns", "norm_gen")
_ISOTONIC = Name("sklearn.isotonic", "IsotonicRegression")
_OPTIMIZER = Name("torch.optim.sgd", "SGD")
_BOOSTER = Name("xgboost.core", "Booster")
#: What scipy writes into a distribution without shape parameters.
_TEMPLATE = """
def _parse_args(self,  loc=0, scale=1):
    return (), loc, scale

def _parse_args_rvs(self,  loc=0, scale=1, size=None):
    return self._argcheck_rvs( loc, scale, size=size)

def _parse_args_stats(self,  loc=0, scale=1, moments='mv'):
    return (), loc, scale, moments
"""


def cases() -> Iterator[Bad]:
    """States that run a text or replace a method, and calls of what was bound, fetched or left as a factory."""
    for name, why, body in _states():
        yield bad(FAMILY_STATES, name, why, a.stream(body), DANGEROUS, UNLISTED)
    for name, why, body in _kept():
        yield bad(FAMILY_KEPT, name, why, a.stream(body), DANGEROUS, UNLISTED)


def _built(cls: Name, state: Value) -> bytes:
    """NEWOBJ and BUILD."""
    return a.literal(cls) + b")" + a.NEWOBJ + a.literal(state) + a.BUILD


def _states() -> Iterator[tuple[str, str, bytes]]:
    harmful = _TEMPLATE + "print('artifact-lint')\n"
    yield "distribution", "a distribution runs a text of its state", _built(_NORMAL, {"_parse_arg_template": harmful})
    default = _TEMPLATE.replace("loc=0,", "loc=print('artifact-lint'),")
    yield "distribution-default", "a default that is a call", _built(_NORMAL, {"_parse_arg_template": default})
    word = _TEMPLATE.replace("(self,  loc", "(self, a=print(1),  loc")
    yield "distribution-shape", "a shape parameter with a default", _built(_NORMAL, {"_parse_arg_template": word})
    twice = a.literal(_NORMAL) + b")" + a.NEWOBJ + a.literal({"_parse_arg_template": _TEMPLATE, "numargs": 0}) + a.BUILD
    again = a.literal({"_parse_arg_template": harmful, "numargs": 0}) + a.BUILD
    yield "distribution-twice", "a second state replaces the first", twice + again
    key = a.EMPTY_DICT + a.short("_parse_arg_template") + a.long(_TEMPLATE) + b"s"
    key += a.short("_parse_arg_template") + a.long(harmful) + b"s"
    yield "distribution-key-twice", "a key of the state is set twice", a.literal(_NORMAL) + b")\x81" + key + a.BUILD
    own: Value = {"_parse_arg_template": _TEMPLATE, "_attach_methods": _BOOSTER}
    yield "distribution-method", "the state replaces a method that restoring calls", _built(_NORMAL, own)
    pairs = (("_parse_arg_template", harmful), ("numargs", 0))
    yield "distribution-pairs", "a state of pairs, as dict.update takes it", _built(_NORMAL, pairs)
    ordered = Raw(a.call_of("collections", "OrderedDict") + a.short("_parse_arg_template") + a.long(harmful) + b"s")
    yield "distribution-ordered", "a state that is no plain dict", _built(_NORMAL, ordered)
    formula = {"formula": "y ~ print(1)", "frame": None}
    data = Name("statsmodels.base.data", "PandasData")
    yield "formula", "a formula that is evaluated", _built(data, formula | {"restore_design_info": True})
    yield "formula-new", "the same since statsmodels 0.15", _built(data, formula | {"restore_model_spec": True})
    counts = Name("statsmodels.discrete.discrete_model", "NegativeBinomial")
    yield "initialize", "the state replaces `_initialize`", _built(counts, {"_initialize": _BOOSTER})
    curve: Value = {"X_thresholds_": [SHELL], "y_thresholds_": [1], "_build_f": _BOOSTER}
    yield "build-f", "the state replaces `_build_f`, which takes two values of it", _built(_ISOTONIC, curve)
    yield "step", "the state replaces `_patch_step_function`", _built(_OPTIMIZER, {"_patch_step_function": _BOOSTER})
    holder = Raw(_built(Name("types", "SimpleNamespace"), {"setdefault": _BOOSTER}))
    yield "defaults", "an object in the place of the defaults", _built(_OPTIMIZER, {"defaults": holder})
    state: Value = {"_parse_arg_template": harmful}
    by_dill = a.call_of("dill._dill", "_create_array", Name("copyreg", "__newobj__"), (_NORMAL,), state)
    yield "dill-array", "dill gives what it calls a state", by_dill
    logger = a.call_of("logging", "getLogger") + a.literal({"disabled": True}) + a.BUILD
    yield "logger", "the root logger is changed", logger


def _bound(function: Name, *arguments: Value) -> bytes:
    """`functools.partial` as it pickles itself."""
    made = a.call_of("functools", "partial", function)
    return made + a.literal((function, arguments, {}, None)) + a.BUILD


def _missed(factory: Value) -> bytes:
    """A key that is asked for and not there: `dict(ChainMap(defaultdict(factory), {"k": 1}))`."""
    made = Raw(a.call_of("collections", "defaultdict", factory))
    return a.call_of("builtins", "dict", Raw(a.call_of("collections", "ChainMap", made, {"k": 1})))


def _kept() -> Iterator[tuple[str, str, bytes]]:
    yield "partial", "a function of the system, bound", _bound(Name("posix", "system"), SHELL)
    yield "partial-called", "a bound class is called", a.called(_bound(_BOOSTER, SHELL))
    nested = Raw(_bound(_BOOSTER, SHELL))
    yield "partial-nested", "a function that is bound twice", a.called(a.call_of("functools", "partial", nested))
    yield "factory", "a factory is called for a key that lacks", _missed(_BOOSTER)
    yield "factory-partial", "a bound factory", _missed(Raw(_bound(_BOOSTER, SHELL)))
    yield "factory-deep", "a factory of factories", _missed(Raw(_bound(Name("collections", "defaultdict"), _BOOSTER)))
    late = Raw(_bound(Name("builtins", "list")) + a.MEMOIZE)
    rebound = a.POP + b"h\x00" + a.literal((_BOOSTER, (SHELL,), {}, None)) + a.BUILD
    yield "factory-rebound", "a factory that is bound anew", _missed(late) + rebound
    slots = a.NONE + a.literal({"default_factory": _BOOSTER}) + a.TUPLE2
    slot = a.call_of("collections", "defaultdict") + slots + a.BUILD
    yield "factory-slot", "a factory that is set as a slot", slot
    getter = a.call_of("operator", "attrgetter", "__class__")
    yield "attributes", "special attributes, fetched later", getter
    yield "attributes-called", "attributes of a class", a.called(a.call_of("operator", "attrgetter", "f"), a.literal(1))
    yield "items-called", "an item of a list", a.called(a.call_of("operator", "itemgetter", 0), a.literal([SHELL]))
    code = a.called(a.call_of("dill._dill", "_load_type", "CodeType"), a.literal(0))
    yield "dill-type", "dill looks up the type of code", code
    lookup = a.called(a.call_of("dill._dill", "_load_type", "eval"), a.literal("print('artifact-lint')"))
    yield "dill-builtin", "dill looks up a function", lookup
    by_dill = a.call_of("dill._dill", "_create_array", Name("posix", "system"), (SHELL,), None)
    yield "dill-call", "dill calls its first argument", by_dill
    yield "zone", "a time zone is read from a file", a.call_of("dateutil.tz.tz", "tzfile", "artifact-lint.txt")
    endless = Raw(a.call_of("itertools", "count", 0))
    yield "endless", "a list of a counter fills the memory", a.call_of("builtins", "list", endless)
