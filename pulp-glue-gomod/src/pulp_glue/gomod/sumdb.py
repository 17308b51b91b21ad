"""The context for checksum databases of one's own."""

import typing as t
from urllib.parse import urljoin

from pulp_glue.common.context import EntityDefinition, PluginRequirement, PulpEntityContext
from pulp_glue.common.exceptions import PulpException, PulpHTTPError
from pulp_glue.common.i18n import get_translation
from pulp_glue.gomod.download import session_for

translation = get_translation(__package__)
_ = translation.gettext

# Seconds to wait for a connection, and for the answer.
_TIMEOUT = (15, 120)
_OK = 200
_SHOWN = 500


class PulpGoSumdbContext(PulpEntityContext):
    """A checksum database that the server signs, and that repositories feed."""

    PLUGIN = "gomod"
    RESOURCE_TYPE = "sumdbs"
    ENTITY = _("checksum database")
    ENTITIES = _("checksum databases")
    HREF = "gomod_go_sumdb_href"
    ID_PREFIX = "gomod_sumdbs"
    HREF_PATTERN = r"(?P<plugin>gomod)/(?P<resource_type>sumdbs)/"
    HREF_TEMPLATE = "gomod/sumdbs/{pulp_id}/"
    NEEDS_PLUGINS = [PluginRequirement("gomod")]
    CAPABILITIES = {"roles": []}

    def rotate(self, body: EntityDefinition) -> t.Any:
        """
        Make a new key. Heads are signed with both, until the old one is dropped.

        Parameters:
            body: `until`, the time when the old key is dropped.
        """
        return self.call("rotate", parameters={self.HREF: self.pulp_href}, body=body)

    def check(self) -> t.Any:
        """
        Prove the whole log against its head.

        Returns:
            The task.
        """
        return self.call("check", parameters={self.HREF: self.pulp_href})

    def recover(self) -> t.Any:
        """
        Bring back the records that the storage has and the database has lost.

        Returns:
            The task.
        """
        return self.call("recover", parameters={self.HREF: self.pulp_href})

    def prove(self, module: str, version: str) -> bytes:
        """
        Fetch the proof that a module version is in the log: a file that is checked without a network.

        Parameters:
            module: The module path.
            version: The version.

        Raises:
            PulpException: The log has no such record, or the server does not answer.
        """
        api = self.pulp_ctx.api
        url = urljoin(api.base_url, f"{self.pulp_href}proof/")
        session = session_for(self.pulp_ctx, url)
        query = {"module": module, "version": version}
        answer = session.get(url, params=query, timeout=_TIMEOUT, allow_redirects=False)
        if answer.status_code != _OK:
            # What the server says in plain words is one line.
            said = answer.text[:_SHOWN].strip() or answer.reason
            raise PulpException(said) from PulpHTTPError(said, answer.status_code)
        return answer.content
