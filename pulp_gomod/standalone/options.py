"""What `pulp-gomod serve` was asked for."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServeOptions:
    """
    The options of `pulp-gomod serve`; docs/admin/guides/standalone.md explains each.

    Attributes:
        data_dir: Where to keep all data.
        host: The address to listen on.
        port: The port to listen on; 0 for one that is free.
        origin: The server's URL as clients see it, None to make it of the address.
        admin_password: The administrator's password, None to leave or generate it.
        database_url: An existing database, None for the embedded one.
        tls_cert: The certificate's file, PEM with its chain.
        tls_key: The key's file.
        tls_auto: Whether to make a certificate.
        tls_client_ca: The authorities of clients' certificates, PEM; None to ask for none.
        allowed_host: Further names that the server is known by.
        content_workers: Processes of the content app.
        api_workers: Processes of the API.
        workers: Processes that run tasks.
        log_to_terminal: Whether the programs' output goes to the terminal instead of files.
        log_downloads: Whether each request to the content app is logged.
        prepare_only: Whether to stop as soon as the data directory is prepared.
        owner: The process with whose end the server stops, None for none.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8080
    origin: str | None = None
    admin_password: str | None = None
    database_url: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_auto: bool = False
    tls_client_ca: Path | None = None
    allowed_host: tuple[str, ...] = ()
    content_workers: int = 2
    api_workers: int = 2
    workers: int = 2
    log_to_terminal: bool = False
    log_downloads: bool = False
    prepare_only: bool = False
    owner: int | None = None
