from __future__ import annotations

import operator
import pickle
import re
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from pickletools import genops
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from artifact_lint.model import Use
from artifact_lint.policy.imports import DATA, Kind, Surroundings, VerdictKind, allowed_names, python3_name, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMED = frozenset({Use.NAMED})
CALLED = frozenset({Use.NAMED, Use.CALLED})
LISTS = sorted((DATA / "allow").glob("*.txt"), key=lambda path: path.name)


def imported(data: bytes) -> Iterator[tuple[str, str]]:
    """The imports of a pickle that Python's own pickler wrote, whose operands are the two strings before."""
    strings: list[str] = []
    memo: list[str | None] = []
    top: str | None = None
    for opcode, argument, _ in genops(data):
        if opcode.name == "MEMOIZE":
            memo.append(top)
            continue
        if opcode.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            yield module, name
        elif opcode.name == "STACK_GLOBAL":
            yield strings[-2], strings[-1]
        top = None
        if "UNICODE" in opcode.name:
            top = str(argument)
        elif opcode.name in {"BINGET", "LONG_BINGET"} and memo:
            top = memo[int(str(argument))]
        if top is not None:
            strings.append(top)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("posix", "system"),
        ("os", "popen"),
        ("nt", "execv"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("importlib", "import_module"),
        ("importlib._bootstrap", "_gcd_import"),
        ("runpy", "run_path"),
        ("pickle", "loads"),
        ("_pickle", "Unpickler"),
        ("marshal", "loads"),
        ("dill._dill", "_create_code"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch.storage", "_load_from_bytes"),
        ("numpy", "load"),
        ("numpy.testing._private.utils", "runstring"),
        ("joblib.numpy_pickle", "NumpyUnpickler"),
        ("pandas", "read_pickle"),
        ("operator", "attrgetter"),
        ("_operator", "attrgetter"),
        ("_operator", "methodcaller"),
        ("_operator", "itemgetter"),
        ("_functools", "reduce"),
        ("uuid", "_get_command_stdout"),
        ("_osx_support", "_read_output"),
        ("_aix_support", "_read_cmd_output"),
        ("_pyrepl.pager", "pipe_pager"),
        ("pathlib", "Path().read_text"),
        ("types", "CodeType"),
        ("sys", "modules"),
        ("logging.config", "dictConfig"),
        ("pip._internal.cli.main", "main"),
        ("asyncio.unix_events", "_UnixSubprocessTransport.__init__"),
        ("socket", "create_connection"),
        ("webbrowser", "open"),
        ("ctypes", "CDLL"),
        ("shutil", "rmtree"),
    ],
)
def test_what_runs_code_or_reaches_out_is_dangerous(module: str, name: str) -> None:
    judged = verdict(module, name, CALLED)
    assert judged.kind is VerdictKind.DANGEROUS
    assert judged.reason


@pytest.mark.parametrize(
    ("module", "name"),
    [("__builtin__", "eval"), ("__builtin__", "execfile"), ("commands", "getoutput"), ("cPickle", "loads")],
)
def test_python_2_names_of_dangerous_functions_are_dangerous(module: str, name: str) -> None:
    assert verdict(module, name, CALLED).kind is VerdictKind.DANGEROUS


@pytest.mark.parametrize(
    ("module", "name", "uses"),
    [
        ("__builtin__", "set", CALLED),
        ("copy_reg", "_reconstructor", CALLED),
        ("UserString", "defaultdict", CALLED),
        ("__builtin__", "hash", NAMED),
    ],
)
def test_python_2_names_of_harmless_ones_are_allowed(module: str, name: str, uses: frozenset[Use]) -> None:
    assert verdict(module, name, uses).kind is VerdictKind.ALLOWED


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.utils", "os.system"),
        ("torch", "os.system"),
        ("collections", "_sys.modules"),
        ("numpy", "lib.npyio.load"),
        ("sklearn.base", "BaseEstimator.__init__.__globals__"),
        ("sklearn", "utils.murmurhash3_32"),
        ("sklearn.utils", "warnings.warn"),
    ],
)
def test_a_dotted_name_is_judged_by_what_it_reaches(module: str, name: str) -> None:
    assert verdict(module, name, CALLED).kind is VerdictKind.DANGEROUS


@pytest.mark.parametrize(
    ("module", "name"),
    [("sklearn.linear_model._logistic", "LogisticRegression.fit"), ("collections", "OrderedDict.fromkeys")],
)
def test_a_dotted_name_is_never_allowed_because_its_first_part_is(module: str, name: str) -> None:
    judged = verdict(module, name, CALLED)
    assert judged.kind is VerdictKind.DOTTED
    assert "reached through" in judged.reason


def test_a_trusted_module_is_no_pass_for_its_other_names() -> None:
    assert verdict("sklearn.linear_model._logistic", "Parallel", CALLED).kind is VerdictKind.UNLISTED


def test_a_name_may_not_be_called_and_a_class_not_constructed() -> None:
    assert verdict("builtins", "len", NAMED).kind is VerdictKind.ALLOWED
    assert verdict("builtins", "len", CALLED).kind is VerdictKind.UNLISTED
    booster = ("xgboost.core", "Booster")
    assert verdict(*booster, frozenset({Use.INSTANTIATED, Use.BUILT})).kind is VerdictKind.ALLOWED
    assert "called" in verdict(*booster, CALLED).reason


def test_a_memory_map_is_never_listed() -> None:
    assert verdict("numpy", "memmap", NAMED).kind is VerdictKind.DANGEROUS
    assert verdict("numpy.core.memmap", "memmap", CALLED).kind is VerdictKind.DANGEROUS


def test_cloudpickle_is_unlisted_because_it_carries_code() -> None:
    judged = verdict("cloudpickle.cloudpickle", "_make_function", CALLED)
    assert judged.kind is VerdictKind.UNLISTED
    assert "code" in judged.reason


def test_torchscript_classes_are_no_python_imports() -> None:
    script = Surroundings(torchscript=True)
    linear = ("__torch__.torch.nn.modules.linear", "Linear", CALLED)
    assert verdict(*linear, script).kind is VerdictKind.ALLOWED
    assert verdict("__torch__", "os.system", CALLED, script).kind is VerdictKind.DANGEROUS
    assert verdict(*linear).kind is VerdictKind.UNLISTED


@given(st.text(), st.text(), st.frozensets(st.sampled_from(Use)))
def test_any_pair_gets_a_verdict_with_a_reason(module: str, name: str, uses: frozenset[Use]) -> None:
    judged = verdict(module, name, uses)
    assert bool(judged.reason) == (judged.kind is not VerdictKind.ALLOWED)


@given(st.sampled_from(["os", "subprocess", "posix", "socket"]), st.text(min_size=1))
def test_every_name_of_a_denied_module_is_dangerous(module: str, name: str) -> None:
    assert verdict(module, name).kind is VerdictKind.DANGEROUS


@given(st.sampled_from(LISTS), st.data())
def test_allowing_follows_from_a_line_and_nothing_else(path: Path, data: st.DataObject) -> None:
    entries = allowed_names(path.stem)
    entry = data.draw(st.sampled_from(sorted(entries)))
    module, _, name = entry.partition(":")
    changed = data.draw(st.text(alphabet="abc_XYZ.", min_size=1, max_size=3))
    assert verdict(module, name, entries[entry].uses).kind is VerdictKind.ALLOWED
    for other in ((module, name + changed), (f"{module}.{changed}", name)):
        if f"{other[0]}:{other[1]}" not in entries:
            assert verdict(*other).kind is not VerdictKind.ALLOWED


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_list_is_sorted_without_doubles_and_names_its_library(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    entries = [line.split(" ")[0] for line in lines]
    assert entries == sorted(set(entries))
    assert all(len(line.split(" ")) == 2 and line.split(" ")[1] in set(Kind) for line in lines)
    if path.stem != "python":
        assert {entry.partition(".")[0].partition(":")[0].lstrip("_") for entry in entries} == {path.stem}


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_no_allowed_name_but_a_mere_one_stands_on_the_deny_list_by_itself(path: Path) -> None:
    denied = {line.split(" ")[0] for line in (DATA / "deny.txt").read_text(encoding="utf-8").splitlines()}
    assert not [entry for entry, kind in allowed_names(path.stem).items() if entry in denied and kind is not Kind.NAME]


@pytest.mark.parametrize("name", ["deny.txt", "explained.txt"])
def test_every_denied_name_has_a_reason(name: str) -> None:
    lines = [line for line in (DATA / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert all(":" in entry and reason for entry, _, reason in (line.partition("  ") for line in lines))
    assert len({line.partition("  ")[0] for line in lines}) == len(lines)


def test_an_unknown_library_has_an_empty_list() -> None:
    assert allowed_names("../python") == {}


def test_python_2_names_are_mapped_as_the_unpickler_does() -> None:
    assert python3_name("__builtin__", "xrange") == ("builtins", "range")
    assert python3_name("copy_reg", "_reconstructor") == ("copyreg", "_reconstructor")
    assert python3_name("mine", "Thing") == ("mine", "Thing")


def test_the_class_method_by_which_a_time_zone_is_pickled_is_allowed() -> None:
    assert verdict("zoneinfo", "ZoneInfo", NAMED).kind is VerdictKind.ALLOWED
    assert verdict("zoneinfo", "ZoneInfo._unpickle", CALLED).kind is VerdictKind.ALLOWED


def test_a_bound_method_is_told_as_one() -> None:
    judged = verdict("mine", "Thing().method", NAMED)
    assert judged.kind is VerdictKind.UNLISTED
    assert "bound" in judged.reason


def test_the_data_of_statsmodels_is_unlisted_where_it_evaluates_a_formula() -> None:
    assert verdict("statsmodels.regression.linear_model", "OLS", NAMED).kind is VerdictKind.ALLOWED
    assert verdict("statsmodels.base.data", "PandasData", frozenset({Use.BUILT})).kind is VerdictKind.ALLOWED
    assert "formula" in verdict("statsmodels.base.data", "PandasData", CALLED).reason


def test_what_is_looked_up_may_be_called_and_not_changed() -> None:
    assert verdict("logging", "getLogger", CALLED).kind is VerdictKind.ALLOWED
    judged = verdict("logging", "getLogger", CALLED | {Use.BUILT})
    assert judged.kind is VerdictKind.UNLISTED
    assert judged.reason == "is allowed to be called, and not to change what is there"


@pytest.mark.parametrize("name", ["count", "cycle", "repeat"])
def test_iterators_without_an_end_are_on_no_list(name: str) -> None:
    judged = verdict("itertools", name, CALLED)
    assert judged.kind is VerdictKind.UNLISTED
    assert "without an end" in judged.reason


def test_a_cache_of_joblib_is_unlisted_until_it_is_made() -> None:
    held = verdict("joblib.memory", "Memory", frozenset({Use.INSTANTIATED, Use.BUILT}))
    assert held.kind is VerdictKind.UNLISTED
    assert "directory of pickles" in held.reason
    assert verdict("joblib.memory", "Memory", CALLED).kind is VerdictKind.DANGEROUS


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "str.split"),
        ("builtins", "str().upper"),
        ("re", "_compile().findall"),
        ("numpy", "column_stack"),
        ("numpy.linalg", "norm"),
        ("pandas.core.tools.datetimes", "to_datetime"),
        ("pandas.core.generic", "NDFrame.fillna"),
        ("scipy.special._special_ufuncs", "expit"),
        ("scipy.spatial.distance", "cosine"),
        ("sklearn.utils.validation", "check_array"),
    ],
)
def test_functions_that_transformers_take_may_be_named_and_not_called(module: str, name: str) -> None:
    assert verdict(module, name, NAMED).kind is VerdictKind.ALLOWED
    assert verdict(module, name, CALLED).kind is not VerdictKind.ALLOWED


@pytest.mark.parametrize("name", ["CyHalfBinomialLoss", "CyPinballLoss", "CyHalfTweedieLossIdentity"])
@pytest.mark.parametrize("form", ["{}", "__pyx_unpickle_{}"])
def test_a_compiled_module_that_knows_its_last_name_only_is_listed_under_it(name: str, form: str) -> None:
    assert verdict("_loss", form.format(name), CALLED).kind is VerdictKind.ALLOWED


VALUES = [
    *(re.compile("a+"), operator.add, np.poly1d([1, 2])),
    *(OrderedDict(a=1), defaultdict(list), Counter("ab"), deque([1]), frozenset({1}), {2}, bytearray(b"x"), 1 + 2j),
    *(slice(1, 2), range(3), SimpleNamespace(a=1), Decimal("1.5"), Fraction(1, 3), UUID(int=1)),
    *(date(2026, 11, 2), datetime(2026, 11, 2, tzinfo=UTC), timedelta(1), timezone(timedelta(hours=1))),
    *(PurePosixPath("a"), PureWindowsPath("a"), b"bytes", np.float32(1), np.dtype("f4,i8"), np.arange(3)),
    *(np.array(["a", None], dtype=object), np.random.default_rng(1), np.random.RandomState(1), np.ma.array([1, 2])),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_ordinary_values_are_allowed_in_every_protocol(value: object, protocol: int) -> None:
    for module, name in imported(pickle.dumps(value, protocol)):
        assert verdict(module, name, NAMED).kind is VerdictKind.ALLOWED, f"{module}:{name}"


ESTIMATORS = [
    LogisticRegression(max_iter=500),
    RandomForestClassifier(n_estimators=2),
    GradientBoostingClassifier(n_estimators=2),
    HistGradientBoostingClassifier(max_iter=2),
    KNeighborsClassifier(algorithm="kd_tree"),
    KNeighborsClassifier(algorithm="ball_tree"),
    SGDClassifier(),
    SVC(),
    NearestNeighbors(),
    GaussianProcessRegressor(RBF(length_scale_bounds="fixed")),
    GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1.0]}, cv=2, scoring="accuracy"),
    make_pipeline(FunctionTransformer(np.log1p), SelectKBest(f_classif, k=2), StandardScaler(), SVC()),
    make_pipeline(ColumnTransformer([("hot", OneHotEncoder(handle_unknown="ignore"), [0])]), SVC()),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_fitted_estimators_are_allowed(estimator: LogisticRegression) -> None:
    features, species = load_iris(return_X_y=True)
    estimator.fit(features, species)
    for protocol in (2, 5):
        for module, name in imported(pickle.dumps(estimator, protocol)):
            assert verdict(module, name, NAMED).kind is VerdictKind.ALLOWED, f"{module}:{name}"


def test_an_isotonic_regression_with_its_interpolation_is_allowed() -> None:
    fitted = IsotonicRegression().fit([1, 2, 3], [1, 2, 4])
    for module, name in imported(pickle.dumps(fitted)):
        assert verdict(module, name, NAMED).kind is VerdictKind.ALLOWED, f"{module}:{name}"
