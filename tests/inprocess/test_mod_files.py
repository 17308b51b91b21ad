"""go.mod files become units many at a time, whoever else makes the same."""

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pulpcore.plugin.models import Content
from pulpcore.plugin.util import get_domain_pk

from pulp_gomod.app.models import GoModFile
from pulp_gomod.app.storage.mod_files import save_mod_files
from pulp_gomod.golang import dirhash
from tests.unit import django_set_up  # noqa: F401

Files = dict[tuple[str, str], bytes]


@pytest.fixture
def base(content_url: str) -> Iterator[str]:
    """A path that no other test uses."""
    path = f"example.com/modfiles{uuid4().hex[:8]}"
    yield path
    GoModFile.objects.filter(module__startswith=path).delete()


def _files(base: str, count: int) -> Files:
    return {(f"{base}/m{n}", "v1.0.0"): f"module {base}/m{n}\n".encode() for n in range(count)}


def test_each_is_saved_as_what_it_is_and_found_again(base: str) -> None:
    files = _files(base, 3)
    saved = save_mod_files(get_domain_pk(), files)
    for key, body in files.items():
        unit = Content.objects.get(pk=saved[key]).cast()
        assert isinstance(unit, GoModFile)
        assert ((unit.module, unit.version), bytes(unit.go_mod)) == (key, body)
        assert unit.go_mod_h1 == dirhash.hash_go_mod(body)
        assert unit._pulp_domain_id == unit.pulp_domain_id == get_domain_pk()
    assert save_mod_files(get_domain_pk(), files) == saved
    changed = {key: body + b"// again\n" for key, body in files.items()}
    assert not set(save_mod_files(get_domain_pk(), changed).values()) & set(saved.values())


def test_many_take_no_more_statements_than_one(base: str) -> None:
    def statements(files: Files) -> int:
        with CaptureQueriesContext(connection) as captured:
            save_mod_files(get_domain_pk(), files)
        return len(captured)

    one = statements(_files(f"{base}/one", 1))
    assert statements(_files(f"{base}/many", 60)) == one
    assert one < 10


def test_what_somebody_else_is_saving_is_waited_for(base: str) -> None:
    files = _files(base, 3)
    theirs: Files = dict([list(files.items())[1]])
    saved: list[dict[tuple[str, str], object]] = []
    ready = threading.Event()

    def save() -> None:
        ready.set()
        saved.append(save_mod_files(get_domain_pk(), files))
        connection.close()

    with transaction.atomic():
        there = save_mod_files(get_domain_pk(), theirs)
        thread = threading.Thread(target=save)
        thread.start()
        ready.wait()
        # It has looked for them by now, on any but the slowest machine; if not, it finds them.
        time.sleep(0.3)
    thread.join()
    assert saved[0].keys() == files.keys()
    assert there.items() <= saved[0].items()
    assert GoModFile.objects.filter(module__startswith=base).count() == len(files)
