"""The context for databases of vulnerabilities and of malicious modules."""

import typing as t

from pulp_glue.common.context import PluginRequirement, PulpEntityContext
from pulp_glue.common.i18n import get_translation
from pulp_glue.core.context import PulpUploadContext

translation = get_translation(__package__)
_ = translation.gettext

# Bytes that are sent in a request.
_CHUNK = 5_000_000


class PulpGoVulndbContext(PulpEntityContext):
    """A database of vulnerabilities, or of malicious modules, that the server mirrors."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "vulndbs"
    ENTITY = _("vulnerability database")
    ENTITIES = _("vulnerability databases")
    HREF = "gomod_go_vulndb_href"
    ID_PREFIX = "gomod_vulndbs"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>vulndbs)/"
    HREF_TEMPLATE = "gomod/vulndbs/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]
    NULLABLES = {"username", "password"}
    CAPABILITIES = {"roles": []}

    def sync(self) -> t.Any:
        """
        Fetch it from its URL, unless it has not changed.

        Returns:
            The task.
        """
        return self.call("sync", parameters={self.HREF: self.pulp_href})

    def upload(self, file: t.IO[bytes]) -> t.Any:
        """
        Take an archive instead of the reports that there are.

        Parameters:
            file: The zip archive.

        Returns:
            The task.
        """
        href = PulpUploadContext(self.pulp_ctx).upload_file(file, _CHUNK)
        return self.call("upload", parameters={self.HREF: self.pulp_href}, body={"upload": href})

    def add_vex(self, document: t.Any) -> t.Any:
        """
        Add an OpenVEX document, or replace the one with the same @id.

        Parameters:
            document: The document.

        Returns:
            The statements of the document that silence reports.
        """
        return self.call("vex", parameters={self.HREF: self.pulp_href}, body={"document": document})

    def vex_statements(self, limit: int, offset: int) -> t.Any:
        """
        List the statements that silence reports.

        Parameters:
            limit: How many.
            offset: How many to leave out before them.
        """
        found = self.call(
            "vex_statements",
            parameters={self.HREF: self.pulp_href, "limit": limit, "offset": offset},
        )
        return found["results"]
