"""GoRemote: an upstream GOPROXY."""

from django.db import models

from pulpcore.plugin.models import AutoAddObjPermsMixin, Remote


class GoRemote(Remote, AutoAddObjPermsMixin):
    """
    An upstream that speaks the GOPROXY protocol.

    The patterns are comma-separated globs of module path prefixes, in the syntax of GOPRIVATE.

    Fields:
        sumdb (str): The checksum database, in the syntax of GOSUMDB.
        includes (str): Only modules that match are asked of the upstream; "" for all.
        excludes (str): Modules that match are never asked of the upstream.
        private (str): Modules that match are our own: never sent to any upstream.
        nosumdb (str): Modules that match are not looked up in the checksum database.
    """

    TYPE = "gomod"

    sumdb = models.TextField(default="sum.golang.org")
    includes = models.TextField(default="", blank=True)
    excludes = models.TextField(default="", blank=True)
    private = models.TextField(default="", blank=True)
    nosumdb = models.TextField(default="", blank=True)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_goremote", "Can manage roles on Go remotes")]
