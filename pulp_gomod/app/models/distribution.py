"""GoDistribution: a GOPROXY root."""

from aiohttp import web
from django_lifecycle import AFTER_DELETE, AFTER_SAVE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, Distribution

from pulp_gomod.app.models.visibility import wait_until_seen


class GoDistribution(Distribution, AutoAddObjPermsMixin):
    """
    Serves a repository, one of its versions, or a publication as a GOPROXY.

    Its module paths are answered by the routes of `pulp_gomod.app.content`; what pulpcore's own
    handler still sees of it is not part of the protocol.
    """

    TYPE = "gomod"

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_godistribution", "Can manage roles on Go distributions")]

    @hook(AFTER_SAVE)
    @hook(AFTER_DELETE)
    def _wait_until_seen(self) -> None:
        wait_until_seen()

    def content_handler(self, path: str) -> web.Response:
        """
        Answer what is no GOPROXY request, so that stock artifact serving never does.

        Args:
            path: The path below the base path.
        """
        return web.Response(
            status=404,
            text=f"not found: this is a GOPROXY; set GOPROXY to its URL, "
            f"which ends in {self.base_path}/\n",
        )
