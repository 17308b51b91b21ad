"""What can come of asking an upstream."""

from dataclasses import dataclass

# Characters and lines of an upstream's own words that are passed on: the go command shows no more.
MAX_WORDS = 1000
MAX_LINES = 8
# Characters of a line that says what went wrong: it may quote what the upstream sent.
MAX_LINE = 2000
# Whoever failed, where a fault is found by code that knows of one upstream only.
_SOMEBODY = "the upstream"


@dataclass(frozen=True, slots=True)
class Fetched:
    """
    The upstream sent what was asked for.

    Attributes:
        body: The bytes; empty where they went to a file.
        etag: Its ETag header, or "".
        last_modified: Its Last-Modified header, or "".
    """

    body: bytes
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The upstream still says what it said before (304)."""


@dataclass(frozen=True, slots=True)
class Missing:
    """
    The upstream knows that there is no such thing, or it is blocked here.

    Attributes:
        status: 404 or 410; 403 if it is blocked.
        words: What is said of that to people; or "".
    """

    status: int
    words: str = ""


class UpstreamFault(Exception):
    """
    The upstream did not answer as a GOPROXY does.

    Attributes:
        status: What our client is told: 502 or 504.
        line: For people: what went wrong. It names no credentials.
        again: Whether asking again at once may help.
        down: Whether the whole upstream seems to be down, and not only what was asked for.
        unconnected: Whether it did not even take a connection.
        retry_after: Seconds after which the client may ask again; None if nobody knows.
        named: Whether the line names who failed, beyond calling it the upstream.
    """

    named = False

    def __init__(
        self,
        line: str,
        *,
        status: int = 502,
        again: bool = False,
        down: bool = False,
        unconnected: bool = False,
        retry_after: float | None = None,
    ) -> None:
        line = one_line(line)
        super().__init__(line)
        self.status = status
        self.line = line
        self.again = again
        self.down = down
        self.unconnected = unconnected
        self.retry_after = retry_after

    def tell(self, who: str, way_out: str = "") -> None:
        """
        Name who failed, unless that is done.

        Args:
            who: Takes the place of "the upstream" in the line.
            way_out: What can be done.
        """
        if not self.named:
            line = self.line.replace(_SOMEBODY, who, 1)
            self.line = one_line(f"{line}; {way_out}" if way_out else line)
            self.args = (self.line,)
            self.named = True

    def also(self, text: str) -> "UpstreamFault":
        """
        Return the same fault with something more to say.

        Args:
            text: What follows.
        """
        more = UpstreamFault(
            f"{self.line}; {text}",
            status=self.status,
            again=self.again,
            down=self.down,
            unconnected=self.unconnected,
            retry_after=self.retry_after,
        )
        more.named = self.named
        return more


class UpstreamSilent(UpstreamFault, TimeoutError):
    """
    The upstream did not answer in time.

    Args:
        line: As of UpstreamFault.
        unconnected: As of UpstreamFault.
    """

    def __init__(self, line: str, *, unconnected: bool = False) -> None:
        super().__init__(line, status=504, down=True, unconnected=unconnected)


class UpstreamDead(UpstreamFault):
    """
    The upstream took no connections lately, and was not asked.

    Args:
        fault: What came of the last attempt.
        seconds: When the next one may be made.
    """

    def __init__(self, fault: UpstreamFault, seconds: float) -> None:
        when = f"in {seconds:.1f} s" if seconds > 0 else "now"
        super().__init__(
            f"{fault.line}; it will be tried again {when}", status=fault.status, down=True
        )
        self.named = fault.named


class RateLimited(UpstreamFault):
    """
    The upstream wants not to be asked for longer than a request can wait.

    Args:
        line: As of UpstreamFault.
        seconds: For how long.
    """

    def __init__(self, line: str, seconds: float) -> None:
        super().__init__(line, status=503, retry_after=seconds)


class Broken(UpstreamFault):
    """What the upstream sent is no answer at all."""


class NoRecord(UpstreamFault):
    """
    The checksum database knows that it has no such thing.

    Attributes:
        missing: What it says of that.
    """

    def __init__(self, line: str, missing: Missing) -> None:
        super().__init__(line)
        self.missing = missing


class NotProven(UpstreamFault):
    """What the upstream sent contradicts the checksum database, or what is known already."""


def printable_lines(text: str) -> list[str]:
    """Return the first lines of somebody's text, up to a blank one, fit for passing on."""
    lines: list[str] = []
    for line in text[:MAX_WORDS].strip().split("\n")[:MAX_LINES]:
        if not line.strip():
            break
        expanded = line.replace("\t", "    ").rstrip()
        lines.append("".join(char if char.isprintable() else "?" for char in expanded))
    return lines


def one_line(text: str) -> str:
    """Make one line of a text that may quote an upstream, fit for a log and for passing on."""
    line = " ".join(text[: 2 * MAX_LINE].split())[:MAX_LINE]
    return "".join(char if char.isprintable() else "?" for char in line)
