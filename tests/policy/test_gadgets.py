"""Gadgets from the advisories on picklescan, modelscan, fickling and modelaudit, and their likes in other libraries."""

from __future__ import annotations

import pytest

from artifact_lint.model import Use
from artifact_lint.policy.imports import VerdictKind, verdict

CALLED = frozenset({Use.CALLED})

ADVISORIES = """
_aix_support:_read_cmd_output _io:FileIO _operator:attrgetter _operator:itemgetter _operator:methodcaller
_osx_support:_find_build_tool _osx_support:_read_output _pyrepl.pager:tempfile_pager _pyrepl.pager:pipe_pager
aiohttp.client:ClientSession asyncio.unix_events:_UnixSubprocessTransport._start bdb:Bdb.run cProfile:runctx
cloudpickle.cloudpickle:subimport code:InteractiveInterpreter.runcode ctypes:CDLL distutils.file_util:write_file
doctest:debug_script ensurepip:_run_pip http.client:HTTPSConnection idlelib.autocomplete:AutoComplete.get_entity
idlelib.calltip:Calltip.fetch_tip idlelib.debugobj:ObjectTreeItem.SetText idlelib.pyshell:ModifiedInterpreter.runcode
idlelib.run:Executive.runcode imaplib:IMAP4_stream importlib:import_module lib2to3.pgen2.grammar:Grammar.loads
lib2to3.pgen2.pgen:ParserGenerator.make_label logging:FileHandler marshal:loads numpy.f2py.crackfortran:_eval_length
numpy.f2py.crackfortran:getlincoef numpy.testing._private.utils:runstring operator:methodcaller pdb:run pickle:loads
pip:main pkgutil:resolve_name profile:run pty:spawn pydoc:locate pydoc:pipepager requests.api:get runpy:_run_code
ssl:get_server_certificate test.support.script_helper:assert_python_ok timeit:timeit
torch._dynamo.guards:GuardBuilder.get
torch._inductor.codecache:compile_file torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression
torch.jit.unsupported_tensor_ops:execWrapper torch.serialization:load
torch.utils._config_module:ConfigModule.load_config
torch.utils.bottleneck.__main__:run_cprofile torch.utils.collect_env:run
torch.utils.data.datapipes.utils.decoder:basichandlers trace:Trace.run types:CodeType urllib.request:urlopen
uuid:_get_command_stdout venv:create webbrowser:open _interpreters:run_string _xxsubinterpreters:run_string
"""

OTHERS = """
numpy:load numpy:fromfile numpy:memmap torch.hub:load torch:load torch.utils.cpp_extension:load_inline
pandas:eval pandas:read_pickle pandas.core.frame:DataFrame.query pandas.core.frame:DataFrame.eval
pandas.core.computation.eval:eval pandas.io.pickle:read_pickle joblib:load joblib.numpy_pickle:load
sklearn.utils._testing:check_skip_network setuptools:setup setuptools._distutils.spawn:spawn pip._internal:main
pytest:main _pytest.config:main IPython.core.interactiveshell:InteractiveShell.run_cell cgitb:enable
distutils.spawn:spawn codeop:compile_command cffi.api:FFI numba:njit dill._dill:_create_function
yaml:unsafe_load yaml.constructor:UnsafeConstructor jinja2:Template jinja2.environment:Template.render
django.utils.module_loading:import_string django.template.base:Template werkzeug.utils:import_string
dataclasses:make_dataclass collections:namedtuple gettext:c2py optparse:Values.read_file typing:ForwardRef
xml.sax:parse turtle:config_dict tracemalloc:Snapshot.load pstats:Stats pipes:Template argparse:FileType
hydra.utils:instantiate threading:settrace scipy.io:loadmat sympy:sympify tensorflow:py_function
"""


@pytest.mark.parametrize("gadget", [*ADVISORIES.split(), *OTHERS.split()])
def test_a_known_gadget_is_dangerous(gadget: str) -> None:
    module, _, name = gadget.partition(":")
    judged = verdict(module, name, CALLED)
    assert judged.kind is VerdictKind.DANGEROUS
    assert judged.reason


@pytest.mark.parametrize(
    "gadget",
    ["functools:partial", "cloudpickle.cloudpickle:_make_function", "numba.core.serialize:_unpickle__CustomPickled"],
)
def test_what_is_only_as_safe_as_its_arguments_is_never_allowed(gadget: str) -> None:
    module, _, name = gadget.partition(":")
    for use in Use:
        assert verdict(module, name, frozenset({use})).kind is not VerdictKind.ALLOWED


@pytest.mark.parametrize(
    ("entry", "use"),
    [
        ("sklearn.metrics._dist_metrics:PyFuncDistance", Use.CALLED),
        ("numpy:memmap", Use.INSTANTIATED),
        ("xgboost.core:Booster", Use.CALLED),
        ("pandas._libs.tslibs.offsets:OffsetMeta", Use.INSTANTIATED),
        ("torch.nn.parameter:_ParameterMeta", Use.INSTANTIATED),
        ("sklearn.utils:Parallel", Use.INSTANTIATED),
    ],
)
def test_a_listed_library_has_names_that_act_on_their_arguments(entry: str, use: Use) -> None:
    module, _, name = entry.partition(":")
    assert verdict(module, name, frozenset({use})).kind is not VerdictKind.ALLOWED
