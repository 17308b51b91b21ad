"""What the server itself reads and corrects in Pulp's tables, without loading Pulp."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress

import psycopg
from psycopg.conninfo import make_conninfo

_OURS = {"connect_timeout": "5", "application_name": "pulp-gomod serve"}

_FORGET = """
WITH gone AS (
    SELECT pulp_id FROM core_appstatus
    WHERE name LIKE %(names)s AND (%(kind)s = '' OR app_type = %(kind)s)
), released AS (
    UPDATE core_task SET app_lock_id = NULL WHERE app_lock_id IN (SELECT pulp_id FROM gone)
)
SELECT count(*) FROM gone
"""
# PostgreSQL starts its own processes anew when it recovers from a crash.
_SINCE_CRASH = """
SELECT extract(epoch FROM clock_timestamp() - max(backend_start)) FROM pg_stat_activity
WHERE backend_type = 'checkpointer'
"""

_VERIFIER_KEY = """
SELECT verifier_key FROM gomod_gosumdb JOIN core_domain domain ON domain.pulp_id = pulp_domain_id
WHERE gomod_gosumdb.name = %s AND domain.name = 'default'
"""

_IS_SERVED = """
SELECT count(*) FROM core_distribution JOIN core_domain domain ON domain.pulp_id = pulp_domain_id
WHERE base_path = %s AND domain.name = 'default'
"""

_WAKE = "SELECT pg_notify('pulp_worker_wakeup', 'unblock')"


class Records:
    """
    The rows that concern the server.

    Args:
        parameters: How to connect, in libpq's words.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def is_up(self) -> bool:
        """Whether the database answers."""
        try:
            self._connect().close()
        except psycopg.Error:
            return False
        return True

    def seconds_since_crash(self) -> float | None:
        """
        How long ago PostgreSQL ended all connections, because it was started or had crashed.

        None when it does not answer or does not tell us.
        """
        try:
            with self._connect() as connection:
                row = connection.execute(_SINCE_CRASH).fetchone()
        except psycopg.Error:
            return None
        return float(str(row[0])) if row and row[0] is not None else None

    def verifier_key(self, sumdb: str) -> str:
        """
        What clients put into GOSUMDB for a checksum database; "" if there is none, or it cannot be told.

        Args:
            sumdb: Its name, in the default domain.
        """
        try:
            with self._connect() as connection:
                row = connection.execute(_VERIFIER_KEY, [sumdb]).fetchone()
        except psycopg.Error:
            return ""
        return str(row[0]) if row else ""

    def is_served(self, base_path: str) -> bool:
        """
        Whether there is a distribution; true if that cannot be told.

        Args:
            base_path: Its base path, in the default domain.
        """
        try:
            with self._connect() as connection:
                row = connection.execute(_IS_SERVED, [base_path]).fetchone()
        except psycopg.Error:
            return True
        return row is None or bool(row[0])

    def is_password(self, user: str, password: str) -> bool | None:
        """
        Whether that is the user's password, None when it cannot be told from here.

        Django's default hash is understood, and a table that does not exist yet means None.
        """
        try:
            with self._connect() as connection:
                row = connection.execute(
                    "SELECT password FROM auth_user WHERE username = %s", [user]
                ).fetchone()
        except psycopg.Error:
            return None
        parts = str(row[0]).split("$") if row else []
        if len(parts) != 4 or parts[0] != "pbkdf2_sha256":
            return None
        _, rounds, salt, digest = parts
        given = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(rounds))
        return hmac.compare_digest(base64.b64encode(given).decode(), digest)

    def forget_processes(self, names: str, kind: str = "") -> bool:
        """
        Remove the records of processes that are known to be dead, and free their tasks.

        Returns whether that was done: a database that recovers takes nothing for a moment.

        Pulp itself does so after up to a quarter of an hour; so long a task of a worker that was
        killed would count as running and hold its repository.

        Args:
            names: The processes' names, as a pattern of SQL's LIKE.
            kind: "api", "content" or "worker"; empty for all.
        """
        try:
            with self._connect() as connection:
                self._forget(connection, {"names": names, "kind": kind})
        except psycopg.OperationalError:
            return False
        return True

    def wake_workers(self) -> None:
        """
        Have the workers look for tasks that can be begun.

        A worker looks when it is told that there are some, not when it starts: what was dispatched while
        none listened would wait for the next task, or a quarter of an hour.
        """
        with suppress(psycopg.Error), self._connect() as connection:
            connection.execute(_WAKE)

    def _forget(
        self, connection: psycopg.Connection[tuple[object, ...]], named: dict[str, str]
    ) -> None:
        connection.execute(_FORGET, named)
        connection.execute(
            "DELETE FROM core_appstatus"
            " WHERE name LIKE %(names)s AND (%(kind)s = '' OR app_type = %(kind)s)",
            named,
        )
        connection.execute(_WAKE)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(make_conninfo("", **(_OURS | dict(self._parameters))))
