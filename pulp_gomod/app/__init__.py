"""The Django app that pulpcore loads."""

from pulpcore.plugin import PulpPluginAppConfig


class PulpGomodPluginAppConfig(PulpPluginAppConfig):
    """Entry point of the plugin: Pulp finds models, viewsets and content routes from here."""

    name = "pulp_gomod.app"
    label = "gomod"
    version = "0.1.0.dev0"
    python_package_name = "pulp-gomod"
    domain_compatible = True

    def ready(self) -> None:
        """Refuse to start with settings that would leave open what they are meant to close."""
        super().ready()
        # Django's settings are there now, and not before.
        from pulp_gomod.app import networks

        networks.check_setting()
