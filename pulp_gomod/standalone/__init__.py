"""
Pulp with Go modules on one machine, from one command: `pulp-gomod serve`.

It prepares a data directory, runs an embedded PostgreSQL and pulpcore's own three programs, and
watches over them until it is told to stop. docs/dev/standalone.md says why it is made this way.
"""
