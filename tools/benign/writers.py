"""Write one environment's share of the benign corpus with the libraries that are installed in it.

    python writers.py DIRECTORY GROUP...

Runs on Python 3.7 and newer. Seeds and times are fixed. Each line of output is JSON: a file's path below the directory,
the library that wrote it and its version, or the name of what could not be written and why.
"""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import importlib
import io
import json
import pathlib
import pickle
import random
import struct
import sys
import uuid
import zipfile
from typing import TYPE_CHECKING

PROTOCOLS = (2, 3, 4, 5) if sys.version_info >= (3, 8) else (2, 3, 4)
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from numpy import float64, int64
    from numpy.typing import NDArray

WRITERS: dict[str, Callable[[Directory], None]] = {}


def group(function: Callable[[Directory], None]) -> Callable[[Directory], None]:
    WRITERS[function.__name__] = function
    return function


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


def _version(library: str) -> str:
    """The version that the installed distribution of that import name has."""
    module = load(library)
    if hasattr(module, "__version__"):
        return str(module.__version__)
    return str(load("importlib.metadata").version(library))


class Directory:
    """Where files go, and the line that is said of each."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def write(self, name: str, library: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.tell(name, library)

    def tell(self, name: str, library: str) -> None:
        version = sys.version.split()[0] if library == "python" else _version(library)
        print(json.dumps({"path": name, "library": library, "version": version}), flush=True)

    def pickled(self, name: str, library: str, value: object, protocol: int = 4) -> None:
        self.write(name, library, pickle.dumps(value, protocol))

    def every_protocol(self, name: str, library: str, value: object) -> None:
        for protocol in PROTOCOLS:
            self.pickled(f"{name}.p{protocol}.pkl", library, value, protocol)


def _data() -> tuple[NDArray[float64], NDArray[int64]]:
    numpy = load("numpy")
    generator = numpy.random.RandomState(7)
    inputs = generator.normal(size=(60, 4)).round(3)
    return inputs, (inputs[:, 0] + inputs[:, 1] > 0).astype(int)


_TEXTS = [
    "good service",
    "bad service",
    "os.system is a function",
    "eval of the model",
    "good price",
    "import taxes",
] * 5


def _few_estimators() -> Iterator[tuple[str, object]]:
    cluster = load("sklearn.cluster")
    decomposition = load("sklearn.decomposition")
    ensemble = load("sklearn.ensemble")
    text = load("sklearn.feature_extraction.text")
    linear_model = load("sklearn.linear_model")
    neighbors = load("sklearn.neighbors")
    pipeline = load("sklearn.pipeline")
    preprocessing = load("sklearn.preprocessing")
    svm = load("sklearn.svm")

    inputs, labels = _data()
    names = load("numpy").array(["no", "yes"])[labels]
    yield "logistic", linear_model.LogisticRegression(solver="lbfgs").fit(inputs, labels)
    yield (
        "forest",
        ensemble.RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0).fit(inputs, names),
    )
    yield (
        "boosting",
        ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0).fit(inputs, labels),
    )
    yield "sgd", linear_model.SGDClassifier(random_state=0).fit(inputs, labels)
    yield "svc", svm.SVC(gamma="scale").fit(inputs, labels)
    yield "kmeans", cluster.KMeans(n_clusters=3, n_init=2, random_state=0).fit(inputs)
    yield "pca", decomposition.PCA(2).fit(inputs)
    yield "neighbours", neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(inputs, labels)
    yield (
        "pipeline",
        pipeline.make_pipeline(
            preprocessing.StandardScaler(),
            linear_model.LogisticRegression(solver="lbfgs"),
        ).fit(inputs, labels),
    )
    yield "labels", preprocessing.LabelEncoder().fit(names)
    yield "tfidf", text.TfidfVectorizer().fit(_TEXTS)


def _more_estimators() -> Iterator[tuple[str, object]]:
    calibration = load("sklearn.calibration")
    compose = load("sklearn.compose")
    discriminant_analysis = load("sklearn.discriminant_analysis")
    ensemble = load("sklearn.ensemble")
    feature_extraction = load("sklearn.feature_extraction")
    gaussian_process = load("sklearn.gaussian_process")
    kernels = load("sklearn.gaussian_process.kernels")
    impute = load("sklearn.impute")
    isotonic = load("sklearn.isotonic")
    linear_model = load("sklearn.linear_model")
    metrics = load("sklearn.metrics")
    model_selection = load("sklearn.model_selection")
    naive_bayes = load("sklearn.naive_bayes")
    neighbors = load("sklearn.neighbors")
    neural_network = load("sklearn.neural_network")
    pipeline = load("sklearn.pipeline")
    preprocessing = load("sklearn.preprocessing")
    tree = load("sklearn.tree")
    numpy, pandas = load("numpy"), load("pandas")

    inputs, labels = _data()
    frame = pandas.DataFrame(inputs, columns=["age", "income", "debt", "score"])
    frame["region"] = ["north", "south", "east"] * 20
    yield (
        "histogram-boosting",
        ensemble.HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=5).fit(inputs, labels),
    )
    yield (
        "network",
        neural_network.MLPClassifier((4,), max_iter=400, random_state=0, solver="lbfgs").fit(inputs, labels),
    )
    yield (
        "gaussian-process",
        gaussian_process.GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()).fit(inputs[:20], labels[:20]),
    )
    yield "isotonic", isotonic.IsotonicRegression().fit(inputs[:, 0], labels)
    yield (
        "calibrated",
        calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2).fit(inputs, labels),
    )
    yield (
        "isolation",
        ensemble.IsolationForest(n_estimators=3, max_samples=16, random_state=numpy.random.RandomState(3)).fit(inputs),
    )
    yield (
        "stacking",
        ensemble.StackingClassifier([("nb", naive_bayes.GaussianNB())], linear_model.LogisticRegression(), cv=2).fit(
            inputs, labels
        ),
    )
    yield "dictionaries", feature_extraction.DictVectorizer().fit([{"a": 1, "b": "x"}, {"b": "y"}])
    yield "function", preprocessing.FunctionTransformer(numpy.log1p)
    yield "power", preprocessing.PowerTransformer().fit(inputs)
    yield "discriminant", discriminant_analysis.LinearDiscriminantAnalysis().fit(inputs, labels)
    yield "tree", tree.DecisionTreeRegressor(max_depth=3).fit(inputs, labels)
    yield "ball-tree", neighbors.BallTree(inputs[:20])
    scorer = metrics.make_scorer(metrics.f1_score)
    yield (
        "search",
        model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(inputs, labels),
    )
    yield (
        "search-scorer",
        model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, scoring=scorer).fit(
            inputs, labels
        ),
    )
    numeric = pipeline.Pipeline([("impute", impute.SimpleImputer()), ("scale", preprocessing.StandardScaler())])
    parts = [
        ("numeric", numeric, ["age", "income"]),
        ("region", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["region"]),
    ]
    columns = compose.ColumnTransformer(parts, remainder="drop")
    yield (
        "columns",
        pipeline.Pipeline([("columns", columns), ("model", linear_model.LogisticRegression())]).fit(frame, labels),
    )


@group
def sklearn_few(directory: Directory) -> None:
    joblib = load("joblib")
    for index, (name, estimator) in enumerate(_few_estimators()):
        _save_in_turn(directory, joblib, index, name, estimator)


@group
def sklearn(directory: Directory) -> None:
    joblib = load("joblib")
    estimators = [*_few_estimators(), *_more_estimators()]
    for index, (name, estimator) in enumerate(estimators):
        _save_in_turn(directory, joblib, index, name, estimator)
    directory.every_protocol("every-protocol", "sklearn", estimators[8][1])
    directory.pickled("dictionary.pkl", "sklearn", {"model": estimators[0][1], "columns": ["a", "b"], "threshold": 0.5})


def _save_in_turn(directory: Directory, joblib: ModuleType, index: int, name: str, estimator: object) -> None:
    """Pickle protocols and joblib's compressions, one after the other."""
    kinds = ("p2.pkl", "p4.pkl", "joblib", "z.joblib", "p3.pkl", "gz.joblib", "bz2.joblib")
    kind = kinds[index % len(kinds)]
    file = f"{name}.{kind}"
    if kind.endswith(".pkl"):
        directory.pickled(file, "sklearn", estimator, int(kind[1]))
    else:
        compression = {"joblib": 0, "z.joblib": 3, "gz.joblib": ("gzip", 3), "bz2.joblib": ("bz2", 3)}[kind]
        joblib.dump(estimator, str(directory.path / file), compress=compression)
        directory.tell(file, "sklearn")


@group
def compressions(directory: Directory) -> None:
    joblib = load("joblib")
    numpy = load("numpy")
    value = {
        "floats": numpy.arange(100.0),
        "empty": numpy.zeros((0, 3)),
        "texts": numpy.array(["a", "bcd"]),
        "objects": numpy.array([None, "x", 1], dtype=object),
        "behind": [1, "after the arrays"],
        "columns": numpy.zeros((3, 4), order="F"),
    }
    for kind in (0, "zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
        name = "arrays-{}.joblib".format(kind or "raw")
        joblib.dump(value, str(directory.path / name), compress=(kind, 3) if kind else 0)
        directory.tell(name, "joblib")
    opcodes = b"cposix\nsystem\n(Vecho artifact-lint\ntR."
    spelled = {"array-bytes-that-spell-opcodes.joblib": bytes(8) + opcodes}
    if hasattr(load("joblib.numpy_pickle"), "NUMPY_ARRAY_ALIGNMENT_BYTES"):
        # Before the padding of joblib 1.2, pickle itself would take these bytes for the stream's next opcodes.
        spelled["array-bytes-that-are-a-pickle.joblib"] = opcodes
    for name, content in spelled.items():
        array = numpy.frombuffer(content.ljust(64, b"\0"), dtype="u1")
        joblib.dump([array, "after"], str(directory.path / name))
        directory.tell(name, "joblib")
    joblib.dump([numpy.array([{"a": 1}, [2], None], dtype=object)] * 2, str(directory.path / "object-arrays.joblib"))
    directory.tell("object-arrays.joblib", "joblib")


@group
def old_joblib(directory: Directory) -> None:
    """joblib before 0.10 writes arrays into files of their own, and compressed streams as z-files."""
    joblib = load("joblib")
    numpy = load("numpy")
    value = {"a": numpy.arange(20.0), "b": "text"}
    for name, compression in (("ndarray", 0), ("z-file", 3)):
        (directory.path / name).mkdir(exist_ok=True)
        joblib.dump(value, str(directory.path / name / "model.pkl"), compress=compression, cache_size=0)
        for path in sorted((directory.path / name).iterdir()):
            directory.tell(f"{name}/{path.name}", "joblib")
    joblib.dump({"no": "array", "n": 3}, str(directory.path / "plain.z"), compress=3)
    directory.tell("plain.z", "joblib")


@group
def numpy(directory: Directory) -> None:
    numpy = load("numpy")
    arrays = {
        "floats": numpy.arange(20.0),
        "structured": numpy.zeros(3, dtype=[("a", "f4"), ("b", "i8"), ("c", "S3")]),
        "dates": numpy.array(["2026-01-01", "2026-01-02"], dtype="M8[D]"),
        "masked": numpy.ma.masked_array([1.0, 2.0], mask=[False, True]),
        "matrix-of-objects": numpy.array([["a", 1], [None, 2.5]], dtype=object),
    }
    directory.every_protocol("arrays", "numpy", arrays)
    scalars = [numpy.float64(1.5), numpy.int64(3), numpy.bool_(1), numpy.str_("x"), numpy.datetime64("2026-01-01")]
    directory.pickled("scalars.pkl", "numpy", scalars)
    directory.pickled(
        "dtypes.pkl", "numpy", [numpy.dtype("f4"), numpy.dtype([("a", "O")]), numpy.float32, numpy.ndarray]
    )
    directory.pickled("random-state.pkl", "numpy", numpy.random.RandomState(3), 2)
    if hasattr(numpy.random, "default_rng"):
        generators = [numpy.random.default_rng(3), numpy.random.Generator(numpy.random.MT19937(3))]
        directory.pickled("generators.pkl", "numpy", generators)
    directory.pickled("ufuncs.pkl", "numpy", {"inverse": numpy.expm1, "function": numpy.log1p})
    polynomial = numpy.polynomial.Polynomial([1.0, 2.0])
    directory.pickled("polynomial.pkl", "numpy", [polynomial, numpy.poly1d([1.0, 2.0])])
    for name, value in (("floats", arrays["floats"]), ("structured", arrays["structured"])):
        buffer = io.BytesIO()
        numpy.save(buffer, value)
        directory.write(name + ".npy", "numpy", buffer.getvalue())
    objects = io.BytesIO()
    numpy.save(objects, arrays["matrix-of-objects"], allow_pickle=True)
    directory.write("objects.npy", "numpy", objects.getvalue())
    archive = io.BytesIO()
    numpy.savez_compressed(archive, **arrays)
    directory.write("arrays.npz", "numpy", archive.getvalue())


@group
def pandas(directory: Directory) -> None:
    numpy, pandas = load("numpy"), load("pandas")
    frame = pandas.DataFrame(
        {"age": [1, 2, 3], "name": ["a", "b", None], "when": pandas.date_range("2026-01-01", periods=3)}
    )
    frame["kind"] = pandas.Categorical(["x", "y", "x"])
    directory.pickled("frame.pkl", "pandas", frame, 2)
    directory.pickled("frame.p4.pkl", "pandas", frame)
    multi = frame.assign(other=[1.5, None, 2.0]).set_index(["age", "name"])
    directory.pickled("multi-index.pkl", "pandas", multi)
    zoned = pandas.Series(pandas.date_range("2026-01-01", periods=3, tz="UTC"), name="when")
    directory.pickled(
        "series.pkl", "pandas", [zoned, pandas.Series([1, 2], dtype="Int64"), pandas.Timestamp("2026-01-01")]
    )
    intervals = pandas.Series(pandas.cut(numpy.arange(6.0), 3))
    directory.pickled("intervals.pkl", "pandas", [intervals, pandas.Timedelta("1 day"), pandas.Period("2026-01", "M")])


@group
def scipy(directory: Directory) -> None:
    numpy, sparse = load("numpy"), load("scipy.sparse")
    dense = numpy.eye(4)
    for name in ("csr", "csc", "coo", "lil", "dok"):
        directory.pickled(f"{name}.pkl", "scipy", getattr(sparse, name + "_matrix")(dense), 4)
    buffer = io.BytesIO()
    sparse.save_npz(buffer, sparse.csr_matrix(dense))
    directory.write("csr.npz", "scipy", buffer.getvalue())
    interpolate = load("scipy.interpolate")
    grid = numpy.linspace(0, 1, 8)
    directory.pickled("spline.pkl", "scipy", interpolate.CubicSpline(grid, grid**2))
    directory.pickled("kd-tree.pkl", "scipy", load("scipy.spatial").cKDTree(dense))


@group
def skops(directory: Directory) -> None:
    skops = load("skops.io")
    for name, estimator in _few_estimators():
        if name in {"logistic", "forest", "pipeline", "tfidf"}:
            directory.write(f"{name}.skops", "skops", skops.dumps(estimator))


@group
def xgboost(directory: Directory) -> None:
    xgboost = load("xgboost")
    inputs, labels = _data()
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1).fit(inputs, labels)
    directory.pickled("xgb.pkl", "xgboost", model)
    directory.pickled("booster.pkl", "xgboost", model.get_booster(), 2)
    load("joblib").dump(model, str(directory.path / "xgb.joblib"), compress=3)
    directory.tell("xgb.joblib", "xgboost")
    model.save_model(str(directory.path / "xgb.json"))
    directory.tell("xgb.json", "xgboost")
    binary = "xgb.ubj" if "ubj" in str(model.save_model.__doc__) else "xgb.model"  # XGBoost 1.6 brought UBJSON
    model.get_booster().save_model(str(directory.path / binary))
    directory.tell(binary, "xgboost")


@group
def lightgbm(directory: Directory) -> None:
    lightgbm = load("lightgbm")
    inputs, labels = _data()
    model = lightgbm.LGBMClassifier(n_estimators=3, num_leaves=4, n_jobs=1, verbose=-1).fit(inputs, labels)
    directory.pickled("lgbm.pkl", "lightgbm", model)
    directory.pickled("lgbm-booster.pkl", "lightgbm", model.booster_, 2)
    load("joblib").dump(model, str(directory.path / "lgbm.joblib"))
    directory.tell("lgbm.joblib", "lightgbm")
    model.booster_.save_model(str(directory.path / "lgbm.txt"))
    directory.tell("lgbm.txt", "lightgbm")


@group
def catboost(directory: Directory) -> None:
    catboost = load("catboost")
    inputs, labels = _data()
    options = {"iterations": 3, "depth": 2, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    model = catboost.CatBoostClassifier(**options).fit(inputs, labels)
    directory.pickled("catboost.pkl", "catboost", model)
    model.save_model(str(directory.path / "catboost.cbm"))
    directory.tell("catboost.cbm", "catboost")


def _name_sources_from_the_package(serialization: ModuleType) -> None:
    """The legacy format keeps the source of whole modules with its path, which would be this machine's."""
    original = getattr(serialization, "get_source_lines_and_file", None)
    if original is None:
        return

    def relative(*arguments: object) -> tuple[object, ...]:
        lines, number, path = original(*arguments)
        return lines, number, path[path.rindex("/torch/") + 1 :] if path else path

    serialization.get_source_lines_and_file = relative  # type: ignore[attr-defined]  # replaced on purpose


@group
def torch(directory: Directory) -> None:
    torch = load("torch")
    _name_sources_from_the_package(torch.serialization)
    torch.manual_seed(7)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(3, 2)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(5, 4)).sum().backward()
        optimizer.step()
        scheduler.step()
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": 3,
    }
    recurrent = torch.nn.Sequential(torch.nn.Conv1d(2, 3, 3), torch.nn.LSTM(3, 2))
    encoder = torch.nn.TransformerEncoderLayer(4, 2, 8)
    values = {
        "state-dict.pt": model.state_dict(),
        "training.ckpt": dict(state, arguments={"lr": 0.01, "name": "os.system('x') is only a text"}),
        "pytorch_model.bin": model.state_dict(),
        "module.pth": model,
        "recurrent.pt": recurrent,
        "encoder.pt": encoder,
        "optimizer.pt": optimizer.state_dict(),
        "tensors.pt": [
            torch.arange(4),
            torch.ones(2, dtype=torch.bool),
            torch.zeros(2, 2, dtype=torch.float16),
            torch.Size([2]),
        ],
        "bfloat16.pt": {
            "weight": torch.zeros(3, dtype=torch.bfloat16),
            "device": torch.device("cpu"),
            "dtype": torch.float32,
        },
        "parameter.pth.tar": {
            "state_dict": collections.OrderedDict(weight=torch.nn.Parameter(torch.ones(2))),
            "best": 0.5,
        },
    }
    for name, value in values.items():
        buffer = io.BytesIO()
        torch.save(value, buffer)
        directory.write(name, "torch", buffer.getvalue())
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (1, 6):
        for name in ("state-dict.pt", "module.pth"):
            buffer = io.BytesIO()
            torch.save(values[name], buffer, _use_new_zipfile_serialization=False)
            directory.write("legacy-" + name, "torch", buffer.getvalue())
        quantized = io.BytesIO()
        torch.save(torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), quantized)
        directory.write("quantized.pt", "torch", quantized.getvalue())
    model.eval()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 1)), str(directory.path / "scripted.pt"))
    directory.tell("scripted.pt", "torch")
    directory.pickled("module.pkl", "torch", torch.nn.Linear(2, 1), 4)


@group
def transformers(directory: Directory) -> None:
    torch, transformers = load("torch"), load("transformers")
    arguments = transformers.TrainingArguments(
        output_dir="out", logging_dir="out/logs", report_to=[], use_cpu=True, disable_tqdm=True, seed=7
    )
    torch.save(arguments, str(directory.path / "training_args.bin"))
    directory.tell("training_args.bin", "transformers")
    sizes = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "vocab_size": 32,
    }
    model = transformers.BertModel(transformers.BertConfig(max_position_embeddings=8, **sizes))
    model.save_pretrained(str(directory.path / "bert"))
    torch.save(model.state_dict(), str(directory.path / "bert" / "pytorch_model.bin"))
    torch.save(torch.get_rng_state(), str(directory.path / "rng_state.pth"))
    directory.tell("rng_state.pth", "torch")
    template = (
        "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] | trim + eos_token }}"
        "{% if loop.last and add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}{% endfor %}"
    )
    configuration = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template, "model_max_length": 8}
    (directory.path / "bert" / "tokenizer_config.json").write_text(json.dumps(configuration, indent=1))
    for path in sorted((directory.path / "bert").iterdir()):
        directory.tell(f"bert/{path.name}", "transformers")


@group
def keras(directory: Directory) -> None:
    keras = load("keras")
    keras.utils.set_random_seed(7)
    layers = keras.layers
    model = keras.Sequential([keras.Input((4,), name="inputs"), layers.Dense(3, "relu"), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    for name in ("dense.keras", "dense.h5"):
        model.save(str(directory.path / name))
        directory.tell(name, "keras")
    model.save_weights(str(directory.path / "dense.weights.h5"))
    directory.tell("dense.weights.h5", "keras")
    inputs = keras.Input((8,), dtype="int32")
    hidden = layers.Embedding(16, 4)(inputs)
    hidden = layers.GlobalAveragePooling1D()(layers.Bidirectional(layers.LSTM(2, return_sequences=True))(hidden))
    text = keras.Model(inputs, layers.Dense(2, "softmax")(layers.Dropout(0.1)(hidden)))
    text.save(str(directory.path / "text.keras"))
    directory.tell("text.keras", "keras")


@group
def onnx(directory: Directory) -> None:
    convert = load("skl2onnx")
    inputs, _ = _data()
    for name, estimator in _few_estimators():
        if name in {"logistic", "forest", "pipeline"}:
            model = convert.to_onnx(estimator, inputs[:1].astype("float32"))
            directory.write(f"{name}.onnx", "skl2onnx", model.SerializeToString())


@group
def mlflow(directory: Directory) -> None:
    mlflow = load("mlflow.sklearn")
    for name, estimator in _few_estimators():
        if name == "pipeline":
            mlflow.save_model(estimator, str(directory.path / "mlflow"), pip_requirements=["scikit-learn==1.5.2"])
    for path in sorted((directory.path / "mlflow").iterdir()):
        directory.tell(f"mlflow/{path.name}", "mlflow")


@group
def hdf5(directory: Directory) -> None:
    h5py = load("h5py")
    with h5py.File(str(directory.path / "table.h5"), "w") as file:
        file["values"] = list(range(20))
        file.attrs["note"] = "A Lambda in words is not a layer"
    directory.tell("table.h5", "h5py")


@group
def gguf(directory: Directory) -> None:
    gguf, numpy = load("gguf"), load("numpy")
    writer = gguf.GGUFWriter(str(directory.path / "tiny.gguf"), "llama")
    writer.add_block_count(1)
    template = (
        "{%- if messages[0]['role'] == 'system' %}{%- set offset = 1 %}{%- else %}{%- set offset = 0 %}{%- endif %}"
        "{{- bos_token }}{%- for message in messages[offset:] %}"
        "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{- raise_exception('Conversation roles must alternate') }}{%- endif %}"
        "{{- '[INST] ' ~ message['content'] | trim ~ ' [/INST]' }}{%- endfor %}{{- namespace(x=1).x }}"
    )
    writer.add_chat_template(template)
    writer.add_tensor("token_embd.weight", numpy.zeros((4, 8), dtype="f4"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    directory.tell("tiny.gguf", "gguf")


@group
def standard(directory: Directory) -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    moment = dt.datetime(2026, 1, 1, 12, 0, tzinfo=zone)
    values = {
        "uuid": uuid.UUID(int=7),
        "moments": [moment, moment.date(), moment.time(), dt.timedelta(1, 2), zone],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), 1j, 1 << 90, -3, 0.5, True, None],
        "containers": [
            collections.OrderedDict(a=1), collections.Counter("abca"), collections.deque([1, 2], 3),
            collections.defaultdict(list, a=[1]), collections.defaultdict(int), {1, 2}, frozenset([3]),
        ],
        "bytes": [b"abc", bytearray(b"def"), b"\x00" * 300],
        "ranges": [slice(1, 2, 3), range(5)],
        "paths": [pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath("/models")],
        "texts": ["short", "x" * 300, "\u00e9\u4e2d", "line\nline", ""],
        "types": [int, dict, collections.OrderedDict, dt.datetime],
        "random": random.Random(7),
        "exceptions": [ValueError("not finite")],
    }  # fmt: skip
    for name, value in values.items():
        if name in {"uuid", "moments", "containers", "bytes"}:
            for protocol in (0, 2, 4):
                directory.pickled(f"{name}.p{protocol}.pkl", "python", value, protocol)
        else:
            directory.pickled(f"{name}.pkl", "python", value)
    everything = {name: value for name, value in values.items() if name not in {"exceptions", "types"}}
    directory.every_protocol("everything", "python", everything)
    shared: list[object] = ["shared"]
    cycle = {"self": shared, "again": [shared] * 3}
    shared.append(cycle)
    directory.pickled("cycle.pkl", "python", cycle)
    directory.pickled("deep.pkl", "python", [[[[[[[[[["ten deep"]]]]]]]]]])
    directory.pickled("many.pkl", "python", {f"key {index}": index / 7 for index in range(900)})


@group
def lookalikes(directory: Directory) -> None:
    """Benign content that scanners take for something else."""
    shell = [
        "rm -rf /",
        "import os; os.system('id')",
        "eval(compile('1', '', 'eval'))",
        "cposix\nsystem\n",
        "__reduce__",
        "__import__('os')",
    ]
    directory.pickled("shell-texts.pkl", "python", {"commands": shell, "labels": [1] * len(shell)})
    directory.pickled("shell-bytes.pkl", "python", {"commands": [text.encode() for text in shell]})
    directory.pickled(
        "function-names.pkl",
        "python",
        {"posix": "system", "builtins": ["eval", "exec", "getattr"], "os": {"system": 1}},
    )
    directory.pickled("bytes-of-opcodes.pkl", "python", [bytes(range(256)) * 4, b"\x93R." * 30, b"cos\nsystem\n" * 3])
    directory.pickled("base64.pkl", "python", {"image": "gASVCwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOULg=="})
    directory.write("vocabulary.txt", "python", "\n".join(["(", "the", ".", "cat", "N.", "I1", "Vx"] * 40).encode())
    directory.write("notes.txt", "python", b"cposix is a module\nsystem is a function\n(see the manual)\nRead it.\n")
    directory.write("table.csv", "python", b"index,name\n0,cos\n1,system\n2,R.\n" * 10)
    header = json.dumps(
        {
            "__metadata__": {"format": "pt", "note": "os.system"},
            "w": {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]},
        }
    ).encode()
    spelled = b"cposix\nsystem\n(Vecho\ntR.".ljust(32, b"\0")
    directory.write(
        "weights-that-spell-opcodes.safetensors", "python", struct.pack("<Q", len(header)) + header + spelled
    )
    archive = io.BytesIO()
    members = {"data/0": bytes(8) + spelled * 4, "README.md": b"# Weights\n", "values.json": b"{}"}
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in members.items():
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    directory.write("archive.zip", "python", archive.getvalue())
    directory.write(
        "settings.yaml", "python", b"model:\n  _target_: torch.nn.Linear\n  in_features: 2\n  out_features: 1\n"
    )
    directory.write(
        "model.xml",
        "python",
        b'<?xml version="1.0"?>\n<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/></PMML>\n',
    )
    directory.write("raw.bin", "python", bytes(index * 37 % 251 for index in range(4000)))
    directory.write("float-bytes.bin", "python", struct.pack("<300f", *(index / 7 for index in range(300))))
    directory.write("empty-dictionary.pkl", "python", pickle.dumps({}, 0))
    directory.write("none.pkl", "python", pickle.dumps(None, 2))


def main() -> None:
    directory = Directory(pathlib.Path(sys.argv[1]))
    directory.path.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        try:
            WRITERS[name](directory)
        except Exception as error:  # noqa: BLE001  # one library's failure is told and leaves the others
            print(json.dumps({"failed": name, "why": f"{type(error).__name__}: {error}"}), flush=True)


if __name__ == "__main__":
    main()
