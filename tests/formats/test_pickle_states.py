"""What an object does with the state that it is given, and when a function that is kept counts as called."""

from __future__ import annotations

import functools
import importlib
import operator
import pickle
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.preprocessing import FunctionTransformer
from weight_files import look

from artifact_lint.model import Use
from artifact_lint.policy.imports import VerdictKind, verdict

if TYPE_CHECKING:
    from artifact_lint.model import Inspection

stats = importlib.import_module("scipy.stats")

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
DISTRIBUTIONS = {
    "randint": stats.randint(1, 10),
    "poisson": stats.poisson(3),
    "uniform": stats.uniform(0, 1),
    "loguniform": stats.loguniform(1e-3, 1),
    "beta": stats.beta(2, 3),
    "norm": stats.norm(),
    "expon": stats.expon(scale=2),
    "sample": stats.rv_discrete(values=([1, 2], [0.5, 0.5])),
}
#: A class without constructor arguments that may be instantiated and not called.
BOOSTER = b"cxgboost.core\nBooster\n"


def uses(inspection: Inspection) -> dict[str, frozenset[Use]]:
    return {found.dotted: found.uses for found in inspection.imports}


def unlisted(inspection: Inspection) -> list[str]:
    return [
        found.dotted
        for found in inspection.imports
        if verdict(found.module, found.name, found.uses).kind is not VerdictKind.ALLOWED
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_with_the_text_that_scipy_writes_does_nothing(name: str, protocol: int) -> None:
    assert unlisted(look(pickle.dumps(DISTRIBUTIONS[name], protocol))) == []


@pytest.mark.parametrize(("old", "new"), [(b"loc=0", b"loc=1"), (b"return (", b"return ["), (b", loc", b",_loc")])
def test_a_distribution_with_any_other_text_runs_it(old: bytes, new: bytes) -> None:
    found = look(pickle.dumps(stats.norm(), 4).replace(old, new, 1))
    assert unlisted(found) == ["scipy.stats._continuous_distns:norm_gen"]
    assert Use.CALLED in uses(found)["scipy.stats._continuous_distns:norm_gen"]


def test_a_distribution_whose_state_replaces_a_method_calls_it() -> None:
    stream = pickle.dumps(stats.norm(), 4)
    assert unlisted(look(stream.replace(b"\x8c\x08badvalue", b"\x8c\x0f_attach_methods", 1)))


@pytest.mark.parametrize("key", [b"restore_design_info", b"restore_model_spec"])
def test_the_data_of_a_model_evaluates_its_formula_where_the_state_asks_for_it(key: bytes) -> None:
    data = b"\x80\x04cstatsmodels.base.data\nPandasData\n)\x81}(X\x07\0\0\0formulaX\x01\0\0\0y%su}b."
    asked = b"X" + bytes([len(key), 0, 0, 0]) + key + b"\x88"
    assert unlisted(look(data.replace(b"%s", b"").replace(b"u}b.", b"ub."))) == []
    assert unlisted(look(data.replace(b"%s", asked).replace(b"u}b.", b"ub."))) == ["statsmodels.base.data:PandasData"]


def test_a_state_that_replaces_a_method_of_an_estimator_is_told() -> None:
    fitted = IsotonicRegression().fit([1.0, 2.0, 3.0], [1.0, 2.0, 2.5])
    stream = pickle.dumps(fitted, 4)
    assert unlisted(look(stream)) == []
    replaced = stream.replace(b"\x8c\x0bincreasing_", b"\x8c\x08_build_f")
    assert replaced != stream
    assert unlisted(look(replaced)) == ["sklearn.isotonic:IsotonicRegression"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_bound_function_is_referred_to_and_not_called(protocol: int) -> None:
    bound = FunctionTransformer(functools.partial(round, ndigits=2))
    found = look(pickle.dumps(bound, protocol))
    assert unlisted(found) == []
    assert next(made for name, made in uses(found).items() if name.endswith(":round")) == {Use.NAMED}


@pytest.mark.parametrize(
    "stream",
    [
        b"\x80\x04cfunctools\npartial\n" + BOOSTER + b"\x85R)R.",
        b"\x80\x04ccollections\ndefaultdict\n" + BOOSTER + b"\x85R.",
        b"\x80\x04ccollections\ndefaultdict\ncfunctools\npartial\n" + BOOSTER + b"\x85R\x85R.",
        b"\x80\x04ccollections\ndefaultdict\n)RN}X\x0f\0\0\0default_factory" + BOOSTER + b"s\x86b.",
    ],
    ids=["partial", "factory", "bound factory", "factory in a slot"],
)
def test_what_is_called_later_in_the_stream_counts_as_called(stream: bytes) -> None:
    assert Use.CALLED in uses(look(stream))["xgboost.core:Booster"]


def test_a_bound_function_that_is_called_is_called_with_what_is_bound() -> None:
    stream = b"\x80\x04cfunctools\npartial\ncbuiltins\nlist\n\x85R)R."
    assert uses(look(stream)) == {"builtins:list": {Use.NAMED, Use.CALLED}}


def test_what_a_bound_function_passes_on_is_called() -> None:
    factory = b"ccollections\ndefaultdict\n" + BOOSTER
    bound = b"cfunctools\npartial\ncbuiltins\nlist\n\x85R(" + factory + b"\x85}NtbR"
    stream = b"\x80\x04" + bound.replace(b"R(", b"R(", 1)
    assert Use.CALLED in uses(look(stream[:-1] + b")R."))["xgboost.core:Booster"]


@pytest.mark.parametrize("factory", [list, int, dict, set, str, functools.partial(defaultdict, int)], ids=str)
def test_an_ordinary_factory_is_quiet(factory: type) -> None:
    made: dict[str, object] = defaultdict(factory)
    made["a"]
    assert unlisted(look(pickle.dumps(made, 4))) == []


def test_an_object_that_is_called_is_told() -> None:
    stream = b"\x80\x04csklearn.preprocessing._function_transformer\nFunctionTransformer\n)\x81)R."
    assert unlisted(look(stream)) == ["sklearn.preprocessing._function_transformer:FunctionTransformer"]


@pytest.mark.parametrize("getter", [operator.attrgetter("values"), operator.attrgetter("a.b", "c")], ids=str)
def test_attributes_that_are_written_literally_are_fetched_by_nothing(getter: object) -> None:
    assert unlisted(look(pickle.dumps(getter, 4))) == []


@pytest.mark.parametrize("name", ["__class__", "a.__init__.__globals__"])
def test_special_attributes_are_told(name: str) -> None:
    assert unlisted(look(pickle.dumps(operator.attrgetter(name), 4))) == ["operator:attrgetter"]


def test_a_getter_that_is_called_is_told() -> None:
    stream = b"\x80\x04coperator\nattrgetter\nX\x01\0\0\0a\x85RK\x01\x85R."
    assert unlisted(look(stream)) == ["operator:attrgetter"]


def test_an_array_of_dill_is_what_its_maker_makes() -> None:
    array = b"\x80\x04cdill._dill\n_create_array\n(%s(tNNtR."
    honest = look(array.replace(b"%s", b"cnumpy._core.multiarray\n_reconstruct\n"))
    assert uses(honest) == {"numpy._core.multiarray:_reconstruct": {Use.CALLED, Use.BUILT}}
    assert unlisted(look(array.replace(b"%s", b"cposix\nsystem\n"))) == ["posix:system"]


def test_arrays_of_dill_that_make_each_other_are_told() -> None:
    depth = 2000
    stream = b"\x80\x04cdill._dill\n_create_array\n\x94" + b"(h\x00" * depth + b")" + b"Nt" * depth + b"R."
    assert unlisted(look(stream)) == ["dill._dill:_create_array"]


def test_a_type_that_dill_looks_up_is_that_type() -> None:
    lookup = b"\x80\x04cdill._dill\n_load_type\nX\x08\0\0\0%s\x85R."
    assert uses(look(lookup.replace(b"%s", b"CodeType"))) == {"types:CodeType": {Use.NAMED}}
    assert unlisted(look(lookup.replace(b"%s", b"property"))) == ["builtins:property"]


def test_a_time_zone_without_a_file_is_quiet() -> None:
    zone = b"\x80\x04cdateutil.tz.tz\ntzfile\n(NX\x03\0\0\0UTCtR."
    assert unlisted(look(zone)) == []
    assert unlisted(look(zone.replace(b"(NX", b"(X\x01\0\0\0fX"))) == ["dateutil.tz.tz:tzfile"]


def test_methods_of_built_in_types_are_named_as_in_python_3() -> None:
    found = look(pickle.dumps(str.lower, 2))
    assert "builtins:str.lower" in uses(found)
    assert unlisted(found) == []
