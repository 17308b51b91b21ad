"""The `pulp` command for tests in this process, with its plugins."""

from functools import cache

import pulp_cli

# It would look through the metadata of all that is installed for each command, which takes half of its time.
pulp_cli.entry_points = cache(pulp_cli.entry_points)
pulp_cli.load_plugins()

main = pulp_cli.main
