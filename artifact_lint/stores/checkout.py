"""What git makes of a file's bytes when it checks the file out, as `.gitattributes` ask for it.

What is linted in git's store has to be what people have in their working trees: line ends, an encoding and an expanded
`$Id$` move the bytes behind them, and what is data in the store can be code on the disk. Only what the attributes ask
of everybody counts, not what somebody's own configuration does (core.autocrlf, filters).

Source: gitattributes(5), "text", "eol", "working-tree-encoding", "ident"; git 2.39, convert.c.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The attributes that decide on it.
ATTRIBUTES: Final = ("text", "crlf", "eol", "working-tree-encoding", "ident", "filter")
#: Words without which a file of attributes asks for none of it.
MARKS: Final = (b"eol", b"working-tree-encoding", b"ident")
_ABSENT: Final = frozenset({"unspecified", "unset", ""})
_LONE_LINE_FEED: Final = rb"(?<!\r)\n"
_UNPRINTABLE: Final = bytes({*range(32), 127} - set(b"\b\t\x1b\f\r\n"))
_LINE_ENDS: Final = b"\r\n"
#: A later expansion is replaced, unless another tool's expression stands there: that has blanks within it.
_IDENT: Final = rb"\$Id(?::[^\n$]*)?\$"
_FOREIGN: Final = rb"(?s)\$Id: [^ ]+ .*[^ ].*\$"
#: Encodings that Python and iconv know under these names alike, as Python calls them.
_ENCODINGS: Final = r"ascii|utf-(8|16|32)(-[bl]e)?|iso8859-\d+|cp\d+|koi8-[ru]|shift_jis|euc_\w+|gb\w+|big5"


class UnknownConversionError(Exception):
    """What git would write cannot be told; the message says why."""


class Conversion(NamedTuple):
    """What is done on checkout: `crlf` to line ends, in a text alone where `auto`; and the encoding to be written."""

    crlf: bool = False
    auto: bool = False
    ident: bool = False
    encoding: str = ""

    @property
    def is_for_texts_alone(self) -> bool:
        """Whether git leaves alone what it does not take for a text."""
        return self.auto and not self.ident and not self.encoding


def conversion_by(values: Mapping[str, str]) -> Conversion | None:
    """What the values of a path's attributes ask for, as `git check-attr` prints them; None for nothing.

    Of Git LFS it is the pointer that is checked out, and the object takes its place as it is.
    """
    if values.get("filter") == "lfs":
        return None
    text = values.get("text", "unspecified")
    text = values.get("crlf", "unspecified") if text == "unspecified" else text
    encoding = values.get("working-tree-encoding", "unspecified")
    found = Conversion(
        crlf=values.get("eol") == "crlf" and text != "unset",
        auto=text == "auto",
        ident=values.get("ident") == "set",
        encoding="" if encoding in _ABSENT or encoding.lower() in {"utf-8", "utf8"} else encoding,
    )
    return found if found.crlf or found.ident or found.encoding else None


def checked_out(content: bytes, conversion: Conversion, oid: str) -> bytes:
    """The bytes that git writes for those of a blob, whose id is `oid`.

    Raises:
        UnknownConversionError: It cannot be told which they are.
    """
    if conversion.ident:
        content = re.sub(_IDENT, lambda found: _expanded(found[0], oid), content)
    if conversion.crlf and not (conversion.auto and _is_left_alone(content)):
        content = re.sub(_LONE_LINE_FEED, b"\r\n", content)
    return _encoded(content, conversion.encoding) if conversion.encoding and content else content


def _expanded(written: bytes, oid: str) -> bytes:
    return written if re.fullmatch(_FOREIGN, written) else b"$Id: " + oid.encode("ascii") + b" $"


def _is_left_alone(content: bytes) -> bool:
    """Whether git takes the content for no text, or for one that has such line ends already."""
    if b"\r" in content or b"\0" in content:
        return True
    unprintable = len(content) - len(content.translate(None, _UNPRINTABLE)) - content.endswith(b"\x1a")
    printable = len(content.translate(None, _UNPRINTABLE + _LINE_ENDS))
    return printable >> 7 < unprintable


def _encoded(content: bytes, encoding: str) -> bytes:
    is_marked = encoding.lower() == "utf-16le-bom"
    try:
        codec = codecs.lookup("utf-16-le" if is_marked else encoding)
        if re.fullmatch(_ENCODINGS, codec.name) is None:
            raise UnknownConversionError(f"git writes it as {encoding}, which is not known here")
        mark = codecs.BOM_UTF16_LE if is_marked else b""
        return mark + content.decode("utf-8").encode(codec.name)
    except (LookupError, ValueError):
        raise UnknownConversionError(f"git is to write it as {encoding}, which cannot be followed") from None
