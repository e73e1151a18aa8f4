"""Which parts of each library hold what its pickles refer to: the modules to read, and those to pass over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Take(StrEnum):
    """What is taken from a module."""

    CLASSES = "classes"
    CONSTRUCTORS = "constructors"
    FUNCTIONS = "functions"
    REBUILDERS = "rebuilders"


@dataclass(frozen=True, slots=True)
class Part:
    """A package, the expression for modules that are passed over, what is taken, and for which names."""

    package: str
    skip: str = r"\.tests\b"
    take: Take = Take.CLASSES
    names: str = r".*"


SKLEARN_SKIP = (
    r"\.(tests|externals|datasets|conftest|experimental|_build_utils|_min_dependencies|_testing|_mocking|_pprint"
    r"|_repr_html|_estimator_html_repr|estimator_checks|_test_common|parallel|fixes|deprecation|discovery|callback"
    r"|_plotting|_plot|displays?|_doctest|_config|_array_api|_joblib|__check_build|_pairwise_distances_reduction)\b"
    r"|_display$|_plot$|\.(setup|testing|mocking|_testing_utils)$"
)
IMBLEARN_SKIP = (
    r"^imblearn$|\.(tests|utils|datasets|keras|tensorflow|_min_dependencies|_version|show_versions|conftest)\b"
)
CATEGORY_ENCODERS_SKIP = r"\.(tests|datasets|glmm)\b|utils$"
SCIPY_SPARSE_SKIP = r"\.tests\b|setup$|\.(csgraph|linalg)\b|generate_sparsetools"
SCIPY_SKIP = r"\.tests\b|setup$"
SCIPY_SPATIAL_SKIP = r"\.tests\b|setup$|_plotutils"
STATSMODELS_SKIP = (
    r"\.(tests|sandbox|datasets|graphics|formula|compat|iolib|examples|distributions|interface|conftest|_version)\b"
    r"|\.tools\.(docstring|print_version|web|decorators|testing|parallel|validation)|stats\.libqsturng|\.x13$"
)
PANDAS_SKIP = (
    r"\.(tests|conftest|computation|plotting|testing|window|methods|groupby|resample|reshape)\b|internals\.concat$"
)
PANDAS_LIBS_SKIP = r"\.(testing|json|parsers|window|groupby|join|writers|ops_dispatch|algos)\b"
#: pandas' own values, whose `__reduce__` calls them.
PANDAS_VALUES = r"pandas\.core\.(dtypes\.dtypes|arrays|indexes\.frozen|internals)"
TORCH_OPTIM_SKIP = r"\.(tests|_multi_tensor|_adafactor)\b|swa_utils"
TORCH_DISTRIBUTIONS_SKIP = r"\.tests\b|kl$|utils$"
#: The functions that rebuild tensors; those left out move data between devices.
TORCH_REBUILDERS = r"_rebuild_(?!xla|device_tensor_from_cpu)\w+"
TORCHVISION_SKIP = (
    r"\.(datasets|io|prototype|_meta_registrations|extension|_internally_replaced_utils|_utils|feature_extraction)\b"
)

#: What is on no list, whatever module defines it: metaclasses, which build classes out of anything, what every Cython
#: module has, and what runs jobs. pandas' reducers keep a function that they call.
UNWANTED = (
    r".*:(\w*Meta|ellipsis|(__pyx_unpickle_)?(Enum|__Pyx_EnumMeta|\w*memoryview\w*))"
    r"|sklearn\.utils:(Memory|Parallel)|pandas\._libs\.reduction:.*|.*:Pytest\w*"
)
#: Extension types that a function of their module rebuilds: their constructors may call a function that they are given.
REBUILT = r".*\b_?dist_metrics:(?!__)\w*(Distance|Metric)(32|64)?"

_METRICS = tuple(
    Part(f"sklearn.{package}", SKLEARN_SKIP + r"|feature_extraction\.image$", Take.FUNCTIONS, r"[^_].*")
    for package in ("metrics", "feature_selection", "preprocessing", "feature_extraction")
)

#: For each library, by its import name, what is read from its wheels.
PARTS: dict[str, tuple[Part, ...]] = {
    "accelerate": (Part("accelerate.utils.dataclasses"),),
    "catboost": (Part("catboost.core", names=r"CatBoost\w*"),),
    "category_encoders": (Part("category_encoders", CATEGORY_ENCODERS_SKIP),),
    "feature_engine": (Part("feature_engine", r"\.(tests|datasets|_docstrings|_check_\w+|tags)\b|^feature_engine$"),),
    "hmmlearn": (Part("hmmlearn", r"\.tests\b|^hmmlearn$"),),
    "imblearn": (Part("imblearn", IMBLEARN_SKIP),),
    "lightgbm": (Part("lightgbm.sklearn"), Part("lightgbm.callback"), Part("lightgbm.basic", names="Booster")),
    "mlxtend": tuple(
        Part(f"mlxtend.{package}")
        for package in (
            "_base",
            "classifier",
            "cluster",
            "feature_extraction",
            "feature_selection",
            "preprocessing",
            "regressor",
        )
    ),
    "pandas": (
        *(Part(f"pandas.core.{part}", PANDAS_SKIP) for part in ("indexes", "dtypes")),
        *(Part(f"pandas.core.{part}", PANDAS_SKIP, Take.CONSTRUCTORS) for part in ("arrays", "internals")),
        Part("pandas.core.dtypes.dtypes", take=Take.CONSTRUCTORS),
        Part("pandas._libs", PANDAS_LIBS_SKIP),
        Part("pandas.tseries.offsets"),
    ),
    "scipy": (
        Part("scipy.sparse", SCIPY_SPARSE_SKIP),
        Part("scipy.interpolate", SCIPY_SKIP),
        Part("scipy.spatial", SCIPY_SPATIAL_SKIP),
        # Distributions act when they are restored, so that the machine looks at their states.
        Part("scipy.stats._continuous_distns", names=r"\w+_gen|rv_histogram"),
        Part("scipy.stats._discrete_distns", names=r"\w+_gen"),
        Part("scipy.stats._levy_stable", names=r"\w+_gen"),
        Part("scipy.stats._multivariate", names=r"\w+_(gen|frozen)"),
    ),
    "sklearn": (Part("sklearn", SKLEARN_SKIP), *_METRICS),
    "statsmodels": (Part("statsmodels", STATSMODELS_SKIP),),
    "torch": (
        Part("torch.nn.modules"),
        Part("torch.nn.quantizable"),
        Part("torch.nn.quantized"),
        Part("torch.nn.qat"),
        Part("torch.nn.intrinsic"),
        Part("torch.nn.parameter"),
        Part("torch.ao.nn"),
        Part("torch.optim", TORCH_OPTIM_SKIP),
        Part("torch.distributions", TORCH_DISTRIBUTIONS_SKIP),
        Part("torch.nn.functional", take=Take.FUNCTIONS, names=r"[a-z]\w*"),
        Part("torch._utils", take=Take.REBUILDERS, names=TORCH_REBUILDERS),
    ),
    "torchvision": (
        Part("torchvision.models", TORCHVISION_SKIP),
        Part("torchvision.ops", TORCHVISION_SKIP),
        Part("torchvision.transforms", TORCHVISION_SKIP),
    ),
    "transformers": tuple(
        Part(f"transformers.{module}")
        for module in (
            "generation.configuration_utils",
            "integrations.deepspeed",
            "trainer_pt_utils",
            "trainer_utils",
            "training_args",
            "training_args_seq2seq",
        )
    ),
    "trl": (Part("trl.trainer", names=r"\w+Config|FDivergenceType"),),
    "xgboost": (Part("xgboost.sklearn"), Part("xgboost.callback"), Part("xgboost.core", names="Booster")),
}
