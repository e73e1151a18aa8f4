from __future__ import annotations

import gc
import json
import math
import tomllib
from contextlib import suppress
from typing import cast

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_lint.document import Document, DocumentError, Limits, Node, Syntax, parse, parse_front_matter
from artifact_lint.model import Irregularity, Origin

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(), children, max_size=5),
    max_leaves=30,
)
YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(), children, max_size=5),
    max_leaves=30,
)


def read(text: str, path: str = "file.yaml") -> Document:
    return parse(path, text.encode())


def failure(text: str | bytes, path: str = "file.yaml", limits: Limits | None = None) -> DocumentError:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(DocumentError) as caught:
        parse(path, data, limits=limits or Limits())
    assert caught.value.reason
    assert "\n" not in caught.value.reason
    assert caught.value.help
    return caught.value


def at(document: Document, *keys: str) -> Node:
    node = document.root.get(*keys)
    assert node is not None
    return node


def place(origin: Origin) -> tuple[int, int, int, int, str]:
    return origin.line, origin.column, origin.end_line, origin.end_column, origin.pointer


def cut(text: str, origin: Origin) -> str:
    """What stands in a text at an origin."""
    lines = text.split("\n")[origin.line - 1 : origin.end_line]
    lines[-1] = lines[-1][: origin.end_column - 1]
    lines[0] = lines[0][origin.column - 1 :]
    return "\n".join(lines)


def same(left: object, right: object) -> bool:
    return json.dumps(left) == json.dumps(right)


class TestTree:
    DOCUMENT = read("name: churn\nmetrics:\n  a/b~c: 0.5\n  list:\n    - x\n    - {deep: 1}\nnothing:\n")

    def test_every_node_knows_its_place(self) -> None:
        places = {place(node.origin) for node in self.DOCUMENT.root.walk()}
        assert places == {
            (1, 1, 7, 9, ""),
            (1, 7, 1, 12, "/name"),
            (3, 3, 6, 16, "/metrics"),
            (3, 10, 3, 13, "/metrics/a~1b~0c"),
            (5, 5, 6, 16, "/metrics/list"),
            (5, 7, 5, 8, "/metrics/list/0"),
            (6, 7, 6, 16, "/metrics/list/1"),
            (6, 14, 6, 15, "/metrics/list/1/deep"),
            (7, 9, 7, 9, "/nothing"),
        }

    def test_walk_is_in_document_order(self) -> None:
        lines = [(node.origin.line, node.origin.column) for node in self.DOCUMENT.root.walk()]
        assert lines == sorted(lines)

    def test_keys_have_places(self) -> None:
        assert place(at(self.DOCUMENT, "metrics").key_origin("a/b~c")) == (3, 3, 3, 8, "/metrics/a~1b~0c")

    def test_a_key_that_is_not_there_has_the_place_of_its_mapping(self) -> None:
        assert self.DOCUMENT.root.key_origin("absent") == self.DOCUMENT.root.origin

    def test_get_stops_where_a_step_is_missing_or_no_mapping(self) -> None:
        root = self.DOCUMENT.root
        assert root.get("absent", "deeper") is None
        assert root.get("name", "deeper") is None
        assert root.get("metrics", "list", "0") is None
        assert root.get() is root

    def test_shapes(self) -> None:
        root = self.DOCUMENT.root
        assert (root.is_mapping, root.is_sequence, root.is_null) == (True, False, False)
        assert at(self.DOCUMENT, "metrics", "list").is_sequence
        assert at(self.DOCUMENT, "nothing").is_null
        assert [node.value for node in at(self.DOCUMENT, "metrics", "list").elements()] == ["x", {"deep": 1}]
        assert list(at(self.DOCUMENT, "name").items()) == []
        assert list(at(self.DOCUMENT, "name").elements()) == []
        assert root.text is None
        assert at(self.DOCUMENT, "nothing").text is None

    def test_value_is_plain_python(self) -> None:
        assert self.DOCUMENT.root.value == {
            "name": "churn",
            "metrics": {"a/b~c": 0.5, "list": ["x", {"deep": 1}]},
            "nothing": None,
        }

    def test_two_calls_share_nothing(self) -> None:
        first = cast("dict[str, object]", self.DOCUMENT.root.value)
        first.clear()
        assert self.DOCUMENT.root.value != first

    def test_line_breaks_are_those_of_an_editor(self) -> None:
        document = parse("a.yaml", 'a: 1\r\nb: "x\u2028y"\r\nc: 3\r\n'.encode())
        assert place(at(document, "c").origin)[:2] == (3, 4)
        assert at(document, "b").origin.end_column == 9

    def test_a_byte_order_mark_counts_for_nothing(self) -> None:
        document = parse("a.json", b'\xef\xbb\xbf{"a": 1}')
        assert place(at(document, "a").origin) == (1, 7, 1, 8, "/a")

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf16_with_a_mark_is_read(self, encoding: str) -> None:
        assert parse("a.yaml", "\ufeffa: é".encode(encoding)).root.value == {"a": "é"}

    def test_the_collector_runs_again_afterwards(self) -> None:
        assert gc.isenabled()
        read("a: 1")
        failure("a: [")
        assert gc.isenabled()

    def test_the_syntax_follows_the_name(self) -> None:
        assert parse("x/config.JSON", b"{}").syntax is Syntax.JSON
        assert parse("pyproject.toml", b"").syntax is Syntax.TOML
        assert parse("x.json/MLmodel", b"a: 1").syntax is Syntax.YAML
        assert parse("dvc.lock", b"a: 1").syntax is Syntax.YAML
        assert parse("data", b"{}", Syntax.JSON).syntax is Syntax.JSON


class TestYaml:
    @pytest.mark.parametrize(
        "scalar",
        [
            *(
                "1.10",
                "1",
                "-1",
                "+1",
                "0",
                "012",
                "0001234",
                "08",
                "0o17",
                "0x1F",
                "0b101",
                "1_000",
                "1:30",
                "1:30:00",
            ),
            *("1:30.5", "1e3", "1.0e3", "1.0e+3", "1E5", ".5", "5.", ".inf", "-.INF", "+.inf", "-0.0", "6.02_2"),
            *("yes", "No", "on", "OFF", "true", "TRUE", "tRue", "y", "n", "null", "Null", "~", "", "None", "nan"),
            *(
                "1.2.3",
                "v1",
                "0x",
                "0b_",
                "1__0",
                "+",
                ".",
                "_1",
                "0_",
                "12e03",
                "685.230_15e+03",
                "'1.10'",
                '"no"',
            ),
            *("!!str 1", "!!int '12'", "!!float 1", "!!bool 'yes'", "!!null ''", "! 12", "a b", "|\n  text\n"),
        ],
    )
    def test_scalars_are_what_safe_load_makes_of_them(self, scalar: str) -> None:
        text = f"key: {scalar}\n"
        expected = yaml.safe_load(text)["key"] if scalar != "0b_" else "0b_"
        found = at(read(text), "key").value
        assert found == expected
        assert type(found) is type(expected)

    def test_not_a_number_is_one(self) -> None:
        assert math.isnan(cast("float", at(read("key: .nan"), "key").value))

    @pytest.mark.parametrize("scalar", ["2026-11-21", "2026-11-21T10:00:00Z", "2026-11-21 10:00:00", "2026-02-31"])
    def test_dates_stay_text(self, scalar: str) -> None:
        assert at(read(f"key: {scalar}"), "key").value == scalar

    def test_raw_scalars_are_kept(self) -> None:
        document = read("a: 1.10\nb: no\nc: '1.10'\nd: 012\n")
        assert [node.text for _, node in document.root.items()] == ["1.10", "no", "1.10", "012"]
        assert [node.quoted for _, node in document.root.items()] == [False, False, True, False]

    def test_a_block_scalar_ends_where_its_text_ends(self) -> None:
        node = at(read("a: |\n  one\n  two\n\nb: 1\n"), "a")
        assert (node.value, node.quoted) == ("one\ntwo\n", True)
        assert place(node.origin) == (1, 4, 3, 6, "/a")

    @pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "--- ~", "null"])
    def test_an_empty_document_is_null(self, text: str) -> None:
        root = read(text).root
        assert root.is_null
        assert root.value is None

    def test_keys_are_texts(self) -> None:
        assert read("1: a\nyes: b\n~: c\n2020-01-01: d\n").root.value == {
            "1": "a",
            "yes": "b",
            "~": "c",
            "2020-01-01": "d",
        }

    def test_a_missing_key_is_an_empty_text(self) -> None:
        assert read("? \n: a\n").root.value == {"": "a"}

    def test_duplicate_keys_are_remarked_and_the_last_wins(self) -> None:
        document = read("a:\n  x: 1\n  y: 2\n  x: 3\n")
        assert document.root.value == {"a": {"x": 3, "y": 2}}
        (remark,) = document.remarks
        assert remark.kind is Irregularity.DUPLICATE_KEY
        assert place(remark.origin) == (4, 3, 4, 4, "/a/x")
        assert "`x`" in remark.message
        assert "line 2" in remark.message

    def test_keys_are_duplicates_by_value(self) -> None:
        assert read("1: a\n'1': b\n").remarks == ()
        assert len(read("1: a\n01: b\n").remarks) == 1
        assert len(read("yes: a\ntrue: b\n").remarks) == 1

    def test_aliases_repeat_a_value(self) -> None:
        document = read("a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n")
        assert document.root.value == yaml.safe_load("{a: {k: [1, 2]}, b: {k: [1, 2]}, c: [{k: [1, 2]}, {k: [1, 2]}]}")
        assert at(document, "b").origin == at(document, "a").origin
        assert document.root.key_origin("b").line == 2
        assert sum(node.text == "1" for node in document.root.walk()) == 1

    def test_an_alias_can_be_a_key(self) -> None:
        assert read("- &x name\n- {*x : 1}\n").root.value == ["name", {"name": 1}]

    @pytest.mark.parametrize(
        "text",
        [
            "base: &b {a: 1, b: 2}\nuse:\n  <<: *b\n  b: 3\n",
            "base: &b {a: 1, b: 2}\nuse:\n  b: 3\n  <<: *b\n",
            "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nuse:\n  <<: [*x, *y]\n",
            "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nuse: {<<: *y, c: 3}\n",
            "use:\n  <<: {a: 1}\n  <<: {a: 2}\n",
            "use:\n  '<<': {a: 1}\n",
        ],
    )
    def test_merge_keys_are_resolved_as_safe_load_does(self, text: str) -> None:
        document = read(text)
        assert document.root.value == yaml.safe_load(text)
        assert document.remarks == ()

    def test_a_merged_key_stands_where_it_is_written(self) -> None:
        document = read("base: &b\n  a: 1\nuse:\n  <<: *b\n")
        assert at(document, "use", "a").origin.line == 2

    @pytest.mark.parametrize("text", ["<<: 1", "<<: [{a: 1}, 2]"])
    def test_a_merge_key_takes_mappings(self, text: str) -> None:
        assert "merge key" in failure(text).reason

    def test_one_document_is_read(self) -> None:
        assert read("---\na: 1\n...\n").root.value == {"a": 1}
        assert read("---\na: 1\n---\n").root.value == {"a": 1}
        error = failure("a: 1\n---\nb: 2\n")
        assert "second document" in error.reason
        assert error.origin.line == 3

    @pytest.mark.parametrize(
        ("tag", "code"),
        [
            ("!!python/object/apply:os.system", "os.system"),
            ("!!python/object/new:subprocess.Popen", "subprocess.Popen"),
            ("!!python/object:collections.Counter", "collections.Counter"),
            ("!!python/name:os.system", "os.system"),
            ("!!python/module:os", "os"),
        ],
    )
    def test_a_tag_that_reaches_code_is_remarked_and_its_value_kept(self, tag: str, code: str) -> None:
        document = read(f"a: 1\nb: {tag} [ls]\n")
        assert document.root.value == {"a": 1, "b": ["ls"]}
        (remark,) = document.remarks
        assert remark.kind is Irregularity.UNREADABLE
        assert tag in remark.message
        assert f" {code} " in remark.message
        assert (remark.origin.line, remark.origin.pointer) == (2, "/b")

    def test_a_private_tag_is_remarked_once(self) -> None:
        (remark,) = read("a: !secret x\nb: !secret y\n").remarks
        assert "!secret" in remark.message

    @pytest.mark.parametrize("tag", ["!!python/tuple", "!!seq", "!!omap", "!"])
    def test_a_tag_of_plain_data_is_not(self, tag: str) -> None:
        assert read(f"a: {tag} [1]\n").remarks == ()

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            ("a: 1\nb: c: d\n", 2, 5),
            ("a:\n\tb: 1\n", 2, 1),
            ("a: 'x\n", 2, 1),
            ("a: *gone\n", 1, 4),
            ("é😀: ok\nü: @x\n", 2, 4),
            ('"é😀": ok\n"ü": @x\n', 2, 6),
            ("ok: 1\n? [a]\n: b\n", 2, 3),
            ("a: \x07\n", 1, 4),
            ("{{ name }}: 1\n", 1, 1),
        ],
    )
    def test_a_mistake_has_a_place(self, text: str, line: int, column: int) -> None:
        origin = failure(text).origin
        assert (origin.path, origin.line, origin.column) == ("file.yaml", line, column)

    @settings(max_examples=60, deadline=None)
    @given(value=YAML_VALUES, flow=st.booleans(), indent=st.integers(2, 6))
    def test_what_yaml_dumps_is_read_back(self, value: object, flow: bool, indent: int) -> None:  # noqa: FBT001
        text = yaml.safe_dump(value, default_flow_style=flow, indent=indent, allow_unicode=True)
        document = read(text)
        expected = yaml.safe_load(text)
        assert same(document.root.value, expected)
        for node in document.root.walk():
            if node.text is not None and not node.quoted and " " not in node.text and "\n" not in node.text:
                assert cut(text, node.origin).replace("''", "'") == node.text


class TestJson:
    @settings(max_examples=150, deadline=None)
    @given(value=JSON_VALUES, indent=st.none() | st.integers(0, 4), ascii_only=st.booleans())
    def test_what_json_dumps_is_read_back_with_places(
        self,
        value: object,
        indent: int | None,
        ascii_only: bool,  # noqa: FBT001
    ) -> None:
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
        document = read(text, "file.json")
        assert same(document.root.value, json.loads(text))
        for node in document.root.walk():
            assert same(json.loads(cut(text, node.origin)), node.value)
            for key, child in node.items():
                assert json.loads(cut(text, node.key_origin(key))) == key
                assert child.origin.pointer == node.key_origin(key).pointer

    @settings(max_examples=300, deadline=None)
    @given(text=st.text(st.sampled_from('{}[]:,"\\ \n\t01.eE+-truefalsnNaIity\u00e9/u{}'), max_size=25))
    def test_it_accepts_what_json_loads_accepts(self, text: str) -> None:
        try:
            expected: object = json.loads(text)
        except ValueError:
            failure(text, "file.json")
        else:
            assert same(read(text, "file.json").root.value, expected)

    @pytest.mark.parametrize(
        ("text", "column", "word"),
        [
            ("", 1, "empty"),
            ('{"a": 1,}', 8, "comma"),
            ("[1, 2,]", 6, "comma"),
            ("{'a': 1}", 2, "single quotes"),
            ('{"a": 1 // one\n}', 9, "comment"),
            ('{"a": True}', 7, "`True`"),
            ('{"a" 1}', 6, "colon"),
            ("{a: 1}", 2, "`a`"),
            ("[1 2]", 4, "comma"),
            ('["a', 2, "not closed"),
            ('["a\nb"]', 4, "line break"),
            (r'["\x"]', 3, "escape"),
            ("[1", 3, "ends"),
            ("{} {}", 4, "after the end"),
            ("[01]", 3, "comma"),
            ("[1\x07]", 3, "U+0007"),
            ("[" + "9" * 5000 + "]", 2, "5,000 digits"),
        ],
    )
    def test_a_mistake_has_a_place_and_a_plain_word(self, text: str, column: int, word: str) -> None:
        error = failure(text, "file.json")
        assert (error.origin.line, error.origin.column) == (1, column)
        assert word in error.reason

    def test_raw_numbers_are_kept(self) -> None:
        document = read('{"a": 1.10, "b": "1.10", "c": 1e3}', "file.json")
        assert [(node.text, node.value) for _, node in document.root.items()] == [
            ("1.10", 1.1),
            ("1.10", "1.10"),
            ("1e3", 1000.0),
        ]

    def test_duplicate_keys_are_remarked_and_the_last_wins(self) -> None:
        document = read('{\n"a": {"x": 1,\n"\\u0078": 2}}', "file.json")
        assert document.root.value == {"a": {"x": 2}}
        (remark,) = document.remarks
        assert place(remark.origin) == (3, 1, 3, 9, "/a/x")
        assert "line 2" in remark.message

    def test_a_merge_key_is_a_key_like_any_other(self) -> None:
        assert read('{"<<": {"a": 1}}', "file.json").root.value == {"<<": {"a": 1}}

    def test_what_libyaml_refuses_is_read(self) -> None:
        text = json.dumps({"k" * 3000: "\U0001f600"}) + "\t\n"
        assert read(text, "file.json").root.value == json.loads(text)
        assert read('["\x7f\\/"]', "file.json").root.value == ["\x7f/"]

    def test_half_a_surrogate_pair_cannot_break_output(self) -> None:
        text = cast("list[str]", read(r'["\ud83d"]', "file.json").root.value)[0]
        assert text.encode() == "\ufffd".encode()


class TestToml:
    TEXT = (
        '# settings\ntitle = "x"\n[tool.artifact-lint]\nselect = ["ALL", # every\n  "MAN"]\n'
        'text = """\n[not.a.table]\nx = 1"""\n"quoted key".b = 1.10\n[[items]]\nn = 0x10\n[[items]]\n'
        "n = {a.b = true, c = 1979-05-27 07:32:00Z}\n[items.sub]\nd = 07:32:00\n"
    )

    def test_values_are_those_of_tomllib(self) -> None:
        expected = tomllib.loads(self.TEXT)
        expected["items"][1]["n"]["c"] = "1979-05-27 07:32:00Z"
        expected["items"][1]["sub"]["d"] = "07:32:00"
        assert read(self.TEXT, "a.toml").root.value == expected

    def test_places(self) -> None:
        document = read(self.TEXT, "a.toml")
        lint = at(document, "tool", "artifact-lint")
        assert place(lint.origin)[:2] == (3, 1)
        assert place(lint.key_origin("select")) == (4, 1, 4, 7, "/tool/artifact-lint/select")
        assert place(at(lint_document(document), "select").origin)[:4] == (4, 10, 5, 9)
        assert [place(node.origin)[:2] for node in at(document, "tool", "artifact-lint", "select").elements()] == [
            (4, 11),
            (5, 3),
        ]
        assert place(at(document, "tool", "artifact-lint", "quoted key", "b").origin)[:2] == (9, 18)
        first, second = at(document, "items").elements()
        assert place(first.origin) == (10, 1, 11, 9, "/items/0")
        inner = second.get("n", "a", "b")
        assert inner is not None
        assert place(inner.origin) == (13, 12, 13, 16, "/items/1/n/a/b")
        deep = second.get("sub", "d")
        assert deep is not None
        assert (deep.text, place(deep.origin)[:2]) == ("07:32:00", (15, 5))

    @pytest.mark.parametrize(
        ("text", "line", "column"),
        [
            ("a = 1\nb = \n", 2, 5),
            ("a = 1\na = 2\n", 2, 6),
            ('a = "x', 1, 7),
            ("[a\n", 1, 3),
            (f"a = {'9' * 5000}", 1, 1),
        ],
    )
    def test_a_mistake_has_a_place(self, text: str, line: int, column: int) -> None:
        origin = failure(text, "a.toml").origin
        assert (origin.line, origin.column) == (line, column)

    def test_an_endless_integer_stays_text(self) -> None:
        huge = "0x" + "f" * 5000
        assert read(f"a = {huge}", "a.toml").root.value == {"a": huge}

    @settings(max_examples=300, deadline=None)
    @given(text=st.text(st.sampled_from("[]{}=.,\"'\\ \n#ab1-:TZ"), max_size=30))
    def test_it_accepts_what_tomllib_accepts(self, text: str) -> None:
        try:
            expected = tomllib.loads(text)
        except ValueError:
            failure(text, "a.toml")
        else:
            root = read(text, "a.toml").root
            assert list(cast("dict[str, object]", root.value)) == list(expected)


def lint_document(document: Document) -> Document:
    return Document(document.path, document.syntax, at(document, "tool", "artifact-lint"))


class TestHostile:
    DEEP = 200_000

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("a.yaml", "[" * DEEP),
            ("a.yaml", "{a: " * DEEP),
            ("a.yaml", "- " * DEEP),
            ("a.yaml", "".join(" " * depth + "a:\n" for depth in range(2000))),
            ("a.json", "[" * DEEP),
            ("a.json", '{"a":' * DEEP),
            ("a.toml", "a = " + "[" * DEEP),
            ("a.toml", "a = " + "{a=" * DEEP),
            ("a.toml", "a" + ".a" * DEEP + " = 1"),
            ("a.toml", "[a" + ".a" * DEEP + "]"),
        ],
    )
    def test_depth_ends_in_an_error(self, path: str, text: str) -> None:
        assert "levels deep" in failure(text, path).reason

    def test_keys_within_keys_end_in_an_error(self) -> None:
        assert "as a key" in failure("? " * self.DEEP).reason

    def test_the_deepest_that_is_allowed_is_read(self) -> None:
        for path in ("a.yaml", "a.json"):
            node = parse(path, b"[" * 100 + b"]" * 100).root
            assert len(list(node.walk())) == 100
            assert node.value is not None

    def test_an_alias_bomb_ends_in_an_error(self) -> None:
        levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
        assert "aliases repeat" in failure("\n".join(["l0: &l0 [x, x]", *levels])).reason

    def test_doubling_anchors_end_in_an_error(self) -> None:
        levels = [f"- &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 64)]
        assert "aliases repeat" in failure("\n".join(["- &l0 x", *levels])).reason

    def test_a_merge_bomb_stays_small(self) -> None:
        keys = ", ".join(f"k{n}: {n}" for n in range(10))
        levels = [f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 10)}]}}" for n in range(1, 8)]
        error = failure("\n".join([f"l0: &l0 {{{keys}}}", *levels]))
        assert "aliases repeat" in error.reason

    @pytest.mark.parametrize("text", ["&a [*a]", "&a {b: *a}", "a: &a\n  <<: *a\n", "&a [&b [*b]]"])
    def test_a_cycle_ends_in_an_error(self, text: str) -> None:
        assert "never ends" in failure(text).reason

    def test_an_anchor_may_be_used_again(self) -> None:
        assert read("&a [&a x, *a]").root.value == ["x", "x"]

    def test_too_many_aliases_end_in_an_error(self) -> None:
        text = "- &a 1\n" + "- *a\n" * 11
        assert "more than 10 aliases" in failure(text, limits=Limits(aliases=10)).reason

    @pytest.mark.parametrize("path", ["a.yaml", "a.json"])
    def test_too_many_values_end_in_an_error(self, path: str) -> None:
        assert "more than 10 values" in failure("[1,1,1,1,1,1,1,1,1,1]", path, Limits(nodes=10)).reason

    @pytest.mark.parametrize("path", ["a.yaml", "a.json"])
    def test_remarks_have_an_end(self, path: str) -> None:
        text = "{" + ",".join(['"a": 1'] * 5000) + "}"
        assert len(read(text, path).remarks) == 1000

    @pytest.mark.parametrize(
        "text", ["a: *" + "x" * 100_000, "{" + f"{'k' * 900}: 1, {'k' * 900}: 2" + "}", "a: !" + "t" * 100_000 + " 1"]
    )
    def test_messages_stay_short(self, text: str) -> None:
        try:
            message = read(text).remarks[0].message
        except DocumentError as error:
            message = error.reason
        assert len(message) < 200

    def test_too_many_tag_directives_end_in_an_error(self) -> None:
        directives = "".join(f"%TAG !t{number}! x\n" for number in range(1002))
        assert "tag directives" in failure(f"{directives}--- 1\n").reason

    def test_too_many_bytes_end_in_an_error(self) -> None:
        assert "limit" in failure("a: 1", limits=Limits(size=3)).reason

    @pytest.mark.parametrize("scalar", ["9" * 5000, "0x" + "f" * 5000, ":".join(["1"] * 5000), "1." + "9" * 5000])
    def test_an_endless_number_stays_text(self, scalar: str) -> None:
        assert at(read(f"a: {scalar}"), "a").value == scalar

    @pytest.mark.parametrize(
        ("data", "line", "word"),
        [
            (b"a: 1\nb: \xff\xfe\n", 2, "UTF-8"),
            (b"a: 1\nb: \0\n", 2, "NUL"),
            (b"\x80\x04\x95\x10", 1, "UTF-8"),
            ("\ufeffa".encode("utf-16-le") + b"\x00", 1, "UTF-16"),
            ("a: é".encode("utf-16-le"), 1, ""),
        ],
    )
    def test_bytes_that_are_no_text_end_in_an_error(self, data: bytes, line: int, word: str) -> None:
        error = failure(data)
        assert error.origin.line == line
        assert word in error.reason

    @settings(max_examples=300, deadline=None)
    @given(data=st.binary(max_size=200), path=st.sampled_from(["a.yaml", "a.json", "a.toml"]))
    def test_random_bytes_raise_nothing_else(self, data: bytes, path: str) -> None:
        self.survives(path, data)

    @settings(max_examples=300, deadline=None)
    @given(data=st.data())
    def test_damaged_documents_raise_nothing_else(self, data: st.DataObject) -> None:
        path, text = data.draw(
            st.sampled_from(
                [
                    ("a.yaml", TestTree.DOCUMENT.root.source.content + "x: &a {<<: *b, ? k : !!int '1'}\nb: |\n  t\n"),
                    ("a.json", '{"a": [1.5e3, "\\ud83d\\ude00", null, true], "b": {"c": NaN}}'),
                    ("a.toml", TestToml.TEXT),
                ]
            )
        )
        damaged = bytearray(text.encode())
        for _ in range(data.draw(st.integers(1, 4))):
            position = data.draw(st.integers(0, len(damaged) - 1))
            damaged[position : position + data.draw(st.integers(0, 3))] = data.draw(
                st.sampled_from(
                    [b"", b"*a", b"&a ", b"[", b"}", b'"', b"'", b"\n", b"\t", b": ", b"!", b"---\n", b"\\u"]
                )
            )
        self.survives(path, bytes(damaged))

    @staticmethod
    def survives(path: str, data: bytes) -> None:
        with suppress(DocumentError):
            for node in parse(path, data).root.walk():
                assert node.origin.line >= 1
                json.dumps(node.value)


class TestFrontMatter:
    def test_lines_are_those_of_the_file(self) -> None:
        document = parse_front_matter("README.md", b"---\nlicense: mit\ntags:\n- x\n---\n# Title: [\n")
        assert document is not None
        assert document.root.value == {"license": "mit", "tags": ["x"]}
        assert place(at(document, "license").origin) == (2, 10, 2, 13, "/license")

    @pytest.mark.parametrize(
        "text", ["", "# Title\n", "---\na: 1\n", "text\n---\na: 1\n---\n", "----\na: 1\n----\n", "---"]
    )
    def test_there_may_be_none(self, text: str) -> None:
        assert parse_front_matter("README.md", text.encode()) is None

    @pytest.mark.parametrize("text", ["\ufeff---\r\na: 1\r\n---\r\nbody", "\n\n---\na: 1\n---", "--- \na: 1\n--- \n"])
    def test_marks_breaks_and_blanks_do_not_matter(self, text: str) -> None:
        document = parse_front_matter("README.md", text.encode())
        assert document is not None
        assert document.root.value == {"a": 1}

    def test_an_empty_block_is_null(self) -> None:
        document = parse_front_matter("README.md", b"---\n---\n")
        assert document is not None
        assert document.root.is_null

    def test_the_body_may_be_anything(self) -> None:
        document = parse_front_matter("README.md", b"---\na: 1\n---\n\xff\0 caf\xe9")
        assert document is not None
        assert document.root.value == {"a": 1}

    def test_a_mistake_has_its_line_in_the_file(self) -> None:
        with pytest.raises(DocumentError) as caught:
            parse_front_matter("README.md", b"---\nok: 1\na: b: c\n---\n")
        assert (caught.value.origin.line, caught.value.origin.column) == (3, 5)
