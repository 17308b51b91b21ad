"""What the OpenAPI schema says of our authenticators; importing this tells drf-spectacular."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

_BASIC = {"type": "http", "scheme": "basic"}


class PasswordScheme(OpenApiAuthenticationExtension):
    """HTTP Basic under the name that it has for all of Pulp: clients look for that."""

    target_class = "pulp_gomod.app.auth.authenticators.PasswordAuthentication"
    name = "basicAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the definition."""
        return _BASIC
