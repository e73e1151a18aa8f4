"""What is known of scikit-learn's classes by their names, for who reads their states: 0.24 to 1.9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE: Final = "sklearn"
VERSION: Final = "_sklearn_version"
#: Classes that need no fitting (`requires_fit` of their tags is false, scikit-learn 1.1 to 1.9), those of which others
#: tell, and all that are not scikit-learn's own.
STATELESS: Final = frozenset(
    {
        *("", "FeatureUnion", "FrozenEstimator", "Pipeline"),
        *("AdditiveChi2Sampler", "Binarizer", "FeatureHasher", "FunctionTransformer", "GaussianProcessRegressor"),
        *("HashingVectorizer", "Normalizer", "PatchExtractor", "SparseCoder"),
    }
)
#: Private attributes that no fitting sets.
NO_FITTING: Final = frozenset(
    {VERSION, "_sklearn_output_config", "_metadata_request", "_sklearn_auto_wrap_output_keys", "_repr_html_inner"}
)
#: Attributes that are the number of columns taken, and put out.
INPUT_WIDTHS: Final = ("n_features_in_", "_n_features_in")
OUTPUT_WIDTHS: Final = ("_n_features_out", "n_output_features_", "n_features_out_", "n_features_to_select_")
#: Classes that put out as many columns as they have components.
COMPONENTS: Final = frozenset(
    {
        *("FactorAnalysis", "FastICA", "IncrementalPCA", "LatentDirichletAllocation", "MiniBatchNMF", "NMF", "PCA"),
        *("MiniBatchSparsePCA", "SparsePCA", "TruncatedSVD", "NeighborhoodComponentsAnalysis"),
    }
)
VECTORIZERS: Final = frozenset({"CountVectorizer", "TfidfVectorizer", "DictVectorizer"})
HASHERS: Final = frozenset({"HashingVectorizer", "FeatureHasher"})
#: All classes of which it takes more than one number of their state to tell how many columns they put out.
COMPUTING: Final = (
    COMPONENTS
    | VECTORIZERS
    | HASHERS
    | {
        *("ColumnTransformer", "FeatureUnion", "KBinsDiscretizer", "KernelPCA", "OneHotEncoder", "RFE", "RFECV"),
        *("SimpleImputer", "TargetEncoder"),
    }
)
#: What sets an object's state in place of BUILD, and what makes a class that the pickle itself brings along, with its
#: name second and its bases third (cloudpickle 1.2 to 3.1, dill 0.3 to 0.4).
STATE_SETTERS: Final = frozenset({"_class_setstate", "_function_setstate"})
CLASS_MAKERS: Final = frozenset({"_make_skeleton_class", "_rehydrate_skeleton_class", "_create_type"})


def is_set_by_fitting(names: Iterable[str]) -> bool:
    """Whether one of the names of attributes is what fitting sets: it ends in `_` (`check_is_fitted`)."""
    return any(name[-1:] == "_" and name[:2] != "__" for name in names)


def may_be_set_by_fitting(names: Iterable[str]) -> bool:
    """Whether one of the names is that of a private attribute which fitting may set."""
    return any(name[:1] == "_" and name not in NO_FITTING for name in names)
