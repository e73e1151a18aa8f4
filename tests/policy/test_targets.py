from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_lint.model import Use
from artifact_lint.policy.targets import harm_of_import, harm_of_target, is_known_loader


@pytest.mark.parametrize(
    "path",
    [
        *(
            "os.system",
            "os:system",
            "posix.system",
            "subprocess.Popen",
            "builtins.eval",
            "builtins.__import__",
            "shutil.rmtree",
        ),
        *(
            "importlib.import_module",
            "runpy.run_path",
            "pickle.loads",
            "ctypes.CDLL",
            "socket.socket",
            "os.environ.clear",
        ),
        *("torch.load", "torch.hub.load", "joblib.load", "pandas.read_pickle", "jinja2.Template", "pip._internal.main"),
        *(
            "torch.serialization.os.system",
            "sklearn.utils.os.system",
            "hydra.utils.os.system",
            "pathlib.Path.write_text",
        ),
    ],
)
def test_a_target_that_runs_code_is_known(path: str) -> None:
    assert harm_of_target(path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "torch.optim.Adam",
            "torch.signal.windows.hann",
            "scipy.signal.butter",
            "src.signal.Filter",
            "my.os.tools.Run",
        ),
        *(
            "os.path.join",
            "os.getenv",
            "os.environ.get",
            "pathlib.Path",
            "pandas.read_csv",
            "numpy.load",
            "functools.partial",
        ),
        *(
            "transformers.AutoModel.from_pretrained",
            "lightning.pytorch.Trainer",
            "hydra.utils.get_class",
            "builtins.dict",
        ),
        *(
            "torch.profiler.profile",
            "torch.utils.tensorboard.SummaryWriter",
            "collections.namedtuple",
            "os",
            "",
            ".",
            "a..b",
        ),
    ],
)
def test_what_configurations_name_every_day_is_fine(path: str) -> None:
    assert not harm_of_target(path)


def test_a_name_that_is_only_mentioned_is_judged_as_well() -> None:
    assert harm_of_target("os.system", Use.NAMED)
    assert harm_of_import("subprocess")
    assert not harm_of_import("churn_loader")


@pytest.mark.parametrize("module", ["mlflow.sklearn", "mlflow.pyfunc.model", "mlflow", "sktime.utils.mlflow_sktime"])
def test_a_loader_of_a_library_is_known(module: str) -> None:
    assert is_known_loader(module)


@pytest.mark.parametrize("module", ["mlflow_evil", "mlflowx.sklearn", "pickle.evil", "churn.loader", "pickle", ""])
def test_any_other_loader_is_not(module: str) -> None:
    assert not is_known_loader(module)


@given(st.text(max_size=30))
def test_any_text_has_a_verdict(text: str) -> None:
    assert isinstance(harm_of_target(text), str)
    assert isinstance(harm_of_import(text), str)
