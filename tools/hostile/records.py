"""Chat templates, loaders that a record names, skops types and PMML: what text can make a loader do."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from hostile.cases import bad, bad_directory
from hostile.containers import plain_tar, plain_zip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.cases import Bad

_TEMPLATE = "SEC106"
_LOADER = "SEC108"
_SKOPS = "SEC109"
_ENTITY = "SEC111"

_Json = object


def cases() -> Iterator[Bad]:
    """One family for each."""
    yield from _templates()
    yield from _loaders()
    yield from _spellings()
    yield from _skops()
    yield from _pmml()


def _json(value: _Json) -> bytes:
    return json.dumps(value).encode()


_INJECTIONS = {
    "globals": "{{ cycler.__init__.__globals__.os.popen('echo artifact-lint').read() }}",
    "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "attr-filter": "{{ ''|attr('__class__')|attr('__base__') }}",
    "item": "{{ messages['__class__']['__init__'] }}",
    "concatenated": "{{ ''['__cla' ~ 'ss__'] }}",
    "escaped": "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "joined": "{{ ''|attr(['__class', '__']|join) }}",
    "set": "{% set c = 'a'.__class__ %}{{ c.__base__ }}",
    "macro": "{% macro m(x) %}{{ x.__globals__ }}{% endmacro %}{{ m(lipsum) }}",
    "comprehension": "{% for x in ().__class__.__base__.__subclasses__() %}{{ x.__init__.__globals__ }}{% endfor %}",
    "namespace": "{% set ns = namespace(x=self.__init__.__globals__) %}{{ ns.x.__builtins__ }}",
    "map-attribute": "{{ [messages]|map(attribute='__class__')|list }}",
    "hidden": "{% for message in messages %}{{ message.content }}{% endfor %}"
    + " " * 5000
    + "{{ joiner.__init__.__globals__ }}",
    "condition": "{% if range.__class__.__base__ %}x{% endif %}",
    "request": "{{ request.application.__globals__.__builtins__.__import__('os') }}",
    "import": "{% include '/etc/hostname' %}",
    "format": "{{ '{0.__class__}'.format(messages) }}",
}


def _gguf(**texts: str) -> bytes:
    """A GGUF file of metadata alone (version 3)."""

    def text(value: str) -> bytes:
        encoded = value.encode()
        return struct.pack("<Q", len(encoded)) + encoded

    pairs = b"".join(text(key.replace("__", ".")) + struct.pack("<I", 8) + text(value) for key, value in texts.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(texts)) + pairs


def _templates() -> Iterator[Bad]:
    weights = struct.pack("<Q", 2) + b"{}"
    hub = {
        "config.json": b'{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}',
        "model.safetensors": weights,
    }
    for index, (slug, template) in enumerate(_INJECTIONS.items()):
        if index % 2:
            content = _gguf(general__architecture="llama", tokenizer__chat_template=template)
            yield bad("gguf-templates", slug, f"a chat template: {slug}", content, _TEMPLATE, file="model.gguf")
        else:
            files = hub | {"tokenizer_config.json": _json({"chat_template": template})}
            yield bad_directory(
                "tokenizer-templates", slug, f"a chat template: {slug}", files, "tokenizer_config.json", _TEMPLATE
            )
    worst = _INJECTIONS["globals"]
    yield bad(
        "gguf-templates",
        "globals",
        "a chat template: globals",
        _gguf(general__architecture="llama", tokenizer__chat_template=worst),
        _TEMPLATE,
        file="model.gguf",
    )
    named = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + _gguf(tokenizer__chat_template__tool_use=worst)[24:]
    yield bad("gguf-templates", "named", "a template with a name of its own", named, _TEMPLATE, file="model.gguf")
    big = b"GGUF" + struct.pack(">IQQ", 3, 0, 1)
    key = b"tokenizer.chat_template"
    big += struct.pack(">Q", len(key)) + key + struct.pack(">IQ", 8, len(worst)) + worst.encode()
    yield bad(
        "gguf-templates", "big-endian", "the bytes in the other order", big, _TEMPLATE, "PKL141", file="model.gguf"
    )
    listed = _json({"chat_template": [{"name": "default", "template": "x"}, {"name": "tools", "template": worst}]})
    yield bad_directory(
        "tokenizer-templates",
        "named",
        "one of several templates",
        hub | {"tokenizer_config.json": listed},
        "tokenizer_config.json",
        _TEMPLATE,
    )
    yield bad_directory(
        "tokenizer-templates",
        "jinja-file",
        "a file of its own",
        hub | {"tokenizer_config.json": b"{}", "chat_template.jinja": worst.encode()},
        "chat_template.jinja",
        _TEMPLATE,
    )
    yield bad_directory(
        "tokenizer-templates",
        "json-file",
        "a JSON file of its own",
        hub | {"chat_template.json": _json({"chat_template": worst})},
        "chat_template.json",
        _TEMPLATE,
    )
    yield bad_directory(
        "tokenizer-templates",
        "processor",
        "the processor's template",
        hub | {"processor_config.json": _json({"chat_template": worst})},
        "processor_config.json",
        _TEMPLATE,
    )
    additional = hub | {"tokenizer_config.json": b"{}", "additional_chat_templates/tools.jinja": worst.encode()}
    yield bad_directory(
        "tokenizer-templates",
        "additional",
        "a template in the directory of further ones",
        additional,
        "additional_chat_templates/tools.jinja",
        _TEMPLATE,
    )


def _loaders() -> Iterator[Bad]:
    weights = struct.pack("<Q", 2) + b"{}"
    modules = {
        "os": "os",
        "subprocess": "subprocess",
        "pickle": "pickle",
        "runpy": "runpy",
        "unknown": "my_loader.module",
        "looks-alike": "mlflow_sklearn",
    }
    for slug, module in modules.items():
        text = f"flavors:\n  python_function:\n    loader_module: {module}\n    data: model.safetensors\n"
        files = {"MLmodel": text.encode(), "model.safetensors": weights}
        yield bad_directory("mlflow", slug, f"the loader module {module}", files, "MLmodel", _LOADER)
    targets: dict[str, tuple[str, dict[str, _Json]]] = {
        "os-system": ("os.system", {"command": "echo artifact-lint"}),
        "subprocess": ("subprocess.run", {"args": "echo artifact-lint"}),
        "eval": ("builtins.eval", {"_args_": ["1"]}),
        "exec": ("builtins.exec", {"_args_": ["1"]}),
        "pickle": ("pickle.load", {}),
        "import": ("importlib.import_module", {"name": "antigravity"}),
        "shutil": ("shutil.rmtree", {"path": "artifact-lint"}),
    }
    for slug, (target, arguments) in targets.items():
        lines = ["model:", "  layers: 4", "  callback:", f"    _target_: {target}"]
        lines += [f"    {key}: {json.dumps(value)}" for key, value in arguments.items()]
        files = {"config.yaml": "\n".join([*lines, ""]).encode(), "model.safetensors": weights}
        yield bad_directory("hydra", slug, f"_target_: {target}", files, "config.yaml", _LOADER)
    as_json = {
        "config.json": _json({"model_type": "x", "head": {"_target_": "os.system", "command": "echo"}}),
        "model.safetensors": weights,
    }
    yield bad_directory("hydra", "json", "_target_ in JSON", as_json, "config.json", _LOADER)
    below = {
        ".hydra/config.yaml": b"optimizer:\n  _target_: os.system\n  command: echo\n",
        "model.ckpt": plain_zip({"model/data.pkl": b"\x80\x02}.", "model/version": b"3\n"}),
    }
    yield bad_directory(
        "hydra", "run-directory", "hydra's own directory beside a checkpoint", below, ".hydra/config.yaml", _LOADER
    )
    listed = {
        "config.yaml": b"callbacks:\n- {_target_: my_package.X}\n- {_target_: 'os.popen', cmd: echo}\n",
        "model.safetensors": weights,
    }
    yield bad_directory("hydra", "list", "_target_ in a list, in flow style", listed, "config.yaml", _LOADER)
    nemo = b"target: nemo.X\nencoder:\n  _target_: subprocess.call\n  args: echo\n"
    yield bad(
        "hydra",
        "nemo",
        "_target_ in a .nemo's configuration",
        plain_tar({"model_config.yaml": nemo, "model_weights.ckpt": weights}),
        _LOADER,
        file="model.nemo",
    )


_SPELLINGS = {
    "anchored": "_target_: &a os.system\n",
    "aliased": "x: &a os.system\ncallback:\n  _target_: *a\n",
    "aliased-key": "k: &k _target_\n*k : os.system\n",
    "tagged": "_target_: !!str os.system\n",
    "tagged-key": "!!str _target_: os.system\n",
    "folded": "_target_: >-\n  os.system\n",
    "explicit": "? _target_\n: os.system\n",
    "behind-a-comment": "_target_:  # what\n  os.system\n",
    "escaped-key": '"\\x5ftarget_": os.system\n',
    "escaped-value": '_target_: "o\\x73.system"\n',
    "padded": "_target_: ' os.system'\n",
    "interpolated": "t: os.system\n_target_: ${t}\n",
    "interpolated-relative": "callback:\n  t: [os.system]\n  _target_: ${.t[0]}\n",
    "plain-key": "target: &a os.system\nparams: {command: echo}\n",
    "tag": "x: !!python/object/apply:os.system [echo]\n",
    "tag-percent": "x: !!python%2Fobject/apply:os.system [echo]\n",
    "tag-verbatim": "x: !<tag:yaml.org,2002:python/object/apply:os.system> [echo]\n",
    "tag-directive": "%TAG !p! tag:yaml.org,2002:python/object/apply:\n---\nx: !p!os.system [echo]\n",
    "wide": "_target_: os.system\n",
    "behind-many": "".join(f"a{n}: {{_target_: torch.nn.Linear}}\n" for n in range(1100))
    + "z: {_target_: os.system}\n",
    "far": "#" + "a" * (5 << 20) + "\n_target_: os.system\n",
}


def _spellings() -> Iterator[Bad]:
    """The same call, spelled in the ways of YAML, in a directory and in an archive."""
    weights = struct.pack("<Q", 2) + b"{}"
    for slug, text in _SPELLINGS.items():
        content = text.encode("utf-16" if slug == "wide" else "utf-8")
        why = f"a target in another spelling: {slug}"
        files = {"config.yaml": content, "model.safetensors": weights}
        yield bad_directory("hydra", f"spelled-{slug}", why, files, "config.yaml", _LOADER)
        packed = plain_tar({"model_config.yaml": content, "model_weights.ckpt": weights})
        yield bad("hydra", f"nemo-{slug}", f"{why}, in a .nemo", packed, _LOADER, file="model.nemo")
    escaped = b'{"\\u005ftarget_": "os.system"}'
    packed = plain_tar({"model_config.json": escaped, "model_weights.ckpt": weights})
    yield bad("hydra", "nemo-json-escaped", "an escaped key of JSON, in a .nemo", packed, _LOADER, file="model.nemo")


def _skops() -> Iterator[Bad]:
    def schema(**node: _Json) -> bytes:
        root = {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "key_types": {},
            "content": {"x": node},
        }
        return plain_zip({"schema.json": _json(root | {"protocol": 2, "_skops_version": "0.11.0"})})

    types = {
        "function": (
            "a function of posix",
            schema(__class__="system", __module__="posix", __loader__="FunctionNode", content="posix.system"),
        ),
        "object": (
            "an object of subprocess",
            schema(__class__="Popen", __module__="subprocess", __loader__="ObjectNode", content=None),
        ),
        "type": (
            "a type of an unknown package",
            schema(
                __class__="type",
                __module__="builtins",
                __loader__="TypeNode",
                content={"__class__": "Payload", "__module__": "payload"},
            ),
        ),
        "method": (
            "a method",
            schema(
                __class__="method",
                __module__="builtins",
                __loader__="MethodNode",
                content={
                    "func": "system",
                    "obj": {"__class__": "Popen", "__module__": "subprocess", "__loader__": "ObjectNode"},
                },
            ),
        ),
        "reduce": (
            "an object that is rebuilt by a call",
            schema(__class__="system", __module__="os", __loader__="ReduceNode", args={}, constructor={}),
        ),
        "getter": (
            "operator.methodcaller",
            schema(__class__="methodcaller", __module__="operator", __loader__="OperatorFuncNode", attrs={}),
        ),
        "partial": (
            "functools.partial of a shell",
            schema(
                __class__="partial",
                __module__="functools",
                __loader__="PartialNode",
                content={"func": {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}},
            ),
        ),
        "unknown": (
            "a class of an unknown package",
            schema(__class__="Model", __module__="my_package", __loader__="ObjectNode", content=None),
        ),
    }
    for slug, (why, content) in types.items():
        yield bad("skops", slug, why, content, _SKOPS, file="model.skops")
    yield bad("skops", "renamed", "the same under another name", types["function"][1], _SKOPS, file="model.bin")


def _pmml() -> Iterator[Bad]:
    tail = b'<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header>&x;</Header></PMML>'
    declarations = {
        "external": b'<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        "parameter": b'<!DOCTYPE PMML [<!ENTITY % x SYSTEM "http://localhost:9/x.dtd"> %x;]>',
        "expansion": b'<!DOCTYPE PMML [<!ENTITY a "artifact-lint"><!ENTITY b "&a;&a;&a;"><!ENTITY x "&b;&b;">]>',
        "dtd": b'<!DOCTYPE PMML SYSTEM "http://localhost:9/x.dtd">',
        "public": b'<!DOCTYPE PMML PUBLIC "-//X//Y" "http://localhost:9/x.dtd">',
    }
    for slug, declaration in declarations.items():
        content = b'<?xml version="1.0" encoding="UTF-8"?>\n' + declaration + b"\n" + tail
        yield bad("pmml", slug, f"a document type: {slug}", content, _ENTITY, file="model.pmml")
    first = b'<?xml version="1.0"?>\n' + declarations["external"] + tail
    yield bad("pmml", "xml-suffix", "the same named .xml", first, _ENTITY, file="model.xml")
    wide = b"\xff\xfe" + first.decode().replace(
        '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-16"?>'
    ).encode("utf-16-le")
    yield bad("pmml", "utf-16", "the same in UTF-16", wide, _ENTITY, file="model.pmml")
    late = b'<?xml version="1.0"?>\n<!--' + b" " * 9000 + b"-->\n" + declarations["external"] + tail
    yield bad("pmml", "late", "the declaration behind a long comment", late, _ENTITY, file="model.pmml")
