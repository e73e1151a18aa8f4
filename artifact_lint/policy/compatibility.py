"""Which versions of a library read what another one of its versions wrote.

What each library promises of its files, as its documentation has it:

- scikit-learn: nothing beyond the very version; `InconsistentVersionWarning` for any other
  (https://scikit-learn.org/stable/model_persistence.html). A difference in the last number changes no attribute.
- XGBoost: its JSON and UBJSON from any older version, a pickle from none
  (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html). The old binary format up to 3.0: 3.1 and 3.2
  refuse what 1.3, 1.7 and 2.1 wrote.
- TensorFlow: SavedModels of older versions, those of a newer minor version not
  (https://www.tensorflow.org/guide/versions).
- Keras 3: archives of older versions; of Keras 2 only the HDF5 files, and not all of those
  (https://keras.io/guides/migrating_to_keras_3/).
- PyTorch (exported programs), LightGBM, CatBoost and skops: files of older versions. A pickled CatBoost model holds
  such a file (`_serialize_model`): 1.2.2 loads what 1.2.10 pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.version import Version

from artifact_lint.policy.environments import pin_of, version_of

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

#: Libraries whose files are tied to a version, and those that read what older versions of them wrote.
_EXACT: Final = frozenset({"scikit-learn"})
_READ_OLDER: Final = frozenset({"catboost", "keras", "lightgbm", "skops", "tensorflow", "torch", "xgboost"})
#: Those whose pickles hold such a file, or lie in one, and are read as it is.
_PICKLED_AS_FILES: Final = frozenset({"catboost", "torch"})
#: Those of which a newer major version does not read everything that an older one wrote.
_BREAK_WITH_MAJOR: Final = frozenset({"keras"})
#: The XGBoost that no longer reads the binary format which its JSON replaced.
_WITHOUT_BINARY: Final = Version("3.1.0")
#: How many patches of a release are tried against a range.
_PATCHES: Final = 40


class Mismatch(NamedTuple):
    """Why a version that is required may not read what another wrote; `is_slight` where it only warns."""

    reason: str
    is_slight: bool = False


def judge(
    distribution: str, written: Version, wanted: SpecifierSet, *, pickled: bool, file_format: str = ""
) -> Mismatch | None:
    """What is wrong with the versions that are required of the library that wrote a file; None for nothing."""
    if file_format == "xgboost-binary" and _begins_at(wanted, _WITHOUT_BINARY):
        return Mismatch(f"{distribution} {_WITHOUT_BINARY.public} and later do not read its old binary format")
    if wanted.contains(written, prereleases=True) or not (distribution in _EXACT or distribution in _READ_OLDER):
        return None
    is_same_release = _allows_release(wanted, written)
    if distribution in _EXACT and is_same_release:
        return Mismatch(f"{distribution} warns of any other version", is_slight=True)
    if is_same_release:
        return None
    if distribution in _EXACT or (pickled and distribution not in _PICKLED_AS_FILES):
        return Mismatch(f"{distribution} promises nothing for what another version pickled")
    if _is_older(wanted, written):
        return Mismatch(f"an older {distribution} need not read what a newer one wrote")
    if distribution in _BREAK_WITH_MAJOR and _begins_behind(wanted, written.major):
        return Mismatch(f"another major version of {distribution} does not read all that an older one wrote")
    return None


def _allows_release(wanted: SpecifierSet, written: Version) -> bool:
    """Whether a requirement allows some patch of the release that wrote a file."""
    pin = pin_of(wanted)
    if pin is not None:
        return (pin.major, pin.minor) == (written.major, written.minor)
    patches = (Version(f"{written.major}.{written.minor}.{patch}") for patch in range(_PATCHES))
    return any(wanted.contains(patch, prereleases=True) for patch in patches)


def _is_older(specifier: SpecifierSet, written: Version) -> bool:
    """Whether a specifier has an upper end, and a version lies above it."""
    for part in specifier:
        if part.operator in {"==", "===", "~=", "<", "<="} and not part.contains(written, prereleases=True):
            end = version_of(part.version.removesuffix(".*"))
            if end is not None and end <= written:
                return True
    return False


def _begins_behind(specifier: SpecifierSet, major: int) -> bool:
    """Whether all that a specifier allows is of a later major version."""
    begins = (part.version.removesuffix(".*") for part in specifier if part.operator in {"==", "===", "~=", ">", ">="})
    return any(version.major > major for text in begins if (version := version_of(text)) is not None)


def _begins_at(specifier: SpecifierSet, version: Version) -> bool:
    """Whether all that a specifier allows is a version or later ones."""
    bounds = [part for part in specifier if part.operator in {"==", "===", "~=", ">", ">="}]
    begins = (version_of(part.version.removesuffix(".*")) for part in bounds)
    return any(begin is not None and begin >= version for begin in begins)


#: Where `numpy._core` came in: the wheels of NumPy 1.26.1 have six modules of it, for arrays that NumPy 2 pickled.
_STUBS_SINCE: Final = Version("1.26.1")
_STUBS: Final = frozenset(
    f"numpy._core{name}"
    for name in ("", ".multiarray", ".umath", "._internal", "._dtype", "._multiarray_umath", "._dtype_ctypes")
)
_RENAMED: Final = Version("2.0.0")
#: Versions that stand for all there are, to try a range on: the first and the last of every release.
_RELEASES: Final = tuple(
    Version(f"{release}.{patch}")
    for release in (*(f"1.{minor}" for minor in range(13, 27)), *(f"2.{minor}" for minor in range(20)))
    for patch in (0, 1, 4, 99)
)


def needs_numpy_2(module: str) -> bool:
    """Whether a module that a pickle of NumPy 2 names can be loaded by no NumPy before it."""
    return module not in _STUBS


def loads_numpy_2(specifier: SpecifierSet, modules: frozenset[str]) -> bool | None:
    """Whether the NumPy that a specifier allows loads modules that NumPy 2 names; None where only some of it does.

    Without any bound the newest is installed, which does.
    """
    since = _STUBS_SINCE if modules <= _STUBS else _RENAMED
    pin = pin_of(specifier)
    if pin is not None:
        return pin >= since
    if not specifier:
        return True
    allowed = [version for version in _RELEASES if specifier.contains(version, prereleases=True)]
    having = sum(version >= since for version in allowed)
    if having == len(allowed):
        return True
    return None if having else False
