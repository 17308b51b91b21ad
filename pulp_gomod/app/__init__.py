"""The Django app that pulpcore loads."""

from pulpcore.plugin import PulpPluginAppConfig


class PulpGomodPluginAppConfig(PulpPluginAppConfig):
    """Entry point of the plugin: Pulp finds models, viewsets and content routes from here."""

    name = "pulp_gomod.app"
    label = "gomod"
    version = "0.1.0.dev0"
    python_package_name = "pulp-gomod"
    domain_compatible = True
