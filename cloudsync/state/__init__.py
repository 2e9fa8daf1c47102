"""The state: documents by key, each changed by compare-and-set, in a file, a database or a bucket."""

from cloudsync.state.memory import MemoryStore
from cloudsync.state.opening import open_state
from cloudsync.state.store import Conflict, Document, StateError, Store, Value

__all__ = ["Conflict", "Document", "MemoryStore", "StateError", "Store", "Value", "open_state"]
