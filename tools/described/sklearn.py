"""scikit-learn's models in pickles of every kind, and in skops where it is there, by scikit-learn's own word.

Most kinds of models are fitted twice, on a table with names and on an array without. One pipeline is written by every
writer and with every compression.
"""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import pickle
import types
import warnings
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    LabelEncoder,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.validation import check_is_fitted

from described.asked import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from described.asked import Facts

ROWS = 40
#: Written in a module of its own that nobody can import, as in a notebook: cloudpickle and dill keep it by value.
CUSTOM = """
from sklearn.base import BaseEstimator, TransformerMixin

class Doubling(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        self.scale_ = 2.0
        return self

    def transform(self, X):
        return X * self.scale_
"""
#: Classes of which the reader says how many columns they put out.
TELLING = (
    *(StandardScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, SimpleImputer, PCA, TruncatedSVD),
    *(PolynomialFeatures, KBinsDiscretizer, TfidfVectorizer, CountVectorizer, TfidfTransformer, ColumnTransformer),
    *(DictVectorizer, FeatureUnion, RFE, KMeans),
)


def table() -> pd.DataFrame:
    """Three columns of numbers and two of words."""
    source = np.random.RandomState(0)
    return pd.DataFrame(
        {
            "age": source.randint(18, 80, ROWS).astype(float),
            "income": source.rand(ROWS).round(2),
            "score": source.rand(ROWS).round(2),
            "city": source.choice(["Bern", "Zürich", "Genf"], ROWS),
            "plan": source.choice([1, 2, 30], ROWS),
        }
    )


NUMBERS = ["age", "income", "score"]
WORDS = ["city", "plan"]


def labels(*values: object) -> np.ndarray[Any, Any]:
    """A label for each row, in turn."""
    return np.array([values[row % len(values)] for row in range(ROWS)])


def encoded(final: Any, numbers: Any = NUMBERS, words: Any = WORDS, **options: Any) -> Pipeline:  # noqa: ANN401
    """A pipeline that scales some columns and encodes others."""
    encoder = OneHotEncoder(handle_unknown=options.pop("handle_unknown", "ignore"))
    parts = [("num", StandardScaler(), numbers), ("cat", encoder, words)]
    return Pipeline([("prep", ColumnTransformer(parts, **options)), ("clf", final)])


def imputed(final: Any) -> Pipeline:  # noqa: ANN401
    """The same with imputation before each."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    )
    parts = [("num", numbers, slice(0, 3)), ("cat", words, make_column_selector(dtype_include=object))]
    return Pipeline([("prep", ColumnTransformer(parts, remainder="passthrough")), ("clf", final)])


def union(final: Any) -> Pipeline:  # noqa: ANN401
    """Two sets of features of the same columns."""
    return Pipeline([("both", FeatureUnion([("pca", PCA(2)), ("all", StandardScaler())])), ("clf", final)])


def of_numbers() -> Iterator[tuple[str, Any, Any]]:
    """Models of columns of numbers, each with its target."""
    words, wholes, value = labels("no", "yes"), labels(0, 1, 2), table()["income"].to_numpy()
    logistic = LogisticRegression(max_iter=200)
    yield "logistic-text", logistic, words
    yield "logistic-int", logistic, wholes
    yield "logistic-bool", logistic, wholes > 0
    yield "logistic-float", DecisionTreeClassifier(max_depth=2), wholes / 1.0
    yield "logistic-object", logistic, words.astype(object)
    yield "tree", DecisionTreeClassifier(max_depth=2), words
    yield "forest", RandomForestClassifier(n_estimators=3, max_depth=2), words
    yield "forest-regressor", RandomForestRegressor(n_estimators=3, max_depth=2), value
    yield "extra-trees", ExtraTreesRegressor(n_estimators=2, max_depth=2), value
    yield "boosting", GradientBoostingClassifier(n_estimators=2, max_depth=2), words
    yield "hist", HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4), words
    yield "hist-categorical", HistGradientBoostingRegressor(max_iter=2, categorical_features=[0]), value
    yield "ada", AdaBoostClassifier(n_estimators=2), words
    yield "bagging", BaggingClassifier(n_estimators=2), words
    yield "isolation", IsolationForest(n_estimators=2), None
    yield "svc", SVC(), words
    yield "linear-svc", LinearSVC(), wholes
    yield "one-class", OneClassSVM(), None
    yield "nearest", KNeighborsClassifier(), words
    yield "nearest-regressor", KNeighborsRegressor(), value
    yield "bayes", GaussianNB(), words
    yield "dummy", DummyClassifier(), words
    yield "mlp", MLPClassifier((4,), max_iter=5), words
    yield "sgd", SGDClassifier(), wholes
    yield "ridge", Ridge(), value
    yield "ridge-classifier", RidgeClassifier(), words
    yield "elastic", ElasticNet(), value
    yield "linear-many", LinearRegression(), np.stack([value, value], axis=1)
    yield "gaussian", GaussianProcessRegressor(), value
    yield "kmeans", KMeans(3, n_init=1), None
    yield "dbscan", DBSCAN(), None
    yield "pca", PCA(2), None
    yield "knn-imputer", KNNImputer(), None
    yield "scaler", StandardScaler(), None
    yield "bins", KBinsDiscretizer(3, encode="onehot"), None


def of_several() -> Iterator[tuple[str, Any, Any]]:
    """Models around others, each with its target."""
    words, value = labels("no", "yes"), table()["income"].to_numpy()
    logistic = LogisticRegression(max_iter=200)
    yield "pipeline", make_pipeline(StandardScaler(), PCA(2), logistic), words
    yield "passthrough", Pipeline([("none", "passthrough"), ("scale", MinMaxScaler()), ("clf", SVC())]), words
    yield "polynomial", make_pipeline(PolynomialFeatures(2), Normalizer(), FunctionTransformer(), Lasso()), value
    yield "union", union(logistic), words
    yield "selected", make_pipeline(SelectKBest(k=2), logistic), words
    yield "rfe", RFE(LogisticRegression(), n_features_to_select=2), words
    yield "from-model", make_pipeline(SelectFromModel(LinearSVC(), max_features=2), logistic), words
    yield "grid", GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1]}, cv=2), words
    yield "random", RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, n_iter=1, cv=2), value
    yield "calibrated", CalibratedClassifierCV(LinearSVC(), cv=2), words
    yield "voting", VotingClassifier([("a", SVC()), ("b", GaussianNB())]), words
    yield "stacking", StackingClassifier([("a", LinearSVC()), ("b", GaussianNB())], cv=2), words
    yield "rest", OneVsRestClassifier(LogisticRegression()), labels("a", "b", "c")
    yield "many", MultiOutputClassifier(DecisionTreeClassifier(max_depth=1)), np.stack([words, words[::-1]], axis=1)
    yield "many-regressor", MultiOutputRegressor(Ridge()), np.stack([value, value], axis=1)
    yield "target", TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1), value


def of_tables() -> Iterator[tuple[str, Any, Any]]:
    """Models of numbers and words together."""
    words = labels("no", "yes")
    logistic = LogisticRegression(max_iter=200)
    yield "encoded", encoded(logistic), words
    yield "encoded-strictly", encoded(logistic, handle_unknown="error"), words
    yield "encoded-remainder", encoded(logistic, ["age"], ["city"], remainder="passthrough"), words
    yield "encoded-dropping", encoded(logistic, ["age"], ["city"]), words
    yield "encoded-searched", GridSearchCV(encoded(logistic), {"clf__C": [1.0]}, cv=2), words
    yield "imputed", imputed(RandomForestClassifier(n_estimators=2, max_depth=2)), words
    yield "one-hot", OneHotEncoder(handle_unknown="ignore"), None
    yield "ordinal", make_pipeline(OrdinalEncoder(), DecisionTreeClassifier(max_depth=2)), words


def of_texts() -> Iterator[tuple[str, Any]]:
    """Models of a list of texts."""
    yield "tfidf", make_pipeline(TfidfVectorizer(), LogisticRegression())
    yield "counts", make_pipeline(CountVectorizer(), TfidfTransformer(), MultinomialNB())
    yield "hashing", make_pipeline(HashingVectorizer(n_features=16), SGDClassifier())
    yield (
        "topics",
        make_pipeline(CountVectorizer(vocabulary=["good", "bad", "day"]), TruncatedSVD(2), LogisticRegression()),
    )


def write(directory: Path) -> None:
    warnings.simplefilter("ignore")
    np.random.seed(0)  # noqa: NPY002 - what estimators draw from
    data, writers = table(), list(_writers().values())
    index = 0
    for name, model, target in (*of_numbers(), *of_several()):
        for kind, columns in (("table", data[NUMBERS]), ("array", data[NUMBERS].to_numpy())):
            if name.endswith(("-bool", "-float", "-object")) and kind == "array":
                continue
            writers[index % len(writers)](clone(model).fit(columns, target), directory / f"{name}-{kind}")
            index += 1
    for name, model, target in of_tables():
        columns = data[WORDS] if name in {"one-hot", "ordinal"} else data
        writers[index % len(writers)](clone(model).fit(columns, target), directory / f"{name}-table")
        index += 1
    by_position = encoded(LogisticRegression(), [0, 1, -3], [3, 4])
    _joblib(by_position.fit(data.to_numpy(dtype=object), labels("a", "b")), directory / "encoded-array")
    mask = encoded(LogisticRegression(), [True, True, True, False, False], slice("city", "plan"))
    _pickled(2)(mask.fit(data, labels(1, 2)), directory / "encoded-masks")
    texts = ["a good day", "a bad day", "good and bad", "neither of them"] * 3
    for name, model in of_texts():
        writers[index % len(writers)](model.fit(texts, labels("neg", "pos")[:12]), directory / f"{name}-texts")
        index += 1
    _pickled(5)(DictVectorizer().fit([{"a": 1, "b": "x"}, {"b": "y"}]), directory / "dict-vectorizer")
    _joblib(LabelEncoder().fit(["b", "a"]), directory / "label-encoder")
    _pickled(5)(LogisticRegression(), directory / "unfitted")
    _pickled(5)(make_pipeline(StandardScaler(), SVC()), directory / "unfitted-pipeline")
    _pickled(5)(make_pipeline(Normalizer(), FunctionTransformer()), directory / "stateless")
    logistic = LogisticRegression().fit(data[NUMBERS], labels(0, 1))
    _pickled(4)({"model": logistic, "features": NUMBERS, "metrics": {"auc": 0.5}}, directory / "in-dict")
    _joblib([logistic, {"trained": "today"}], directory / "in-list")
    _joblib((logistic, LabelEncoder().fit(["b", "a"])), directory / "with-coder")
    write_variants(directory, encoded(LogisticRegression(), handle_unknown="error").fit(data, labels("no", "yes")))
    write_custom(directory, data[NUMBERS])


def write_variants(directory: Path, model: Any) -> None:  # noqa: ANN401
    """One model by every writer."""
    for name, writer in _writers().items():
        writer(model, directory / f"variant-{name}")
    stream = pickle.dumps(model, 4)
    (directory / "variant.pkl.gz").write_bytes(gzip.compress(stream, mtime=0))
    (directory / "variant.pkl.bz2").write_bytes(bz2.compress(stream))
    (directory / "variant.pkl.xz").write_bytes(lzma.compress(stream))


def write_custom(directory: Path, columns: pd.DataFrame) -> None:
    """A class of one's own, by value."""
    module = types.ModuleType("__main__")
    exec(CUSTOM, module.__dict__)  # so that no file's name is in what cloudpickle keeps
    model = make_pipeline(module.__dict__["Doubling"](), LogisticRegression()).fit(columns, labels("no", "yes"))
    cloudpickle = importlib.import_module("cloudpickle")
    (directory / "custom.cloudpickle").write_bytes(cloudpickle.dumps(model, 4))


def _pickled(protocol: int) -> Callable[[Any, Path], None]:
    def write(model: Any, path: Path) -> None:  # noqa: ANN401
        path.with_name(f"{path.name}.pkl").write_bytes(pickle.dumps(model, protocol))

    return write


def _joblib(model: Any, path: Path) -> None:  # noqa: ANN401
    joblib.dump(model, path.with_name(f"{path.name}.joblib"))


def _packed(codec: str) -> Callable[[Any, Path], None]:
    def write(model: Any, path: Path) -> None:  # noqa: ANN401
        joblib.dump(model, path.with_name(f"{path.name}.{codec}.joblib"), compress=(codec, 3))

    return write


def _by_module(name: str) -> Callable[[Any, Path], None]:
    def write(model: Any, path: Path) -> None:  # noqa: ANN401
        path.with_name(f"{path.name}.{name}").write_bytes(importlib.import_module(name).dumps(model))

    return write


def _skops(model: Any, path: Path) -> None:  # noqa: ANN401
    importlib.import_module("skops.io").dump(model, path.with_name(f"{path.name}.skops"))


def _writers() -> Mapping[str, Callable[[Any, Path], None]]:
    found: dict[str, Callable[[Any, Path], None]] = {f"p{number}": _pickled(number) for number in range(6)}
    found["joblib"] = _joblib
    found |= {codec: _packed(codec) for codec in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4")}
    found |= {name: _by_module(name) for name in ("cloudpickle", "dill")}
    with suppress(ImportError):
        importlib.import_module("skops.io")
        found["skops"] = _skops
    return found


def loaded(file: Path) -> Any:  # noqa: ANN401
    """What the file's own loader gives back."""
    content = file.read_bytes()
    suffix = PurePath(file).suffix
    if suffix == ".skops":
        skops = importlib.import_module("skops.io")
        return skops.loads(content, trusted=skops.get_untrusted_types(data=content))
    if suffix == ".joblib":
        return joblib.load(io.BytesIO(content))
    packed = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}
    if suffix == ".dill":
        return importlib.import_module("dill").loads(content)
    return pickle.loads(packed[suffix](content) if suffix in packed else content)


def facts(file: Path) -> Facts:
    warnings.simplefilter("ignore")
    held = loaded(file)
    models = list(models_in(held, ""))
    path, model = next(found for found in models if len(models) == 1 or not isinstance(found[1], LabelEncoder))
    told: dict[str, object] = {
        "versions": {"scikit-learn": sklearn.__version__},
        **classes_of(model),
        "estimators": {place: dict(one) for place, one in estimators_of(model, path, None)},
    }
    if not says_nothing(model):
        told |= {"column_count": getattr(model, "n_features_in_", None), "columns": columns_of(model)}
    if len(models) > 1:
        told["classes"] = None
    return told


def says_nothing(model: Any) -> bool:  # noqa: ANN401
    """Whether a pipeline asks its first step what it takes, and that step is none."""
    return isinstance(model, Pipeline) and isinstance(model.steps[0][1], str)


def models_in(value: object, path: str) -> Iterator[tuple[str, Any]]:
    if hasattr(value, "fit"):
        yield path, value
    elif isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from models_in(item, f"{path}/{key}" if path else str(key))


def classes_of(model: Any) -> dict[str, object]:  # noqa: ANN401
    classes = getattr(model, "classes_", None)
    if classes is None or isinstance(classes, list):
        return {"classes": None, "class_count": None}
    return {"classes": [str(label) for label in np.asarray(classes).tolist()], "class_count": len(classes)}


def columns_of(model: Any) -> list[list[object]] | None:  # noqa: ANN401
    """The columns by name, or by position where the model knows what is in some."""
    names, count = names_of(model), getattr(model, "n_features_in_", None)
    if count is None:
        return None
    known = dict(categories_of(model, list(range(count))))
    marks = getattr(model, "is_categorical_", None)
    for column in () if marks is None else np.flatnonzero(marks):
        known.setdefault(int(column), None)
    if names is None and not known:
        return None
    names = [None] * count if names is None else list(names)
    return [[name, None, "categorical" if at in known else None, known.get(at)] for at, name in enumerate(names)]


def names_of(model: Any) -> Any:  # noqa: ANN401
    """What it was fitted on; before 1.5, a union and what begins with one had to be asked for its parts."""
    names = getattr(model, "feature_names_in_", None)
    if names is None and isinstance(model, Pipeline):
        return names_of(model.steps[0][1])
    return names_of(model.transformer_list[0][1]) if names is None and isinstance(model, FeatureUnion) else names


def categories_of(model: Any, columns: list[int]) -> Iterator[tuple[int, list[str] | None]]:  # noqa: ANN401
    if isinstance(model, OneHotEncoder | OrdinalEncoder):
        for column, values in zip(columns, model.categories_, strict=True):
            yield column, [str(value) for value in values.tolist()]
    elif isinstance(model, ColumnTransformer):
        for name, part, _ in model.transformers_:
            chosen = np.asarray(model._transformer_to_input_indices[name], dtype=int)  # noqa: SLF001
            yield from categories_of(part, [columns[at] for at in chosen])
    elif isinstance(model, Pipeline):
        for _, step in model.steps:
            yield from categories_of(step, columns)
            if not isinstance(step, SimpleImputer):
                break
    else:
        for name in ("_preprocessor", "best_estimator_"):
            yield from categories_of(getattr(model, name, None), columns) if hasattr(model, name) else ()


def estimators_of(model: Any, path: str, columns: Any) -> Iterator[tuple[str, dict[str, object]]]:  # noqa: ANN401
    """Each estimator by its path, with what it says of itself."""
    if isinstance(model, str):
        return
    names = getattr(model, "feature_names_in_", None) if "feature_names_in_" in vars(model) else None
    width = {} if says_nothing(model) else {"input_width": getattr(model, "n_features_in_", None)}
    told: dict[str, object] = {
        "cls": f"{type(model).__module__}:{type(model).__qualname__}",
        **width,
        "feature_names": None if names is None else list(names),
    }
    told |= fitted(model)
    if isinstance(model, TELLING) and told.get("is_fitted"):
        with suppress(AttributeError, NotFittedError, ValueError):
            told["output_width"] = len(model.get_feature_names_out())
    if columns is not None:
        told["columns"] = columns
    yield path, told
    for inner, part, chosen in parts_of(model):
        yield from estimators_of(part, f"{path}/{inner}" if path else inner, chosen)


def fitted(model: Any) -> dict[str, object]:  # noqa: ANN401
    """Whether the library takes it for fitted; nothing where it needs no fitting."""
    tags = model.__sklearn_tags__() if hasattr(model, "__sklearn_tags__") else None
    needs = tags.requires_fit if tags is not None else model._get_tags()["requires_fit"]  # noqa: SLF001
    if not needs or isinstance(model, FunctionTransformer | HashingVectorizer | Normalizer):
        return {}
    if isinstance(model, Pipeline) and "is_fitted" not in fitted(model.steps[-1][1]):
        return {}
    try:
        check_is_fitted(model)
    except NotFittedError:
        return {"is_fitted": False}
    return {"is_fitted": True}


def parts_of(model: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    for listing in ("steps", "transformer_list"):
        for name, part in getattr(model, listing, ()):
            yield f"{listing}/{name}", part, None
    if hasattr(model, "transformers_"):
        for name, part, columns in model.transformers_:
            chosen = [int(at) for at in model._transformer_to_input_indices[name]]  # noqa: SLF001
            by_name = not isinstance(columns, slice) and len(columns) > 0 and isinstance(columns[0], str)
            sliced = isinstance(columns, slice) and isinstance(columns.start, str)
            yield f"transformers_/{name}", part, list(columns) if by_name else None if sliced else chosen
    for name in ("best_estimator_", "regressor_", "final_estimator_"):
        if name in vars(model):
            yield name, getattr(model, name), None
    if "estimator_" in vars(model) and "estimators_" not in vars(model):
        yield "estimator_", model.estimator_, None
    if isinstance(model, VotingClassifier | StackingClassifier):
        for (name, _), part in zip(model.estimators, model.estimators_, strict=True):
            yield f"estimators_/{name}", part, None


if __name__ == "__main__":
    answer(write, facts)
