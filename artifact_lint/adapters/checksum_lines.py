"""The lines of a list of checksums, in the forms that the usual tools write.

Source: GNU coreutils 9 (`sha256sum`: the text and the binary mark, `--tag`, escaped names), `b3sum`, `openssl dgst`,
`certutil -hashfile`, and `algorithm:hexadecimal  name` as OCI spells digests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifact_lint.adapters.reading import decode
from artifact_lint.model import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How algorithms are spelled in names of lists and in lines, less dashes, underscores and slashes.
_SPELLINGS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha224": "sha224",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha2224": "sha224",
    "sha2256": "sha256",
    "sha2384": "sha384",
    "sha2512": "sha512",
    "sha3224": "sha3-224",
    "sha3256": "sha3-256",
    "sha3384": "sha3-384",
    "sha3512": "sha3-512",
    "b2": "blake2b",
    "blake2": "blake2b",
    "blake2b": "blake2b",
    "blake2b512": "blake2b",
    "blake2s": "blake2s",
    "blake2s256": "blake2s",
    "b3": "blake3",
    "blake3": "blake3",
}
_DIGITS = {
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3-224": 56,
    "sha3-256": 64,
    "sha3-384": 96,
    "sha3-512": 128,
    "blake2b": 128,
    "blake2s": 64,
    "blake3": 64,
}
#: What a digest may be where nothing names its algorithm, by its hexadecimal digits; the usual one first.
_BY_LENGTH = {
    32: ("md5",),
    40: ("sha1",),
    56: ("sha224", "sha3-224"),
    64: ("sha256", "blake3", "blake2b-256", "blake2s", "sha3-256"),
    96: ("sha384", "blake2b-384", "sha3-384"),
    128: ("sha512", "blake2b", "sha3-512"),
}
#: BLAKE2b with fewer than 512 bits, as `b2sum --length` spells it in its tags, less the dash.
_SHORT_BLAKE2B = re.compile(r"blake2b([1-9][0-9]{0,2})")
_BLAKE2B_BITS = range(8, 512, 8)

#: As coreutils writes it, where every further blank belongs to the name; and as people do.
_EXACT = re.compile(r"(?P<escaped>\\?)(?P<digest>[0-9a-fA-F]{32,128}) [ *](?P<name>.+)", re.DOTALL)
_DIGEST_FIRST = re.compile(r"(?P<escaped>\\?)(?P<digest>[^\s\\*]+)(?:[ \t]+[*]?|[*])(?P<name>\S.*)")
_TAG = re.compile(r"(?P<escaped>\\?)(?P<algorithm>[A-Za-z0-9][\w/-]{1,15}) ?")
_AFTER_NAME = re.compile(r"[ \t]*=[ \t]*(?P<digest>\S+)[ \t]*")
_AT_THE_END = re.compile(r"(?:[\w-]{2,16}:)?[0-9a-fA-F]{32,128}")
_PREFIXED = re.compile(r"(?P<algorithm>[A-Za-z0-9][\w-]{1,15}):(?P<digest>.+)")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "\\": "\\"}
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")

#: Marks of comments, of a signature around the list, and of what is between them.
_ASIDE = ("#", ";", "//", "--")
#: What can be a digest that went wrong, in a list whose name says of which algorithm its digests are.
_MEANT = re.compile(r"(?=.*[0-9]|[A-Z_-]+$|<.*>$).{2,}")
#: Likewise where nothing says it, so that it may be any word.
_LIKE_A_DIGEST = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Za-z]{16,256}")
#: How an entry begins, whatever follows; and an entry after a line end of old, which `sha256sum -c` does not take.
_BEGINS_WITH_DIGEST = re.compile(r"\\?[0-9a-fA-F]{32,128}(?:\s|$)")
_ENDS_WITH_DIGEST = re.compile(r"\)\W*[0-9a-fA-F]{32,128}\s*$")
_SECOND_ENTRY = re.compile(r"\r[ \t]*(?:\\?[0-9a-fA-F]{32}|[\w/-]{2,16} ?\()")
#: No line of a list is longer than a path and a digest can be, in characters.
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list: the name that it is about, empty where a digest stands alone, and the digest it states.

    `digest` is `algorithm:value`, None where no algorithm can be told; `problem` then says so. `otherwise` is what the
    digest may be just as well, where nothing but its length tells the algorithm. A line that seems to be an entry and
    cannot be read as one has itself for its name, and says that it `is_unreadable`.
    """

    name: str
    origin: Origin
    digest: str | None
    problem: str = ""
    otherwise: tuple[str, ...] = ()
    is_unreadable: bool = False


def spelling(written: str) -> str | None:
    """The usual name of an algorithm, however it is spelled; None for what is none."""
    plain = re.sub(r"[-_/]", "", written.lower())
    short = _SHORT_BLAKE2B.fullmatch(plain)
    if short is not None and int(short[1]) in _BLAKE2B_BITS:
        return f"blake2b-{short[1]}"
    return _SPELLINGS.get(plain)


def is_whole(line: Line) -> bool:
    """Whether a line states a digest of the length and alphabet of its algorithm."""
    algorithm, _, value = (line.digest or "").partition(":")
    return len(value) == _digits_of(algorithm) and _HEXADECIMAL.fullmatch(value) is not None


def _digits_of(algorithm: str) -> int | None:
    base, _, bits = algorithm.partition("-")
    return int(bits) // 4 if base == "blake2b" and bits.isdecimal() else _DIGITS.get(algorithm)


def lines(path: str, data: bytes, algorithm: str | None = None, *, bare: bool = False) -> Iterator[Line]:
    """The lines of a list that state, or seem to state, a checksum; what is none of that is passed over.

    `algorithm` is the one that the list's name tells; `bare` says that a digest may stand there without a name.
    """
    for number, written in enumerate(decode(data).split("\n"), 1):
        text = written.removesuffix("\r").lstrip(" \t")
        if not text.strip() or text.lstrip().startswith(_ASIDE):
            continue
        begin = len(written.removesuffix("\r")) - len(text) + 1
        found = _line(text, algorithm, bare=bare) if _is_one_entry(text) else None
        if found is not None:
            name, digest, stated, problem = found
            column = begin + text.index(digest)
            origin = Origin(path, number, column, number, column + len(digest))
            is_named = algorithm is not None or _tagged(text) is not None
            yield Line(name, origin, stated, problem, () if is_named else _others(digest, stated))
        elif _seems_an_entry(text):
            problem = f"{text[:24]!r} begins a line that cannot be read as a checksum and a name"
            origin = Origin(path, number, begin, number, begin + len(text))
            yield Line(text[:_LONGEST], origin, None, problem, is_unreadable=True)


def _is_one_entry(text: str) -> bool:
    return len(text) <= _LONGEST and _SECOND_ENTRY.search(text) is None


def _seems_an_entry(text: str) -> bool:
    return _seems_tagged(text) or (_BEGINS_WITH_DIGEST.match(text) is not None and len(text.split(maxsplit=1)) > 1)


def _seems_tagged(text: str) -> bool:
    tag, opening, rest = text[:_LONGEST].partition("(")
    is_tag = opening and _TAG.fullmatch(tag) is not None and spelling(tag.strip("\\ ")) is not None
    return bool(is_tag) and _ENDS_WITH_DIGEST.search(rest) is not None


def _others(written: str, stated: str | None) -> tuple[str, ...]:
    """What else a digest may be that was taken for the usual one of its length."""
    possible = _BY_LENGTH.get(len(written), ())
    is_supposed = stated is not None and possible and stated == f"{possible[0]}:{written}"
    return tuple(f"{name}:{written}" for name in possible[1:]) if is_supposed else ()


def _line(text: str, algorithm: str | None, *, bare: bool) -> tuple[str, str, str | None, str] | None:
    """The name, the digest as it is written, with its algorithm, and what is wrong with it."""
    tagged = _tagged(text)
    if tagged is not None:
        return tagged
    if _seems_tagged(text):
        return None
    match = _EXACT.fullmatch(text) or _DIGEST_FIRST.fullmatch(text)
    turned = None if match is not None and _HEXADECIMAL.fullmatch(match["digest"]) else _name_first(text)
    if turned is not None:
        name, digest = turned
    elif match is not None:
        name, digest = _unescaped(match["name"], match["escaped"]), match["digest"]
    elif bare and len(text.split()) == 1:
        name, digest = "", text.strip()
    else:
        return None
    stated = _stated(digest, algorithm)
    return (name, digest, *stated) if stated is not None else None


def _tagged(text: str) -> tuple[str, str, str | None, str] | None:
    """A line such as `SHA256 (model.pkl) = 9f2c...`."""
    before, opening, rest = text.partition("(")
    name, closing, after = rest.rpartition(")")
    tag, end = _TAG.fullmatch(before), _AFTER_NAME.fullmatch(after)
    known = spelling(tag["algorithm"]) if tag is not None else None
    if tag is None or end is None or known is None or not (opening and closing and name):
        return None
    return _unescaped(name, tag["escaped"]), end["digest"], f"{known}:{end['digest']}", ""


def _name_first(text: str) -> tuple[str, str] | None:
    """A line such as `model.pkl: 9f2c...`."""
    words = text.rsplit(maxsplit=1)
    if len(words) < 2 or _AT_THE_END.fullmatch(words[1]) is None:
        return None
    name = words[0].strip()
    return name[:-1].rstrip() if name.endswith((":", "=")) else name, words[1]


def _unescaped(name: str, mark: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), name) if mark else name


def _stated(written: str, algorithm: str | None) -> tuple[str | None, str] | None:
    """A digest with its algorithm, or what is wrong with it; None for what is not meant to be one."""
    prefixed = _PREFIXED.fullmatch(written)
    if prefixed is not None:
        known = spelling(prefixed["algorithm"])
        return (f"{known}:{prefixed['digest']}", "") if known else None
    is_hexadecimal = _HEXADECIMAL.fullmatch(written) is not None
    if algorithm == "blake2b" and is_hexadecimal and len(written) * 4 in _BLAKE2B_BITS:
        return f"blake2b-{len(written) * 4}:{written}", ""
    if algorithm is not None:
        is_meant = is_hexadecimal or (_MEANT.fullmatch(written) is not None and spelling(written) is None)
        return (f"{algorithm}:{written}", "") if is_meant else None
    if is_hexadecimal and len(written) in _BY_LENGTH:
        return f"{_BY_LENGTH[len(written)][0]}:{written}", ""
    if _LIKE_A_DIGEST.fullmatch(written) is None:
        return None
    return None, f"{written[:24]!r} is a digest of no algorithm that is known here"
