from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_lint.policy import templates
from artifact_lint.policy.templates import Reading, read_by_parser, read_by_tokens, read_template

INJECTIONS = [
    "{{ ().__class__ }}",
    "{{ x  .  __class__ }}",
    "{{ x.\n__class__ }}",
    "{%- if x.__class__ -%}{%- endif -%}",
    "{{ x['__class__'] }}",
    "{{ x['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "{{ x['\\u005f_init__'] }}",
    "{{ x['\\N{LOW LINE}_init__'] }}",
    "{{ x['__cla' 'ss__'] }}",
    "{{ x['__cla' ~ 'ss__'] }}",
    "{{ x['__cla' + 'ss__'] }}",
    "{{ x['__ssalc__'[::-1]] }}",
    "{{ x['__tini__'|reverse] }}",
    "{{ x['X__init__'[1:]] }}",
    "{{ x['__CLASS__'|lower] }}",
    "{{ x['%c%cinit%c%c'|format(95, 95, 95, 95)] }}",
    "{{ x['%c%cinit%c%c' % (95, 95, 95, 95)] }}",
    "{{ x['__in-it__'|replace('-', '')] }}",
    "{{ x['__in-it__'.replace('-', '')] }}",
    "{{ x[('__in', 'it__')|join] }}",
    "{{ x[['__in', 'it__']|sum(start='')] }}",
    "{{ x[a if b else '__init__'] }}",
    "{{ x[y or '__init__'] }}",
    "{{ x|attr('__init__') }}",
    "{{ x | attr ( '__init__' ) }}",
    "{{ x|attr(k) }}",
    "{{ x|attr(['__in', 'it__']|join) }}",
    "{{ x|attr('format') }}",
    "{% filter attr('__init__') %}x{% endfilter %}",
    "{{ [x]|map(attribute='__init__') }}",
    "{{ [x]|map(attribute='a.__init__.b') }}",
    "{{ [x]|map('attr', '__init__') }}",
    "{{ [x]|map('attr', k) }}",
    "{{ [x]|map(f, k) }}",
    "{{ [x]|map(**{'attribute': '__init__'}) }}",
    "{{ [x]|selectattr('__init__') }}",
    "{{ [x]|groupby('__init__') }}",
    "{{ [x]|sort(attribute='__init__') }}",
    "{{ lipsum.func_globals }}",
    "{{ lipsum['a' ~ b] }}",
    "{{ cycler.next }}",
    "{{ joiner['x'] }}",
    "{{ request.application }}",
    "{{ config.items() }}",
    "{{ namespace.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ self['_TemplateReference__context'] }}",
    "{{ x.gi_frame }}",
    "{{ x['gi_frame'] }}",
    "{{ x.mro() }}",
    "{{ dict(__class__=1)|list }}",
    "{{ __builtins__ }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ ('{0.' ~ '_' ~ '_init__}').format(x) }}",
    "{{ '{0[__init__]}'.format_map(x) }}",
    "{% set a = '__cla' %}{% set b = 'ss__' %}{{ x[a + b] }}",
    "{% set a = '__in' %}{% set b = a ~ 'it__' %}{% set c = b %}{{ x[c] }}",
    "{% set ns = namespace(k='__in') %}{% set ns.k = ns.k ~ 'it__' %}{{ x[ns.k] }}",
    "{% set ns = namespace(k='__init__') %}{{ x[ns['k']] }}",
    "{% set k %}__in{{ 'it__' }}{% endset %}{{ x[k] }}",
    "{% macro k() %}__in{{ 'it__' }}{% endmacro %}{{ x[k()] }}",
    "{% macro m(k='__init__') %}{{ x[k] }}{% endmacro %}",
    "{% call(k='__init__') m() %}{{ x[k] }}{% endcall %}",
    "{% with k = 'a' ~ 'b' %}{{ x[k] }}{% endwith %}",
    "{% for k in ['__init__', '__doc__'] %}{{ x[k] }}{% endfor %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% generation %}{{ x.__init__ }}{% endgeneration %}",
    "{% for m in x %}{% break %}{{ m.__init__ }}{% endfor %}",
    "{% raw %}{{ y }}{% endraw %}{{ x.__init__ }}",
    "{# {{ #}{{ x.__init__ }}",
    "{{ '}}' ~ x.__init__ }}",
    "{{ {'a': {'b': 1}} and x.__init__ }}",
]

ORDINARY = [
    "no block, but __class__",
    "{{ message.content }}{{ message['role'] }}{{ messages[0]['content'] }}",
    "{{ messages[loop.index0 - 1].role }}{{ x[i + 1] }}{{ x[2 * i] }}{{ x[-1] }}{{ x.0.y }}",
    "{{ messages[1:] }}{{ messages[::-1] }}{{ content[:-1] }}",
    "{% set ns = namespace(last=-1, found=false) %}{% set ns.last = loop.index0 %}{{ messages[ns.last + 1] }}",
    "{% set roles = {'user': '<u>', 'assistant': '<a>'} %}{{ roles[message.role] }}{{ roles[message['role']] }}",
    "{% set index = (messages|length - 1) - loop.index0 %}{{ messages[index] }}",
    "{{ strftime_now('%d %b %Y') }}{{ raise_exception('no ' ~ role) }}{{ bos_token ~ eos_token }}",
    "{{ content.split('</think>')[-1].lstrip('\\n') }}{{ tool|tojson(indent=4) }}",
    "{% for k, v in spec.properties.items() %}{{ k ~ ': ' ~ v.type }}{{ spec.properties[k] }}{% endfor %}",
    "{% macro m(spec, depth=0) %}{{ m(spec.items, depth + 1) }}{{ types[spec.type] }}{% endmacro %}",
    "{% set sep = joiner(', ') %}{{ sep() }}{{ dict(a=1).a }}{{ range(3)|list }}",
    "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|join(' ') }}",
    "{{ 'Use __init__ and __main__ in Python.' }}{{ '{}'.format(name) }}{{ x|attr('content') }}",
    "{% set config = message.config %}{{ config.items() }}{{ x['_id'] }}{{ param['format'] }}",
    "{%- for message in messages -%}{%- generation -%}{{ message.content }}{%- endgeneration -%}{%- endfor -%}",
]

HOSTILE = {
    "brackets": "{{ " + "(" * 60_000 + "x" + ")" * 60_000 + " }}",
    "open": "{{ " + "[" * 60_000,
    "signs": "{{ " + "-" * 60_000 + "x }}",
    "negations": "{{ " + "not " * 30_000 + "x }}",
    "branches": "{{ " + "a if b else " * 9_000 + "c }}",
    "blocks": "{% if x %}" * 6_000 + "{% endif %}" * 6_000,
    "attributes": "{{ x" + ".a" * 60_000 + " }}",
    "assignments": "".join(f"{{% set a{i} = a{i + 1} ~ b %}}" for i in range(5_000)) + "{{ x[a0] }}",
}


def what(reading: Reading) -> list[str]:
    return [reach.what for reach in reading.reaches]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_template_that_leaves_its_messages_is_told_alike_by_both_readers(text: str) -> None:
    by_parser, by_tokens = read_by_parser(text), read_by_tokens(text)
    assert by_parser.reaches
    assert (what(by_parser), by_parser.gap) == (what(by_tokens), by_tokens.gap)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_template_is_clean_to_both_readers(text: str) -> None:
    assert read_by_parser(text) == read_by_tokens(text) == Reading()


def test_a_reach_is_told_once_with_its_first_line() -> None:
    reading = read_template("{{ a }}\n{{ a.__class__ }}\n{{ b.__class__ }}{{ c['__class__'] }}")
    assert [(reach.what, reach.line) for reach in reading.reaches] == [("`.__class__`", 2), ("`__class__`", 3)]


def test_a_text_in_a_message_is_short_and_printable() -> None:
    assert what(read_template("{{ x['__" + "a" * 999 + "__'] }}")) == ["`__" + "a" * 58 + "...`"]
    assert what(read_template("{{ '{\x1b._'.format(x) }}")) == ["attributes by the format field `{\\x1b._`"]


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("{{ x", "the block of line 1 is not closed"),
        ("\n{% if x", "the block of line 2 is not closed"),
        ("{# x", "the comment of line 1 is not closed"),
        ("{% raw %}", "the `raw` block of line 1 is not closed"),
        ("{{ 'x }}", 'the block of line 1 holds "\'", which starts no token'),
        ("{{ (x] }}", "a bracket in line 1 closes none"),
        ("{{ '\\N{NO SUCH NAME}' }}", "a string in line 1 has an escape that means nothing"),
    ],
)
def test_what_has_no_tokens_is_unread(text: str, gap: str) -> None:
    assert read_template(text) == read_by_tokens(text) == Reading(gap=gap)


def test_what_jinja_does_not_parse_is_unread_and_judged_by_its_tokens() -> None:
    reading = read_template("{% trans %}{{ x.__class__ }}{% endtrans %}")
    assert what(reading) == ["`.__class__`"]
    assert "unknown tag 'trans'" in reading.gap


def test_a_template_of_half_a_megabyte_is_unread() -> None:
    assert "more than a template has" in read_template("{{ x }}" * 100_000).gap


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_ends_in_a_reading(name: str) -> None:
    assert isinstance(read_template(HOSTILE[name]), Reading)
    assert isinstance(read_by_parser(HOSTILE[name]), Reading)


def test_without_jinja_the_tokens_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "find_spec", lambda _: None)
    assert what(read_template("{{ x.__class__ }}{% trans %}")) == ["`.__class__`"]
    assert not read_template("{% trans %}").gap


_PIECES = st.sampled_from(
    [
        *(
            "{{ ",
            " }}",
            "{% set a = ",
            " %}",
            "{# ",
            " #}",
            "{% for k in x %}",
            "{% endfor %}",
            "x",
            ".y",
            "['z']",
            "[0]",
        ),
        *(
            "[k]",
            " ~ ",
            " + ",
            "'__in'",
            "'it__'",
            "|attr('a')",
            "|join",
            "(",
            ")",
            "a",
            ".__class__",
            "\n",
            "\\",
            "'",
            "-",
        ),
    ]
)


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=40))
def test_any_text_has_a_reading_and_the_tokens_miss_nothing_that_the_parser_tells(text: str) -> None:
    by_parser, by_tokens = read_by_parser(text), read_by_tokens(text)
    if not by_parser.gap:
        assert not by_tokens.gap
        assert set(what(by_parser)) <= set(what(by_tokens))
