"""GoPublication: a repository version, frozen for serving."""

from pulpcore.plugin.models import AutoAddObjPermsMixin, Publication


class GoPublication(Publication, AutoAddObjPermsMixin):
    """
    One repository version, frozen.

    It is pass-through and holds no files: everything the GOPROXY protocol says of a repository
    version is computed from the version itself.
    """

    TYPE = "gomod"

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_gopublication", "Can manage roles on Go publications")]
