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
        """Refuse settings that would leave open what they are meant to close, and begin to count."""
        super().ready()
        # Django's settings are there now, and not before. Failed logins are counted in memory that
        # processes which are forked from this one have in common.
        from pulp_gomod.app import networks
        from pulp_gomod.app.access import throttle  # noqa: F401

        networks.check_setting()
