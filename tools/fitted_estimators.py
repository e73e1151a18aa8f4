"""What the pickles of fitted models import: every estimator of scikit-learn, with every option of its text parameters.

Reading the modules of a library tells what it defines; only its pickles tell the names under which its compiled parts
go. `sklearn._loss._loss` calls itself `_loss`, for one.
"""

from __future__ import annotations

import importlib
import pickle
import warnings
from typing import TYPE_CHECKING, Any

from artifact_lint.formats import inspect
from artifact_lint.formats.sources import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.model import Use

#: Parameters that keep the work small, for the estimators that have them.
_SMALL = {"n_estimators": 2, "max_iter": 3, "n_iter": 2, "n_jobs": None, "cv": 2, "n_components": 2, "verbose": 0}
_ROWS = 40
#: A vectorizer with `input="filename"` would open what it is given.
_LEFT_OUT = "input"


def imports_of_fitted_estimators() -> dict[tuple[str, str], frozenset[Use]]:
    """Every module and name that the estimators' own pickles import here, with the uses made of it."""
    return _imports(one for one in map(fitted, _estimators()) if one is not None)


def imports_of_fitted_statsmodels() -> dict[tuple[str, str], frozenset[Use]]:
    """The same of the results of the models of statsmodels, fitted to arrays, to frames and by formula."""
    return _imports(_statsmodels_results())


def _imports(values: Iterable[object]) -> dict[tuple[str, str], frozenset[Use]]:
    warnings.simplefilter("ignore")
    found: dict[tuple[str, str], frozenset[Use]] = {}
    for value in values:
        for protocol in (2, 5):
            for imported in inspect("model.pkl", Memory(pickle.dumps(value, protocol))).imports:
                key = (imported.module, imported.name)
                found[key] = found.get(key, frozenset()) | imported.uses
    return found


def _statsmodels_results() -> Iterator[object]:
    numpy = importlib.import_module("numpy")
    frame = importlib.import_module("pandas").DataFrame
    api = importlib.import_module("statsmodels.api")
    random = numpy.random.RandomState(0)
    features = api.add_constant(random.uniform(0.1, 1, (100, 2)))
    noise = random.uniform(0, 0.2, 100)
    amounts = features.sum(axis=1) + noise
    classes = (amounts + random.normal(0, 0.3, 100) > numpy.median(amounts)).astype(int)
    counts = random.poisson(3, 100)
    series = numpy.cumsum(random.normal(size=100)) + 50
    families = [getattr(api.families, name) for name in ("Gaussian", "Poisson", "Gamma", "NegativeBinomial", "Tweedie")]
    for exogenous in (features, frame(features, columns=["const", "a", "b"])):
        yield from (getattr(api, name)(amounts, exogenous).fit() for name in ("OLS", "WLS", "GLS", "GLSAR", "RLM"))
        yield api.QuantReg(amounts, exogenous).fit()
        yield from (getattr(api, name)(classes, exogenous).fit(disp=0) for name in ("Logit", "Probit", "MNLogit"))
        yield from (getattr(api, name)(counts, exogenous).fit(disp=0) for name in ("Poisson", "NegativeBinomial"))
        yield from (api.GLM(amounts, exogenous, family=family()).fit() for family in families)
        yield api.GLM(classes, exogenous, family=api.families.Binomial()).fit()
        yield api.MixedLM(amounts, exogenous, groups=numpy.arange(100) % 5).fit()
        yield api.OLS(amounts, exogenous).fit_regularized()
    dates = importlib.import_module("pandas").Series(
        series, index=importlib.import_module("pandas").date_range("2026-01-01", periods=100)
    )
    for observed in (series, dates):
        yield api.tsa.ARIMA(observed, order=(1, 1, 1)).fit()
        yield api.tsa.SARIMAX(observed, order=(1, 0, 0), seasonal_order=(1, 0, 0, 4)).fit(disp=0)
        yield api.tsa.ExponentialSmoothing(observed, trend="add", seasonal="mul", seasonal_periods=4).fit()
        yield api.tsa.SimpleExpSmoothing(observed, initialization_method="estimated").fit()
        yield api.tsa.Holt(observed, initialization_method="estimated").fit()
        yield api.tsa.UnobservedComponents(observed, "local level").fit(disp=0)
        yield importlib.import_module("statsmodels.tsa.ar_model").AutoReg(observed, 2).fit()
        yield importlib.import_module("statsmodels.tsa.seasonal").STL(observed, period=4).fit()
    yield api.tsa.VAR(frame({"a": series, "b": series[::-1]})).fit(1)


def _estimators() -> Iterator[Any]:
    discovery = importlib.import_module("sklearn.utils")
    for _, cls in discovery.all_estimators():
        for made in constructed(cls):
            yield made
            yield from _variants(made)


def constructed(cls: type) -> list[Any]:
    """An estimator as scikit-learn's own tests construct it; their helper moved in 1.6."""
    for module, name in (
        ("sklearn.utils._test_common.instance_generator", "_construct_instances"),
        ("sklearn.utils.estimator_checks", "_construct_instances"),
        ("sklearn.utils.estimator_checks", "_construct_instance"),
    ):
        try:
            made = getattr(importlib.import_module(module), name)(cls)
            return list(made) if name.endswith("s") else [made]
        except (ImportError, AttributeError):
            continue
        except Exception:  # noqa: BLE001 - an estimator that its own tests skip
            return []
    return []


def _variants(estimator: Any) -> Iterator[Any]:  # noqa: ANN401 - scikit-learn has no types
    clone = importlib.import_module("sklearn.base").clone
    for parameter, constraints in getattr(estimator, "_parameter_constraints", {}).items():
        if not isinstance(constraints, list) or parameter == _LEFT_OUT:
            continue
        for constraint in constraints:
            for option in sorted(getattr(constraint, "options", ()), key=str):
                if isinstance(option, str) and parameter in estimator.get_params():
                    yield clone(estimator).set_params(**{parameter: option})


def fitted(estimator: Any) -> Any:  # noqa: ANN401 - as above
    """The estimator fitted to the first kind of data that it takes; None where it takes none of them."""
    known = estimator.get_params(deep=False)
    small = {name: value for name, value in _SMALL.items() if name in known and isinstance(known[name], int | None)}
    for data in _data():
        try:
            return estimator.set_params(**small).fit(*data)
        except Exception:  # noqa: BLE001 - the next kind of data may suit
            continue
    return None


def _data() -> Iterator[tuple[Any, ...]]:
    numpy = importlib.import_module("numpy")
    random = numpy.random.RandomState(0)
    features = random.uniform(0.1, 1, (_ROWS, 4))
    classes = numpy.arange(_ROWS) % 3
    amounts = features.sum(axis=1)
    yield features, classes % 2
    yield features, classes
    yield features, amounts
    yield features, numpy.stack([amounts, amounts + 1], axis=1)
    yield features, numpy.stack([classes % 2, classes == 1], axis=1).astype(int)
    yield features[:, 0], amounts
    yield (["some words", "other words", "third"],)
    yield ([{"a": 1, "b": 2}, {"a": 3}],)
    yield (classes,)
    yield ([["a", "b"], ["b"]],)
