"""The files of the rule cases about scikit-learn's models: fitted here, and some of them changed afterwards."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ROWS = ((1.0, 20.0, 3.0), (60.0, 80.0, 2.0), (2.0, 90.0, 1.0), (48.0, 30.0, 0.0))
_LABELS = (1, 0, 1, 0)
_NAMES = ("tenure", "charges", "visits")


def _encoded(columns: list[str]) -> Any:  # noqa: ANN401  scikit-learn has no types
    """A pipeline as if it had been fitted on a table, whose ColumnTransformer names these columns."""
    import numpy as np  # noqa: PLC0415  only what is fitted needs it
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    transformer = ColumnTransformer([("num", StandardScaler(), [0, 1])], remainder="passthrough")
    model = make_pipeline(transformer, LogisticRegression()).fit(np.array(_ROWS), _LABELS)
    transformer.feature_names_in_ = np.array(_NAMES, dtype=object)
    transformer.transformers = [("num", StandardScaler(), columns)]
    transformer.transformers_ = [("num", transformer.transformers_[0][1], columns), *transformer.transformers_[1:]]
    return model


def _scaled() -> Any:  # noqa: ANN401
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    return make_pipeline(StandardScaler(), LogisticRegression())


def takes_known_columns() -> bytes:
    """A ColumnTransformer that names columns which it was fitted on."""
    return pickle.dumps(_encoded(["tenure", "charges"]), protocol=4)


def takes_unknown_columns() -> bytes:
    """One that names a column which it was not fitted on."""
    return pickle.dumps(_encoded(["tenure", "monthly_charges"]), protocol=4)


def steps_that_fit() -> bytes:
    """A pipeline that was fitted as a whole."""
    return pickle.dumps(_scaled().fit(_ROWS, _LABELS), protocol=4)


def steps_that_differ() -> bytes:
    """A pipeline whose scaler was fitted again, on fewer columns."""
    model = _scaled().fit(_ROWS, _LABELS)
    model[0].fit([row[:2] for row in _ROWS])
    return pickle.dumps(model, protocol=4)


def unfitted() -> bytes:
    """A classifier that was never fitted."""
    return pickle.dumps(_scaled()[-1], protocol=4)


def unfitted_step() -> bytes:
    """A pipeline put together from a classifier that was fitted and a scaler that was not."""
    model = _scaled()
    model[-1].fit(_ROWS, _LABELS)
    return pickle.dumps(model, protocol=4)


def unfitted_inside() -> bytes:
    """A search's result, which has the unfitted estimator that it was made of as well."""
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415

    search = GridSearchCV(_scaled(), {"logisticregression__C": [0.1, 1.0]}, cv=2)
    return pickle.dumps(search.fit(_ROWS, _LABELS), protocol=4)


def beside_fitted() -> bytes:
    """A model, and what it was made of, in one dict."""
    model = _scaled()
    return pickle.dumps({"model": _scaled().fit(_ROWS, _LABELS), "template": model}, protocol=4)


def without_fitting() -> bytes:
    """Steps that need no fitting."""
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, Normalizer  # noqa: PLC0415

    return pickle.dumps(make_pipeline(FunctionTransformer(), Normalizer()), protocol=4)


#: What each file holds, by its path below tests/rules.
ESTIMATORS: dict[str, Callable[[], bytes]] = {
    "CON108/bad-renamed/churn.pkl": takes_unknown_columns,
    "CON108/good/churn.pkl": takes_known_columns,
    "CON108/good-listed/churn.pkl": takes_unknown_columns,
    "CON109/bad-fitted-apart/churn.pkl": steps_that_differ,
    "CON109/good/churn.pkl": steps_that_fit,
    "CON110/bad-model/churn.pkl": unfitted,
    "CON110/bad-step/churn.pkl": unfitted_step,
    "CON110/good/churn.pkl": steps_that_fit,
    "CON110/good-beside/churn.pkl": beside_fitted,
    "CON110/good-search/churn.pkl": unfitted_inside,
    "CON110/good-stateless/churn.pkl": without_fitting,
}
