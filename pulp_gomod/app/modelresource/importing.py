"""The import that a task makes: into which repository, and after which others."""

from zlib import crc32

from django.db import connection

from pulpcore.plugin.models import Task
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models import GoRepository

# "goim": the class of our advisory locks on imports into a domain.
_LOCK = 0x676F696D

# Where pulpcore's task has the name of the exported repository, and the key of the one to import into: "" for
# one that the import makes, under the name of the exported one.
_SOURCE_NAME, _DESTINATION = 1, 4


def destination() -> GoRepository:
    """
    Return the repository that this task imports into.

    Raises:
        DoesNotExist: It was deleted meanwhile.
    """
    arguments = Task.current().enc_args
    key = {"name": arguments[_SOURCE_NAME]}
    if arguments[_DESTINATION]:
        key = {"pk": arguments[_DESTINATION]}
    found: GoRepository = GoRepository.objects.get(pulp_domain=get_domain_pk(), **key)
    return found


def take_turn() -> None:
    """
    Wait until no other task imports content into the domain, and let none do so before this task has ended.

    Repositories that share modules would make the same rows at the same time, and wait for each other in different
    orders. pulpcore tries each hundred of rows three times, which is too few for as many other tasks. The
    turn ends with the task's process, however that dies.
    """
    key = crc32(str(get_domain_pk()).encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK, key])
