"""What clients of pulp_gomod build on; everything is in `pulp_glue.gomod.context`."""

__version__ = "0.1.0.dev0"
