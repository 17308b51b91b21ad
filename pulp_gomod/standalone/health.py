"""Whether the server is ready: everything online, and reachable through the one origin."""

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any

_TIMEOUT = 5.0
_STATUS = "/pulp/api/v3/status/"
_CONTENT = "/pulp/content/"


@dataclass(frozen=True)
class Health:
    """
    Asks the server, as a client would.

    Attributes:
        host: The address to connect to.
        port: The port to connect to.
        tls: Whether to speak TLS.
        expected: How many processes of each kind must be online: status field to number.
    """

    host: str
    port: int
    tls: bool
    expected: dict[str, int]

    def problem(self) -> str | None:
        """What is missing, None when the server is ready."""
        try:
            status, body = self._get(_STATUS)
            if status != 200:
                return f"the status API answers {status}"
            if missing := self._missing(json.loads(body)):
                return missing
            status, _ = self._get(_CONTENT)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"no answer yet: {error}"
        return None if status < 500 else f"the content app answers {status}"

    def _missing(self, report: dict[str, Any]) -> str | None:
        if not report["database_connection"]["connected"]:
            return "the API does not reach the database"
        for field, number in self.expected.items():
            if len(report[field]) < number:
                return f"{field.replace('_', ' ')}: {len(report[field])} of {number}"
        return None

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = self._connect()
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        if not self.tls:
            return http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT)
        # It is asked whether we answer, and the certificate may well be for another name.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=_TIMEOUT, context=context)
