"""
Replication: a repository becomes what a distribution of another server serves.

`pulp_gomod.app.replica` says what pulpcore's replication is to make of each distribution; the task here does
it for one of them.
"""

from pulp_gomod.app.tasks.replication.run import replicate

__all__ = ["replicate"]
