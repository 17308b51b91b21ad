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
        """Refuse unsafe settings, begin to count failed logins, and quote no client in logs."""
        super().ready()
        from pulp_gomod.app import checked_settings

        checked_settings.check_all()
        # Django's settings are there now, and not before. Failed logins, and until when upstreams want not
        # to be asked, are in memory that processes which are forked from this one have in common.
        from pulp_gomod.app.api import outages
        from pulp_gomod.app.auth import (
            log_filters,
            throttle,  # noqa: F401
        )
        from pulp_gomod.app.models import exports, feeding, orphans, owners, served
        from pulp_gomod.app.remote.http import (
            networks,
            pace,  # noqa: F401
        )
        from pulp_gomod.app.storage import orphaned_files, signing, witnessing

        networks.check_setting()
        log_filters.install()
        outages.install()
        exports.install()
        feeding.install()
        orphans.install()
        owners.install()
        served.install()
        orphaned_files.install()
        signing.install()
        witnessing.install()
