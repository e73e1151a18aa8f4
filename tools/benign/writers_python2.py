"""Write the share of Python 2.7: protocol 0 with raw bytes in STRING, and names that Python 3 maps to others.

    python2.7 writers_python2.py DIRECTORY

Says the same lines as `writers.py`.
"""

# Python 2 has no annotations, no pathlib and no f-strings.
# ruff: noqa: ANN001, ANN201, ANN202, F401, PTH103, PTH112, PTH118, PTH123, UP031
import importlib
import json
import os
import pickle
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

load = importlib.import_module


def main():  # type: () -> None
    directory = sys.argv[1]
    if not os.path.isdir(directory):
        os.makedirs(directory)
    joblib, numpy, pandas, sklearn = load("joblib"), load("numpy"), load("pandas"), load("sklearn")
    builtins = load("__builtin__")
    linear = load("sklearn.linear_model")
    scaler = load("sklearn.preprocessing").StandardScaler()

    def tell(name, library):  # type: (str, Any) -> None
        version = sys.version.split()[0] if library is sys else library.__version__
        library_name = "python" if library is sys else library.__name__
        print(json.dumps({"path": name, "library": library_name, "version": version}))

    def save(name, library, content):  # type: (str, Any, bytes) -> None
        with open(os.path.join(directory, name), "wb") as file:
            file.write(content)
        tell(name, library)

    generator = numpy.random.RandomState(7)
    inputs = generator.normal(size=(40, 3)).round(3)
    labels = (inputs[:, 0] > 0).astype(int)
    pipeline = (
        load("sklearn.pipeline").make_pipeline(scaler, linear.LogisticRegression(solver="lbfgs")).fit(inputs, labels)
    )
    forest = (
        load("sklearn.ensemble").RandomForestClassifier(n_estimators=3, max_depth=2, random_state=0).fit(inputs, labels)
    )
    words = load("sklearn.feature_extraction.text").TfidfVectorizer().fit(["good service", "bad service", "good price"])
    values = {
        "arrays": {"w": numpy.arange(20.0), "n": numpy.int64(3), "name": "linear", "key": "\u00e9"},
        "raw-bytes": {"image": bytes(bytearray(range(256))) * 2, "label": "\xff\xfe"},
        "pipeline": pipeline,
        "forest": forest,
        "words": words,
        "containers": [
            {1},
            frozenset([2]),
            builtins.xrange(3),
            slice(1, 2),
            complex(1, 2),
            1 << 80,
            builtins.intern("x"),
            Ellipsis is None,
        ],
        "frame": pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    }
    for name, value in sorted(values.items()):
        library = {"pipeline": sklearn, "forest": sklearn, "words": sklearn, "arrays": numpy, "frame": pandas}.get(
            name, sys
        )
        for protocol in (0, 2):
            save("%s.p%d.pkl" % (name, protocol), library, pickle.dumps(value, protocol))
        save("%s.c0.pkl" % name, library, load("cPickle").dumps(value, 0))
    for name, compression in (("pipeline.joblib", 0), ("pipeline.z.joblib", 3)):
        joblib.dump(pipeline, os.path.join(directory, name), compress=compression)
        tell(name, joblib)


if __name__ == "__main__":
    main()
