"""Weight files, read without any framework and without loading them."""

from artifact_lint.formats.base import Format, ReadLimits
from artifact_lint.formats.catalogue import FORMATS, aliases
from artifact_lint.formats.inspecting import inspect
from artifact_lint.formats.sniffing import sniff
from artifact_lint.formats.texts import is_plain_text

__all__ = ["FORMATS", "Format", "ReadLimits", "aliases", "inspect", "is_plain_text", "sniff"]
