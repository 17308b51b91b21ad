"""What the server prints when it is ready."""

from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from .console import say, show
from .prepare import READY_MADE


class Welcome:
    """
    Says once that the server is ready, and how to use it.

    Args:
        origin: The server's URL.
        authority: The certificate that clients have to trust, None when they do already.
        data: Where everything is kept.
        has_domains: Whether URLs name the domain.
    """

    def __init__(
        self, origin: str, authority: Path | None, data: Path, has_domains: bool = False
    ) -> None:
        owner = f"default/{READY_MADE}" if has_domains else READY_MADE
        # As a shell takes it: some look for files where an address of IPv6 has its brackets.
        # The pulp command takes no URL with a path: a web server has /pulp/ at the root for it.
        self._base = quote(origin.removesuffix(urlsplit(origin).path))
        self._url = quote(f"{origin}/api/packages/{owner}/go")
        self._upload = quote(f"{origin}/api/packages/{owner}/go/upload")
        self._elsewhere = quote(
            f"{origin}/api/packages/{owner.removesuffix(READY_MADE)}BASE-PATH/go"
        )
        self._authority = quote(str(authority)) if authority else ""
        self._data = data
        self._password: str | None = None
        self._shown = False
        self._sumdb = ("", "")

    def take_password(self, password: str | None) -> None:
        """Print the password that was generated, at once: it is stored nowhere."""
        if password:
            self._password = password
            show(f"The administrator is 'admin', the password: {password}")
            show("It is not shown again. To set another one, start with --admin-password.")
            say(f"all data is in {self._data}, logs are in {self._data / 'logs'}")

    def take_sumdb(self, name: str, verifier_key: str) -> None:
        """Say how to use the checksum database that was made to begin with, as long as it is there."""
        self._sumdb = (name, verifier_key)

    def show(self, is_served: bool = True) -> None:
        """
        Print that the server is ready, and the lines to begin with.

        Args:
            is_served: Whether the distribution is still there that was made to begin with.
        """
        if self._shown:
            return
        self._shown = True
        if not is_served:
            show("ready")
            show(f"  there is no distribution {READY_MADE} any more; another one is at")
            show(f"  {self._elsewhere}")
            return
        url = self._url
        # Without a password curl asks for it.
        user = f"admin:{self._password}" if self._password else "admin"
        trust = f"--cacert {self._authority} " if self._authority else ""
        # Of this module only: public ones are verified as ever.
        variables = f"GOPROXY={url},$(go env GOPROXY) GONOSUMDB=MODULE"
        if self._authority:
            variables += f" SSL_CERT_FILE={self._authority}"
        show("ready")
        # What was published, or why not, is said, and a refusal fails a script.
        told = "--fail-with-body --header Accept:text/plain "
        show(f"  curl {told}{trust}--user {user} --upload-file MODULE.zip {self._upload}")
        show(f"  export {variables}")
        show("  go get MODULE@VERSION")
        self._show_sumdb()
        if self._authority:
            show(
                f"Clients that trust {self._authority} trust this server; to make that permanent, as root:"
            )
            show(f"  cp {self._authority} /usr/local/share/ca-certificates/pulp-gomod.crt")
            show("  update-ca-certificates")

    def _show_sumdb(self) -> None:
        """
        Print how to have modules proven by the checksum database that was made to begin with.

        The go command asks one database about all modules. This one knows a public module once it came
        through the server, so there has to be an upstream, and no other proxy.
        """
        name, key = self._sumdb
        if not key:
            return
        password = f" --password {self._password}" if self._password else ""
        show(
            "Or have a checksum database of your own prove them, and the public modules that then come through here:"
        )
        if self._authority:
            show(f"  export PULP_CA_BUNDLE={self._authority}")
        show(f"  pulp config create --base-url {self._base} --username admin{password}")
        # The line above has put this server into the variable.
        upstream = '"$(env -u GOPROXY go env GOPROXY | cut -d, -f1)"'
        show(f"  pulp gomod remote create --name public --url {upstream}")
        show(f"  pulp gomod distribution update --name {READY_MADE} --remote public")
        show(f"  pulp gomod repository update --name {READY_MADE} --sumdb {name}")
        show("  unset GONOSUMDB")
        show(f"  export GOPROXY={self._url} GOSUMDB={key}")
