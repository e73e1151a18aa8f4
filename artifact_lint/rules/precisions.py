"""CON: do the stated number type, quantization and adapter settings agree with the tensors?"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Origin, Problem, Related, Severity
from artifact_lint.model.paths import name_of
from artifact_lint.rules.networks import directory_of, document_beside, documents, weights_of
from artifact_lint.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from artifact_lint.model import Artifact, Tensor, WeightFile
    from artifact_lint.model.record import Configuration
    from artifact_lint.rules.networks import Weights

#: Floating-point types of safetensors and torch by numpy's or torch's name of them.
_FLOATS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    **{name: name for name in ("float64", "float32", "float16", "bfloat16")},
    **{f"torch.{name}": name for name in ("float64", "float32", "float16", "bfloat16")},
}
_SHORT = {"double": "float64", "float": "float32", "half": "float16"}
_EIGHT_BITS = frozenset({"F8_E4M3", "F8_E5M2", "float8_e4m3fn", "float8_e5m2"})
_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
#: What the names of packed weights end in, by the methods that write them.
_PACKED: Mapping[str, str] = {
    "GPTQ or AWQ": r"\.(?:qweight|qzeros)$",
    "bitsandbytes": r"\.(?:quant_state\.bitsandbytes__\w+|absmax|SCB)$",
    "compressed-tensors": r"\.weight_packed$",
    "FP8": r"\.weight_scale_inv$",
    "MXFP4": r"_proj_blocks$",
}
#: Methods whose weights are always stored packed, and cannot be told from others otherwise.
_ALWAYS_PACKED = frozenset({"gptq", "awq", "bitsandbytes", "mxfp4", "fp8"})
#: How methods that pack in one way alone are told from the tensors' names.
_WRITTEN_AS = {"gptq": "GPTQ or AWQ", "awq": "GPTQ or AWQ", "bitsandbytes": "bitsandbytes", "mxfp4": "MXFP4"}
#: Documents of the time before quantization had a key in config.json.
_OLDER = ("quantize_config.json", "quant_config.json", "hf_quant_config.json")
_KEYS = ("quantization_config", "quantization", "compression_config")
_ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")
#: How deep a name may lie in others, for it to be looked for: no model has as many levels.
_MOST_PARTS: Final = 16
_BASE_LAYERS: Final = r"(?:\.base_layer)+$"
_LORA: Final = r"(?:base_model\.model\.)?(?P<module>.+?)\.lora_(?P<side>[AB])(?:\.[\w-]+)?\.weight"


@rule("CON128", "weights-dtype", severity=Severity.WARNING, tags=("consistency",))
def weights_dtype(artifact: Artifact) -> Iterator[Problem]:
    """The configuration states another number type than most of the weights have, by bytes.

    Quantized weights are not looked at.

    ## Why is this bad?
    The model takes twice the memory that its configuration promises, or loses digits on loading.

    ## How to fix
    State the type that the weights were saved in, or save them in the type that is stated.
    """
    for configuration in documents(artifact, "config.json"):
        values = configuration.values.value
        key = next((one for one in ("dtype", "torch_dtype") if isinstance(values.get(one), str)), None)
        weights = weights_of(artifact, directory_of(configuration))
        if key is None or weights is None or _methods(weights) or any(values.get(one) for one in _KEYS):
            continue
        text = str(values[key]).removeprefix("torch.")
        stated = _SHORT.get(text, text)
        sizes = _bytes(weights)
        total = sum(sizes.values())
        most, held = max(sizes.items(), key=lambda item: item[1], default=("", 0))
        if stated in _BYTES and most != stated and 2 * held > total and weights.is_complete:
            share = 100 * held // total
            message = f"{key} is {stated}, and {share}% of the weights' bytes are {most}"
            related = tuple(Related(Origin(file.path), f"mostly {most}") for file in weights.files[:1])
            advice = f"State `{most}`, or save the weights as {stated}."
            yield Problem(configuration.place_of(key), message, advice, file=weights.files[0].path, related=related)


@rule("CON129", "quantization", severity=Severity.ERROR, tags=("consistency",))
def quantization(artifact: Artifact) -> Iterator[Problem]:
    """The weights are packed and no configuration says how, or it says so and they are not, or are in another way.

    ## Why is this bad?
    Packed weights are taken for something else and left out, so that the layers are initialised at random; or the
    loader looks for what unpacks them and fails.

    ## How to fix
    Restore the `quantization_config` that the weights were saved with, or remove the one that they were not.
    """
    for configuration in documents(artifact, "config.json"):
        values = configuration.values.value
        weights = weights_of(artifact, directory_of(configuration))
        if weights is None:
            continue
        methods = _methods(weights)
        is_stated = any(values.get(one) for one in _KEYS) or any(
            isinstance(part, dict) and part.get("quantization_config") for part in values.values()
        )
        older = any(document_beside(artifact, configuration, name) for name in _OLDER)
        if methods and not is_stated and not older:
            method, name = next(iter(methods.items()))
            message = f"{name} is packed as {method} does, and there is no quantization_config"
            file = weights.by_name[name].file.path
            related = Related(Origin(file), f"tensor {name}")
            advice = "Restore the `quantization_config` that the weights were saved with."
            yield Problem(Origin(configuration.origin.path), message, advice, file=file, related=(related,))
        elif methods:
            yield from _otherwise(configuration, values, weights, methods)
        elif weights.is_complete:
            yield from _unpacked(configuration, values, weights)


@rule("CON130", "adapter-rank", severity=Severity.ERROR, tags=("consistency",))
def adapter_rank(artifact: Artifact) -> Iterator[Problem]:
    """The rank or the target modules of a LoRA adapter's configuration are not those of its tensors.

    One of a module's two matrices without the other counts as well. It is a warning where a target module is named that
    no tensor adapts: peft takes a list that fits several architectures.

    ## Why is this bad?
    Loading fails, or the tensors of modules that are not named are left out, and the adapter does half of what it
    was trained for.

    ## How to fix
    Restore the adapter_config.json that was saved with the tensors.
    """
    for configuration in documents(artifact, "adapter_config.json"):
        values = configuration.values.value
        if str(values.get("peft_type", "")).upper() != "LORA":
            continue
        directory = directory_of(configuration)
        prefix = f"{directory}/" if directory else ""
        file = next((file for file in artifact.files if file.path in {prefix + name for name in _ADAPTERS}), None)
        if file is None or not file.is_readable:
            continue
        yield from _ranks(configuration, values, file)
        yield from _targets(configuration, values, file)
        yield from _halves(configuration, file)


def _bytes(weights: Weights) -> Counter[str]:
    """The bytes of all floating-point tensors, by their type."""
    sizes: Counter[str] = Counter()
    for weight in weights.by_name.values():
        name = _FLOATS.get(weight.tensor.dtype)
        if name is not None:
            count = 1
            for length in weight.tensor.shape:
                count *= length
            sizes[name] += count * _BYTES[name]
    return sizes


def _methods(weights: Weights) -> dict[str, str]:
    """By the method that packs weights so, the first tensor that it packed."""
    found: dict[str, str] = {}
    packed = re.compile("|".join(_PACKED.values()))
    for name, weight in weights.by_name.items():
        for method, expression in _PACKED.items() if packed.search(name) else ():
            if method not in found and re.search(expression, name):
                found[method] = name
        if weight.tensor.dtype in _EIGHT_BITS:
            found.setdefault("FP8", name)
    return found


def _stated_method(values: Mapping[str, object]) -> object:
    """The method that the configuration names, or means where older releases of bitsandbytes wrote it."""
    settings = values.get("quantization_config")
    if not isinstance(settings, dict):
        return None
    is_older = settings.get("load_in_4bit") or settings.get("load_in_8bit")
    return settings.get("quant_method") or ("bitsandbytes" if is_older else None)


def _otherwise(
    configuration: Configuration, values: Mapping[str, object], weights: Weights, methods: Mapping[str, str]
) -> Iterator[Problem]:
    method = _stated_method(values)
    expected = _WRITTEN_AS.get(method) if isinstance(method, str) else None
    if expected is not None and expected not in methods:
        found, name = next(iter(methods.items()))
        message = f"quantization_config says {method}, and {name} is packed as {found} does"
        file = weights.by_name[name].file.path
        related = Related(Origin(file), f"tensor {name}")
        advice = "Restore the `quantization_config` that the weights were saved with."
        place = configuration.place_of("quantization_config")
        yield Problem(place, message, advice, file=file, related=(related,))


def _unpacked(configuration: Configuration, values: Mapping[str, object], weights: Weights) -> Iterator[Problem]:
    method = _stated_method(values)
    floats = _bytes(weights)
    is_plain = bool(floats) and all(weight.tensor.dtype in _FLOATS for weight in weights.by_name.values())
    if method in _ALWAYS_PACKED and is_plain:
        most = max(floats, key=lambda name: floats[name])
        message = f"quantization_config says {method}, and all of the weights are {most}"
        related = Related(Origin(weights.files[0].path), f"no packed tensor among {len(weights.by_name):,}")
        advice = "Remove `quantization_config`, or restore the weights that it was saved with."
        place = configuration.place_of("quantization_config")
        yield Problem(place, message, advice, file=weights.files[0].path, related=(related,))


def _adapted(file: WeightFile) -> Iterator[tuple[str, str, Tensor]]:
    """Each LoRA matrix: the module that it adapts, its side, and the tensor."""
    description = file.description.value
    for tensor in description.tensors if description is not None else ():
        match = re.fullmatch(_LORA, tensor.name)
        if match and len(tensor.shape) >= 2:
            yield match["module"], match["side"], tensor


def _ranks(configuration: Configuration, values: Mapping[str, object], file: WeightFile) -> Iterator[Problem]:
    rank, patterns = values.get("r"), values.get("rank_pattern")
    if type(rank) is not int or rank < 1:
        return
    allowed = {rank, *(patterns.values() if isinstance(patterns, dict) else ())}
    parameters = values.get("target_parameters")
    holders = tuple(f".{str(one).rpartition('.')[0]}" for one in parameters) if isinstance(parameters, list) else ()
    wrong = [
        (tensor, found)
        for module, side, tensor in _adapted(file)
        if (found := tensor.shape[0 if side == "A" else 1]) not in allowed
        # A parameter of all experts together has the rank once for each (peft's ParamWrapper).
        and not (re.sub(_BASE_LAYERS, "", module).endswith(holders) and found % rank == 0)
    ]
    if wrong:
        tensor, found = wrong[0]
        more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
        message = f"r is {rank:,}, and {tensor.name} has the rank {found:,}{more}"
        related = Related(Origin(file.path), f"tensor {tensor.name} is {' x '.join(map(str, tensor.shape))}")
        advice = "Restore the adapter_config.json that was saved with the tensors."
        yield Problem(configuration.place_of("r"), message, advice, file=file.path, related=(related,))


def _targets(configuration: Configuration, values: Mapping[str, object], file: WeightFile) -> Iterator[Problem]:
    targets = values.get("target_modules")
    if not isinstance(targets, list) or not all(isinstance(one, str) for one in targets) or not targets:
        return
    modules = list(dict.fromkeys(module for module, _, _ in _adapted(file)))
    names = [str(one) for one in targets]
    wanted = frozenset(names)
    strange = [one for one in modules if not any(end in wanted for end in _ends(one))]
    if strange and not values.get("target_parameters"):
        first = min(name.rpartition(".")[2] for name in strange)
        message = f"target_modules does not name {first}, which {name_of(file.path)} adapts"
        related = Related(Origin(file.path), f"tensors of {strange[0]}")
        advice = "Restore the adapter_config.json that was saved with the tensors."
        yield Problem(configuration.place_of("target_modules"), message, advice, file=file.path, related=(related,))
    adapted = {end for module in modules for end in _ends(module)}
    kept = _other_modules(file)
    unseen = [name for name in names if name not in adapted and not any(f".{name}." in one for one in kept)]
    if modules and unseen and not strange:
        message = f"target_modules names {unseen[0]}, and no tensor of {name_of(file.path)} adapts it"
        related = Related(Origin(file.path), f"{len(modules):,} adapted modules")
        advice = "Restore the tensors, or name the modules that were trained."
        place = configuration.place_of("target_modules")
        yield Problem(place, message, advice, file=file.path, related=(related,), severity=Severity.WARNING)


def _ends(module: str) -> Iterator[str]:
    """The names by which a module can be meant: its own, and what follows any of its last dots."""
    parts = module.rsplit(".", _MOST_PARTS)
    yield from (".".join(parts[start:]) for start in range(len(parts)))


def _other_modules(file: WeightFile) -> list[str]:
    """The names of tensors that are no LoRA matrices of a linear layer: embeddings, and what was saved whole."""
    description = file.description.value
    tensors = description.tensors if description is not None else ()
    return [f".{tensor.name}." for tensor in tensors if not re.fullmatch(_LORA, tensor.name)]


def _halves(configuration: Configuration, file: WeightFile) -> Iterator[Problem]:
    """Modules of which one of the two matrices is there: an adapter is their product."""
    sides: dict[str, set[str]] = {}
    for module, side, _ in _adapted(file):
        sides.setdefault(module, set()).add(side)
    halves = [(module, found) for module, found in sides.items() if len(found) == 1]
    description = file.description.value
    if halves and description is not None and description.has_all_tensors:
        module, found = halves[0]
        there, absent = ("A", "B") if "A" in found else ("B", "A")
        more = f" (and {len(halves) - 1:,} more)" if len(halves) > 1 else ""
        message = f"{name_of(file.path)} has lora_{there} of {module}, and no lora_{absent}{more}"
        related = Related(Origin(file.path), f"tensors of {module}")
        advice = "Save the adapter again with `save_pretrained`."
        yield Problem(Origin(configuration.origin.path), message, advice, file=file.path, related=(related,))
