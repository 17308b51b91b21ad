"""What the plugin adds to the content app; pulpcore imports it before it adds its catch-all."""

from pulpcore.plugin.content import app

from pulp_gomod.app.content import frontdoor, routes

# First: what comes after stands before its connections.
frontdoor.install_server(app)
routes.install(app)
frontdoor.install(app)
