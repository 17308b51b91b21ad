"""The embedded PostgreSQL: whose programs, as which user, and the cluster itself."""

from .binaries import Binaries, find_binaries
from .cluster import Cluster
from .identity import Identity, choose_identity

__all__ = ["Binaries", "Cluster", "Identity", "choose_identity", "find_binaries"]
