"""Small models of XGBoost, LightGBM and CatBoost, and what the libraries themselves say of them.

Run by the Python of an environment that has one of the libraries or more; those that it lacks are left out.
"""

from __future__ import annotations

import json
import pickle
import re
import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from described.asked import answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROWS = 120
#: Marks of XGBoost's feature types that are categories.
CATEGORICAL = "c"


def table(*, with_city: bool = True) -> pd.DataFrame:
    """A made-up table: numbers of several dtypes, and a category."""
    random = np.random.default_rng(0)
    columns: dict[str, Any] = {
        "age": random.integers(18, 80, ROWS),
        "monthly charge": random.normal(50, 20, ROWS),
        "has_card": random.integers(0, 2, ROWS).astype(bool),
    }
    if with_city:
        columns["city"] = pd.Categorical(random.choice(["Bern", "Köln", "Oslo"], ROWS))
    columns["score"] = random.normal(0, 1, ROWS).astype("float32")
    return pd.DataFrame(columns)


def labels(classes: int) -> np.ndarray[Any, Any]:
    """Classes that the age decides."""
    age: np.ndarray[Any, np.dtype[np.int64]] = table()["age"].to_numpy()
    found: np.ndarray[Any, Any] = np.minimum((age - 18) * classes // 62, classes - 1)
    return found


def write_xgboost(directory: Path) -> None:
    import xgboost as xgb  # noqa: PLC0415 - one of three libraries that may be missing

    frame, plain = table(), table(with_city=False)
    two, three = labels(2), labels(3)
    target = frame["score"].to_numpy() * 2
    small = {"max_depth": 2, "verbosity": 0}

    def train(data: xgb.DMatrix, **parameters: object) -> xgb.Booster:
        return xgb.train({**small, **parameters}, data, num_boost_round=3)

    def save(booster: xgb.Booster, name: str, *suffixes: str) -> None:
        for suffix in suffixes:
            booster.save_model(directory / f"xgb-{name}{suffix}")

    modern = tuple(int(part) for part in xgb.__version__.split(".")[:2]) >= (1, 7)
    both = (".json", ".ubj") if modern else (".json",)
    named = xgb.DMatrix(plain, label=two)
    save(train(named, objective="binary:logistic"), "binary", *both)
    save(train(xgb.DMatrix(plain, label=three), objective="multi:softprob", num_class=3), "multiclass", *both)
    save(train(xgb.DMatrix(plain, label=three), objective="multi:softmax", num_class=3), "softmax", ".json")
    save(train(xgb.DMatrix(plain.to_numpy(dtype="float32"), label=target)), "unnamed", *both)
    save(train(named, objective="binary:hinge", booster="dart"), "dart", *both)
    save(train(xgb.DMatrix(plain, label=target), booster="gblinear"), "linear", *both)
    ranked = xgb.DMatrix(plain, label=two)
    ranked.set_group([ROWS // 4] * 4)
    save(train(ranked, objective="rank:pairwise"), "ranking", ".json")
    types = ["int", "q", "i", "float"]
    typed = xgb.DMatrix(plain.to_numpy(dtype="float32"), label=two, feature_names=list("abcd"), feature_types=types)
    save(train(typed, objective="binary:logitraw"), "typed", *both)
    if modern:
        categories = xgb.DMatrix(frame, label=two, enable_categorical=True)
        save(train(categories, objective="binary:logistic", tree_method="hist"), "categories", *both)
        wide = np.stack([two, labels(3) > 1], axis=1)
        save(train(xgb.DMatrix(plain, label=wide), objective="binary:logistic", tree_method="hist"), "labels", ".json")
    for suffix in (".deprecated", ".model"):
        path = directory / f"xgb-old{suffix}"
        train(xgb.DMatrix(plain, label=three), objective="multi:softprob", num_class=3).save_model(path)
        if path.read_bytes()[:1] == b"{":
            path.unlink()
    if not modern:
        return
    (directory / "xgb-booster.pkl").write_bytes(pickle.dumps(train(named, objective="binary:logistic"), protocol=4))
    classifier = xgb.XGBClassifier(n_estimators=3, max_depth=2, verbosity=0).fit(plain, three)
    (directory / "xgb-classifier.pkl").write_bytes(pickle.dumps(classifier, protocol=4))


def write_lightgbm(directory: Path) -> None:
    import lightgbm as lgb  # noqa: PLC0415 - as above

    frame, plain = table(), table(with_city=False)
    two, three = labels(2), labels(3)
    small = {"num_leaves": 3, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1}

    def train(name: str, data: object, label: object, **parameters: object) -> lgb.Booster:
        declared = parameters.pop("declared", "auto")
        group = parameters.pop("group", None)
        dataset = lgb.Dataset(data, label=label, group=group, categorical_feature=declared, free_raw_data=False)
        booster = lgb.train({**small, **parameters}, dataset, num_boost_round=3)
        booster.save_model(
            directory / f"lgb-{name}.txt" if lgb.__version__ > "3" else str(directory / f"lgb-{name}.txt")
        )
        return booster

    booster = train("binary", plain, two, objective="binary")
    train("multiclass", plain, three, objective="multiclass", num_class=3)
    train("ova", plain, three, objective="multiclassova", num_class=3)
    train("regression", plain.to_numpy(dtype="float64"), frame["score"] * 2, objective="regression")
    train("ranking", plain, two, objective="lambdarank", group=[ROWS // 4] * 4)
    train("categories", frame, two, objective="binary", cat_smooth=1, min_data_per_group=1)
    train("declared", plain.to_numpy(dtype="float64"), two, objective="binary", declared=[0, 2])
    two_lists = frame.assign(plan=pd.Categorical(np.arange(ROWS) % 4), constant=1.0)
    train("two-lists", two_lists, two, objective="binary", min_data_per_group=1)
    ordered = frame.assign(city=frame["city"].cat.as_ordered())
    train("ordered", ordered, two, objective="binary")
    if lgb.__version__ < "3":
        return
    (directory / "lgb-booster.pkl").write_bytes(pickle.dumps(booster, protocol=4))
    names = np.array(["low", "middle", "high"])[three]
    classifier = lgb.LGBMClassifier(n_estimators=3, num_leaves=3, n_jobs=1).fit(frame, names)
    (directory / "lgb-classifier.pkl").write_bytes(pickle.dumps(classifier, protocol=4))


def write_catboost(directory: Path) -> None:
    import catboost  # noqa: PLC0415 - as above

    frame, plain = table(), table(with_city=False)
    texts = frame.assign(
        city=frame["city"].astype(str), words=np.array(["fast cheap", "slow dear", "fast dear"])[labels(3)]
    )
    two, three = labels(2), labels(3)
    small = {"iterations": 3, "depth": 2, "verbose": 0, "allow_writing_files": False, "thread_count": 1}

    def save(model: Any, name: str, *suffixes: str) -> None:  # noqa: ANN401 - of a library without types
        for suffix in suffixes:
            model.save_model(directory / f"cat-{name}{suffix}", format={".cbm": "cbm", ".json": "json"}[suffix])

    def classifier(data: object, label: object, **parameters: object) -> Any:  # noqa: ANN401 - as above
        return catboost.CatBoostClassifier(**{**small, **parameters}).fit(data, label)

    both = (".cbm", ".json")
    save(classifier(plain, two), "binary", *both)
    strings = np.array(["low", "middle", "high"])[three]
    save(classifier(plain, strings), "multiclass", *both)
    save(classifier(plain, strings, class_names=["low", "middle", "high"]), "ordered-classes", *both)
    save(classifier(plain, np.array([0.5, 1.0])[two]), "float-classes", *both)
    save(classifier(plain, two.astype(bool)), "bool-classes", *both)
    save(classifier(plain.to_numpy(dtype=object), three, cat_features=[2]), "unnamed", *both)
    # Statistics of categories go into JSON in one file with the model, and are asked for with a pool.
    save(classifier(texts.drop(columns="words"), two, cat_features=["city"]), "categories", ".cbm")
    save(classifier(texts, two, cat_features=["city"], text_features=["words"]), "texts", ".cbm")
    save(classifier(texts.drop(columns="words"), two, cat_features=["city"], one_hot_max_size=10), "one-hot", *both)
    save(classifier(plain, two, ignored_features=[1, 3]), "ignored", *both)
    vectors = plain.assign(vector=list(np.random.default_rng(1).normal(size=(ROWS, 2))))
    save(classifier(vectors, two, embedding_features=["vector"]), "embeddings", ".cbm")
    regressor = catboost.CatBoostRegressor(**small).fit(plain, frame["score"] * 2)
    save(regressor, "regression", *both)
    save(catboost.CatBoostRegressor(**small, grow_policy="Lossguide").fit(plain, frame["score"]), "lossguide", *both)
    pool = catboost.Pool(plain, two, group_id=np.arange(ROWS) // 30)
    save(catboost.CatBoost({**small, "loss_function": "PairLogit"}).fit(pool), "ranking", ".cbm")
    model = classifier(texts.drop(columns="words"), strings, cat_features=["city"])
    (directory / "cat-classifier.pkl").write_bytes(pickle.dumps(model, protocol=4))


def facts_of_xgboost(path: Path) -> Mapping[str, object]:
    import xgboost as xgb  # noqa: PLC0415 - as above

    if path.suffix == ".pkl":
        model = pickle.loads(path.read_bytes())
        booster = model if isinstance(model, xgb.Booster) else model.get_booster()
    else:
        booster = xgb.Booster(model_file=str(path))
    learner = json.loads(booster.save_config())["learner"]
    parameters, objective = learner["learner_model_param"], learner["objective"]["name"]
    count = int(parameters["num_feature"])
    # Before 1.4 a file had no place for names and types.
    has_names = hasattr(booster, "feature_types")
    names = (has_names and booster.feature_names) or [None] * count
    types = (has_names and booster.feature_types) or [None] * count
    kinds = {None: None, CATEGORICAL: "categorical"}
    found: dict[str, object] = {
        "columns": [[name, type_, kinds.get(type_, "numeric"), None] for name, type_ in zip(names, types, strict=True)],
        "column_count": count,
        "class_count": int(parameters["num_class"]) or (2 if objective.startswith("binary:") else None),
    }
    if not has_names:
        found["columns"] = None
    if int(parameters.get("num_target", 1)) > 1:
        found["class_count"] = None
    if path.suffix in {".json", ".ubj"}:
        found["versions"] = {"xgboost": xgb.__version__}
    elif path.suffix != ".pkl":
        del found["columns"]
    return found


def facts_of_lightgbm(path: Path) -> Mapping[str, object]:
    import lightgbm as lgb  # noqa: PLC0415 - as above

    if path.suffix == ".pkl":
        model = pickle.loads(path.read_bytes())
        booster = model if isinstance(model, lgb.Booster) else model.booster_
    else:
        model = booster = lgb.Booster(model_file=str(path))
    names = booster.feature_name()
    dump = booster.dump_model()
    kinds: list[str | None] = [None] * len(names)
    for position, name in enumerate(names):
        info = dump.get("feature_infos", {}).get(name)
        if info is not None:
            kinds[position] = "categorical" if info["values"] else "numeric"
    lists = iter(booster.pandas_categorical or [])
    has_lists = len(booster.pandas_categorical or []) == kinds.count("categorical")
    categories = [list(map(str, next(lists))) if kind == "categorical" and has_lists else None for kind in kinds]
    is_named = names != [f"Column_{position}" for position in range(len(names))]
    classes = dump["num_class"] if dump["num_class"] > 1 else None
    found: dict[str, object] = {
        "columns": [
            [name if is_named else None, None, kind, values]
            for name, kind, values in zip(names, kinds, categories, strict=True)
        ],
        "column_count": booster.num_feature(),
        "class_count": 2 if dump.get("objective", "").startswith("binary") else classes,
    }
    if isinstance(model, lgb.LGBMClassifier):
        found["classes"] = list(map(str, model.classes_))
    if "feature_infos" not in dump:
        del found["columns"]
    return found


def facts_of_catboost(path: Path) -> Mapping[str, object]:
    import catboost  # noqa: PLC0415 - as above

    if path.suffix == ".pkl":
        model = pickle.loads(path.read_bytes())
    else:
        model = catboost.CatBoost().load_model(str(path), format="json" if path.suffix == ".json" else "cbm")
    names = model.feature_names_
    kinds: list[str | None] = ["numeric"] * len(names)
    dtypes: list[str | None] = [None] * len(names)
    for position in model.get_cat_feature_indices():
        kinds[position] = "categorical"
    for position in model.get_text_feature_indices():
        kinds[position] = "text"
    for position in model.get_embedding_feature_indices():
        kinds[position], dtypes[position] = None, "embedding"
    is_named = names != [str(position) for position in range(len(names))]
    classes = [str(label) for label in model.classes_]
    columns = zip(names if is_named else [None] * len(names), dtypes, kinds, strict=True)
    found: dict[str, object] = {
        "columns": [[name, dtype, kind, None] for name, dtype, kind in columns],
        "column_count": len(names),
        "classes": classes or None,
        "class_count": len(classes) or None,
    }
    if re.search(rf"\b{re.escape(catboost.__version__)}\b", model.get_metadata()["catboost_version_info"]):
        found["versions"] = {"catboost": catboost.__version__}
    return found


def write(directory: Path) -> None:
    """Write the models of each library that is there."""
    warnings.simplefilter("ignore")
    writers = {"xgboost": write_xgboost, "lightgbm": write_lightgbm, "catboost": write_catboost}
    for library, write_models in writers.items():
        if find_spec(library):
            write_models(directory)


def facts(path: Path) -> Mapping[str, object]:
    """What the library says of a model that it loads."""
    warnings.simplefilter("ignore")
    readers = {"xgb": facts_of_xgboost, "lgb": facts_of_lightgbm, "cat": facts_of_catboost}
    return readers[path.name[:3]](path)


if __name__ == "__main__":
    answer(write, facts)
