"""Go modules as Pulp content: versioned repositories that speak the GOPROXY protocol."""

default_app_config = "pulp_gomod.app.PulpGomodPluginAppConfig"
