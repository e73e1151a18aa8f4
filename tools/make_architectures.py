"""Write artifact_lint/policy/data/architectures.json: which tensor of an architecture has which size, by its own code.

    python tools/make_architectures.py [MODEL_TYPE...]

With names, these alone are asked, and printed as JSON lines. Needs transformers and torch; nothing else of the project
does. Every configuration class of transformers that stands for one network is asked: its model is built without memory
(torch's `meta` device) from the class's defaults with few layers, and again with each of its numbers changed by itself,
each switch the other way round, each null a number. A dimension that answers as one product or sum of keys in every one
of these builds is written down, and one that does not is left out; nothing is typed in by hand.

The result has the version of transformers in it, and by `model_type`:
`names` the class's attribute_map, `defaults` the numbers that an absent key means, `lists` the repeated layers with the
key that counts them, `tensors` the terms of each tensor's dimensions (`#` is any number in the name of a tensor, and
the name is that within the bare model), `prefix` how the bare model is called in a model with a head, `ignored` what
the class itself says may be left over in a file, `heads` the labels' dimension by class.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
import transformers
from transformers.core_model_loading import revert_weight_conversion
from transformers.models.auto import configuration_auto, modeling_auto

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = Path(__file__).resolve().parent.parent / "artifact_lint" / "policy" / "data" / "architectures.json"
#: The keys that a size may depend on.
SIZES = re.compile(
    r"vocab|hidden|embd|embed|d_model|dim|layer|head|inter|ffn|inner|d_ff|d_kv|width|depth|rank|channels|_size$|d_state"
)
#: Attributes that every configuration has and none is built by.
NO_SIZES = re.compile(
    r"chunk_size|_range|max_|position|dropout|num_labels|image_size|patch_size|token|_id$|sparse|window"
)
#: A change for each number: some have to stay multiples of others.
CHANGES: tuple[Callable[[int], int], ...] = (
    lambda n: 2 * n,
    lambda n: n // 2,
    lambda n: n + 1,
    lambda n: n + 64,
    lambda n: 3 * n,
)
#: A key that many models ask for whose configurations do not name it.
UNSEEN = "head_dim"
#: No size is tried that is larger.
MOST = 1_000_000
LAYERS = re.compile(r"num_hidden_layers|n_layers?|num_layers|num_decoder_layers|(?:en|de)coder_layers|depth")
HEAD_CLASSES = (
    *("ForSequenceClassification", "ForTokenClassification", "ForImageClassification", "ForAudioClassification"),
    *("ForVideoClassification", "ForMultipleChoice"),
)


class _Configuration(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


class _Model(Protocol):
    def state_dict(self) -> dict[str, Any]: ...


def main(wanted: list[str]) -> int:
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    found: dict[str, Any] = {}
    with torch.device("meta"):
        for model_type in sorted(configuration_auto.CONFIG_MAPPING_NAMES):
            if wanted and model_type not in wanted:
                continue
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                try:
                    entry = examine(model_type)
                except Exception:  # noqa: BLE001 - what cannot be built is not known
                    entry = None
            print(model_type, "no" if entry is None else len(entry["tensors"]), file=sys.stderr, flush=True)
            if entry is not None:
                found[model_type] = entry
                if wanted:
                    print(json.dumps({model_type: entry}), flush=True)
    document = {"source": f"transformers {transformers.__version__}", "architectures": found}
    if not wanted:
        write(document)
    return 0


def write(document: dict[str, Any]) -> None:
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document["architectures"].items()]
    head = f'{{\n "source": {json.dumps(document["source"])},\n "architectures": {{\n'
    TARGET.write_text(head + ",\n".join(lines) + "\n }\n}\n", encoding="utf-8")


def examine(model_type: str) -> dict[str, Any] | None:
    """What is written down of one `model_type`; None where it stands for several networks, or nothing can be built."""
    config_class = configuration_auto.CONFIG_MAPPING[model_type]
    model_class = bare_class(config_class)
    if model_class is None or getattr(config_class, "sub_configs", None):
        return None
    smallest_arguments, base = smallest(config_class, model_class)
    if base is None:
        return None
    keys = [key for key in numbers(base[0]) if SIZES.search(key) and not NO_SIZES.search(key)]
    plain = config_class().to_dict()
    absent = [key for key, value in plain.items() if value is None and SIZES.search(key)]
    absent += [UNSEEN] if UNSEEN not in plain else []
    builds = all_builds(config_class, model_class, smallest_arguments, base, keys)
    implied = implied_widths(config_class, absent)
    for values, _ in builds:
        for key, text in implied.items():
            width = evaluate(text, values)
            if type(values.get(key)) is not int and width is not None:
                values[key] = width
    lists = layer_lists(builds)
    tensors = dimensions(builds, terms([*keys, *implied], absent))
    if not tensors and not lists:
        return None
    used = {key for terms in tensors for key in re.findall(r"[A-Za-z_]\w*", terms[2])} | {key for _, key in lists}
    # Heads are asked for where no tensor tells their number: the width has to be a multiple of it.
    aliases = getattr(config_class, "attribute_map", None) or {}
    names = {name: real for name, real in aliases.items() if real in used or name == "num_attention_heads"}
    ignored = getattr(model_class, "_keys_to_ignore_on_load_unexpected", None) or []
    return {
        "names": names,
        "defaults": {
            **defaults(config_class, sorted(used - set(absent)), keys),
            **{key: text for key, text in implied.items() if key in used},
        },
        "prefix": getattr(model_class, "base_model_prefix", "") or "",
        "ignored": sorted(str(one) for one in ignored),
        "lists": lists,
        "tensors": by_pattern(tensors),
        "heads": dict(labels(config_class, smallest_arguments)),
    }


def bare_class(config_class: type[Any]) -> type[Any] | None:
    """The model without a head, or the one that predicts the next token where there is no other."""
    found = modeling_auto.MODEL_MAPPING.get(config_class, None)
    found = found[0] if isinstance(found, tuple) else found
    chosen: type[Any] | None = found or modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING.get(config_class, None)
    return chosen


def all_builds(
    config_class: type[Any],
    model_class: type[Any],
    arguments: dict[str, int],
    base: tuple[Any, dict[str, tuple[int, ...]]],
    keys: list[str],
) -> list[tuple[dict[str, int], dict[str, tuple[int, ...]]]]:
    """The numbers and shapes of the smallest model, and of those that differ from it in one key."""
    plain = numbers(base[0])
    builds = [(plain, base[1])]
    for key in keys:
        for change in CHANGES:
            changed = change(plain[key])
            if 0 < changed <= MOST and changed != plain[key]:
                made = build(config_class, model_class, {**arguments, key: changed})
                if made is not None and numbers(made[0]).get(key) == changed:
                    builds.append((numbers(made[0]), made[1]))
                    break
    for one in options(config_class):
        made = build(config_class, model_class, {**arguments, **one})
        if made is not None:
            builds.append(({**numbers(made[0]), **one}, made[1]))
    return builds


def numbers(config: _Configuration) -> dict[str, int]:
    """The whole numbers of a configuration, by the names under which they are saved."""
    return {key: value for key, value in config.to_dict().items() if type(value) is int}


def smallest(config_class: type[Any], model_class: type[Any]) -> tuple[dict[str, int], Any]:
    """The defaults with as few layers as can be built, so that counts of layers are no other number."""
    plain = numbers(config_class())
    layers = {key: 5 if "decoder" in key else 3 for key in plain if LAYERS.fullmatch(key)}
    for arguments in (layers, dict.fromkeys(layers, 4), dict.fromkeys(layers, 6), dict.fromkeys(layers, 12), {}):
        made = build(config_class, model_class, arguments)
        if made is not None:
            return arguments, made
    return {}, None


def build(
    config_class: type[Any], model_class: type[Any], arguments: dict[str, Any]
) -> tuple[Any, dict[str, tuple[int, ...]]] | None:
    try:
        config = config_class(**arguments)
        model = model_class(config)
    except Exception:  # noqa: BLE001 - numbers that do not fit each other
        return None
    return config, {name: tuple(tensor.shape) for name, tensor in tensors_of(model).items()}


def tensors_of(model: _Model) -> dict[str, Any]:
    """The tensors of a model under the names in memory, and under those that `save_pretrained` gives them."""
    tensors = dict(model.state_dict())
    with contextlib.suppress(Exception):
        tensors.update(revert_weight_conversion(model, dict(tensors)))
    return tensors


def pattern(name: str) -> str:
    return re.sub(r"(?<=\.)\d+(?=\.)", "#", f".{name}")[1:]


def layer_lists(builds: list[tuple[dict[str, int], dict[str, tuple[int, ...]]]]) -> list[list[str]]:
    """The repeated modules whose number is always that of one key, and of some build another."""
    counts: dict[str, list[int]] = {}
    for index, (_, shapes) in enumerate(builds):
        for name in shapes:
            first = re.match(r"((?:[A-Za-z_]\w*\.)+)(\d+)\.", name)
            if first:
                series = counts.setdefault(first[1][:-1], [0] * len(builds))
                series[index] = max(series[index], int(first[2]) + 1)
    result = []
    for prefix, series in sorted(counts.items()):
        for key in builds[0][0]:
            wanted = [config.get(key) for config, _ in builds]
            if wanted == series and len(set(series)) > 1:
                result.append([prefix, key])
                break
    return result


def dimensions(
    builds: list[tuple[dict[str, int], dict[str, tuple[int, ...]]]], candidates: list[str]
) -> list[list[Any]]:
    """Each dimension of a matrix that is one product of keys in all builds, whatever the layer."""
    seen: dict[tuple[str, int], list[set[int]]] = {}
    for index, (_, shapes) in enumerate(builds):
        for name, shape in shapes.items():
            if 2 <= len(shape) <= 5 and name.endswith((".weight", "_proj")):
                for axis, size in enumerate(shape):
                    series = seen.setdefault((pattern(name), axis), [set() for _ in builds])
                    series[index].add(size)
    result = []
    for (name, axis), series in sorted(seen.items()):
        if any(len(one) != 1 for one in series):
            continue
        sizes = [next(iter(one)) for one in series]
        if len(set(sizes)) == 1:
            continue
        for text in candidates:
            if all(evaluate(text, config) == size for (config, _), size in zip(builds, sizes, strict=True)):
                result.append([name, axis, text])
                break
    return result


def options(config_class: type[Any]) -> list[dict[str, Any]]:
    """Switches the other way round, ratios doubled, and numbers for what is null: shapes may depend on each."""
    found: list[dict[str, Any]] = []
    for key, value in config_class().to_dict().items():
        if isinstance(value, bool):
            found.append({key: not value})
        elif isinstance(value, float) and re.search(r"ratio|factor|expan|mult|scale", key):
            found.append({key: 2 * value})
        elif value is None and SIZES.search(key) and not NO_SIZES.search(key):
            found += [{key: 96}, {key: 4}]
    if UNSEEN not in config_class().to_dict():
        found.append({UNSEEN: 96})
    return found


def implied_widths(config_class: type[Any], absent: list[str]) -> dict[str, str]:
    """The width of a head where it is null: all heads share the hidden width. The builds tell whether that holds."""
    names = getattr(config_class, "attribute_map", None) or {}
    width, count = (names.get(key, key) for key in ("hidden_size", "num_attention_heads"))
    return {key: f"{width}/{count}" for key in absent if key == "head_dim"}


def defaults(config_class: type[Any], used: list[str], keys: list[str]) -> dict[str, int | str | None]:
    """What an absent key means: a number, a term of other keys, or None where only the code knows."""
    plain = numbers(config_class())
    made = [plain]
    changed: list[str | None] = [None]
    for key in keys:
        with contextlib.suppress(Exception):
            made.append(numbers(config_class(**{key: 2 * plain[key]})))
            changed.append(key)
    result: dict[str, int | str | None] = {}
    for key in used:
        if key not in plain:
            continue
        seen = [config for config, one in zip(made, changed, strict=True) if one != key]
        result[key] = plain[key]
        if any(config.get(key) != plain[key] for config in seen):
            others = [one for one in keys if one != key]
            quotients = [f"{one}/{other}" for one in others for other in others if one != other]
            candidates = others + [f"2*{one}" for one in others] + quotients
            result[key] = next(
                (text for text in candidates if all(evaluate(text, config) == config.get(key) for config in seen)), None
            )
    return result


def by_pattern(dimensions: list[list[Any]]) -> dict[str, list[str | None]]:
    """The terms of each tensor's dimensions in their order, as far as the last that is known."""
    found: dict[str, list[str | None]] = {}
    for name, axis, text in dimensions:
        row = found.setdefault(name, [])
        row += [None] * (axis + 1 - len(row))
        row[axis] = text
    return found


def terms(keys: list[str], absent: list[str]) -> list[str]:
    """What a dimension may be, the simplest first; `a?b` is `a` where that is a number, else `b`."""
    single = [key for key in keys if not LAYERS.fullmatch(key)]
    heads = [key for key in single if "head" in key and "dim" not in key]
    widths = [key for key in single if re.search(r"head_dim|d_kv|head_size|kv_channels", key)]
    found = list(single)
    found += [f"{count}*{key}" for count in (2, 3, 4) for key in single]
    found += [f"{one}*{other}" for one in heads for other in widths]
    found += [f"{count}*{one}*{other}" for count in (2, 3) for one in heads for other in widths]
    found += [
        f"{one}*{width}+2*{other}*{width}" for one in heads for other in heads if other != one for width in widths
    ]
    found += [f"{one}*{width}/{other}" for one in heads for other in heads if one != other for width in single]
    multiples = single + [f"{count}*{key}" for count in (2, 4) for key in single]
    found += [f"{key}?{text}" for key in absent for text in multiples]
    found += [f"{one}*{width}/{other}" for one in heads for other in heads if one != other for width in single]
    return found


def evaluate(text: str, config: dict[str, int]) -> int | None:
    """A sum of products, the last factor of which may be divided by one key; `a?b` is `a` where that is a number."""
    preferred, mark, rest = text.partition("?")
    if mark:
        return config[preferred] if type(config.get(preferred)) is int else evaluate(rest, config)
    total = 0
    for term in text.split("+"):
        product, _, divisor = term.partition("/")
        value = 1
        for factor in product.split("*"):
            number = int(factor) if factor.isdigit() else config.get(factor)
            if number is None:
                return None
            value *= number
        if divisor:
            below = config.get(divisor)
            if not below or value % below:
                return None
            value //= below
        total += value
    return total


def labels(config_class: type[Any], arguments: dict[str, int]) -> list[tuple[str, list[Any]]]:
    """Where a model with a head has a row for each label."""
    found = []
    mappings = [
        modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
        modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING,
        modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING,
        modeling_auto.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING,
        modeling_auto.MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING,
    ]
    for mapping in mappings:
        model_class = mapping.get(config_class, None)
        for one in model_class if isinstance(model_class, tuple) else (model_class,):
            if one is None:
                continue
            extra = {"pad_token_id": 0, "problem_type": "single_label_classification"}
            made = [build(config_class, one, {**arguments, **extra, "num_labels": count}) for count in (7, 11)]
            if None in made:
                continue
            few, many = made[0][1], made[1][1]  # type: ignore[index]
            for name, shape in few.items():
                other = many.get(name, ())
                if name.endswith(".weight") and len(shape) == len(other) and "#" not in pattern(name):
                    changed = [axis for axis in range(len(shape)) if shape[axis] == 7 and other[axis] == 11]
                    if changed:
                        found.append((one.__name__, [name, changed[0]]))
                        break
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
