"""GoRemote: an upstream GOPROXY."""

import hashlib

from django.db import models
from django_lifecycle import BEFORE_DELETE, hook

from pulpcore.plugin.models import AutoAddObjPermsMixin, Remote

from pulp_gomod.app.models.discarding import discard, hold
from pulp_gomod.app.models.upstream import GoPendingEntry

DEFAULT_CACHE_SIZE = 100 * 1024**3


class GoRemote(Remote, AutoAddObjPermsMixin):
    """
    An upstream that speaks the GOPROXY protocol.

    The patterns are comma-separated globs of module path prefixes, in the syntax of GOPRIVATE.

    Fields:
        sumdb (str): The checksum database, in the syntax of GOSUMDB.
        includes (str): Only modules that match are asked of the upstream; "" for all.
        excludes (str): Modules that match are never asked of the upstream.
        private (str): Modules that match are our own: never sent to any upstream.
        mix (str): Modules that match are asked of the upstream although they, or modules above them, were
            published here: versions of both are served then.
        nosumdb (str): Modules that match are not looked up in the checksum database.
        redirect_hosts (str): Comma-separated hosts, with `*` as in a glob and optionally a port, to
            which the upstream may redirect; "" for none but itself.
        index_url (str): Its index of modules; "" for `index` below its URL.
        cache_ttl (int): Seconds for which a list, `@latest` or a query is served unasked.
        not_found_ttl (int): Seconds for which "not found" is served unasked.
        cache_size (int): Bytes of zips, and of go.mod files without one, that may be cached for a
            repository; null for any. Other small files may take a tenth of it beside that.
    """

    TYPE = "gomod"

    sumdb = models.TextField(default="sum.golang.org")
    includes = models.TextField(default="", blank=True)
    excludes = models.TextField(default="", blank=True)
    private = models.TextField(default="", blank=True)
    mix = models.TextField(default="", blank=True)
    nosumdb = models.TextField(default="", blank=True)
    redirect_hosts = models.TextField(default="", blank=True)
    index_url = models.TextField(default="", blank=True)
    cache_ttl = models.PositiveIntegerField(default=60)
    not_found_ttl = models.PositiveIntegerField(default=15)
    cache_size = models.PositiveBigIntegerField(null=True, default=DEFAULT_CACHE_SIZE)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        permissions = [("manage_roles_goremote", "Can manage roles on Go remotes")]

    @hook(BEFORE_DELETE)
    def _discard_what_it_said(self) -> None:
        """Its answers may be gigabytes."""
        hold(self)
        discard(self.seen_versions.all())
        discard(GoPendingEntry.objects.filter(entry__remote=self))
        discard(self.cache_entries.all())

    def key_of(self, path: str) -> str:
        """Name the row that keeps the answer to a question in which no checksum database had a say."""
        return answer_key(self.url.rstrip("/"), "", path)


def answer_key(url: str, vouched: str, path: str) -> str:
    """
    Name the row that keeps the answer to a question.

    Args:
        url: The URL of the remote, without a final slash.
        vouched: The key of the checksum database that had a say; "" for none.
        path: The path of the protocol.
    """
    return hashlib.sha256(f"{url}\n{vouched}\n{path}".encode()).hexdigest()
