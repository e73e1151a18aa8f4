"""Where bytes live, behind one small protocol."""

from artifact_lint.stores.base import Entry, EntryKind, Identity, Source, Store, StoreError

__all__ = ["Entry", "EntryKind", "Identity", "Source", "Store", "StoreError"]
