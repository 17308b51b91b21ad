"""Django for tests without a database: the rooms they are about import the models."""

import atexit
import os
import shutil
import tempfile
from base64 import urlsafe_b64encode
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import django
from django.apps import apps
from django.conf import settings

from tests.functional.serving import QUICK_LOGINS


def _set_up() -> None:
    # Within what a run removes at its end; or whoever has none, such as a program, removes it.
    directory = tempfile.mkdtemp(prefix="gomod-unit-", dir=os.environ.get("GOMOD_TEST_RUN_DIR"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    key = Path(directory, "key")
    key.write_bytes(urlsafe_b64encode(os.urandom(32)))
    directories = (
        "DEPLOY_ROOT",
        "WORKING_DIRECTORY",
        "FILE_UPLOAD_TEMP_DIR",
        "MEDIA_ROOT",
        "STATIC_ROOT",
    )
    environment = {
        "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
        "PULP_SETTINGS": os.devnull,
        "PULP_SECRET_KEY": "not secret",
        "PULP_DB_ENCRYPTION_KEY": str(key),
        "PULP_CONTENT_ORIGIN": "http://127.0.0.1",
        # A content app ends its process, which is that of the tests here, where it cannot note that it is alive: it would
        # try that while a test lets PostgreSQL write nothing.
        "PULP_CONTENT_APP_TTL": "86400",
        **QUICK_LOGINS,
        **{f"PULP_{name}": directory for name in directories},
    }
    with patch.dict(os.environ, environment):
        # dynaconf looks at all frames of the stack again and again, of which pytest has many: a thread has few.
        thread = Thread(target=getattr, args=(settings, "INSTALLED_APPS"))
        thread.start()
        thread.join()
        django.setup()


if not apps.ready:
    _set_up()
