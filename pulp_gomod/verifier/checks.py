"""What is asked of a zip: whether it may be published, or what an upstream has sent."""

from dataclasses import dataclass

from pulp_gomod.golang import GoError, dirhash, modfile
from pulp_gomod.golang.archive import Input, open_archive
from pulp_gomod.golang.archive.errors import (
    ChecksumError,
    CorruptInputError,
    FormatError,
    UnexpectedEOFError,
)
from pulp_gomod.golang.zip import SizeError, Upload, check_upload, check_zip

_GO_MOD = "go.mod"
# What is wrong with a file that is no archive, or only a part of one.
_BROKEN = (ChecksumError, CorruptInputError, FormatError, UnexpectedEOFError)


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    A zip that may not be published.

    Attributes:
        reason: Why; it names the entry and the rule.
        is_size: Whether it is too large.
    """

    reason: str
    is_size: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What is known of a zip that an upstream has sent.

    Attributes:
        h1: Go's checksum of it, or "" where Go could not read it.
        upload: What it holds, or None if Go would refuse it.
        reason: Why Go would.
        not_an_upload: Why it could not be published here although Go takes it, or "".
        broken: Why it cannot be read at all, or "": it is cut off, or something else than an archive.
    """

    h1: str
    upload: Upload | None
    reason: str = ""
    not_an_upload: str = ""
    broken: str = ""


Finding = Upload | Refusal | Verified


@dataclass(frozen=True, slots=True)
class Publish:
    """
    May it be published?

    Attributes:
        max_zip_size: Bytes that the zip may have.
        max_go_mod: Bytes that its go.mod may have.
    """

    max_zip_size: int
    max_go_mod: int

    def __call__(self, file: Input) -> Upload | Refusal:
        """Check a zip."""
        try:
            return check_upload(file, max_zip_size=self.max_zip_size, max_go_mod=self.max_go_mod)
        except GoError as error:
            return Refusal(str(error), isinstance(error, SizeError))

    def refuse(self, reason: str) -> Refusal:
        """Say that it could not be found out."""
        return Refusal(reason)


@dataclass(frozen=True, slots=True)
class Fetched:
    """
    Is it the module version that an upstream was asked for?

    Attributes:
        module: The module path that it should be of.
        version: The version that it should be.
        vouched: Whether a checksum database will be asked: then Go's own rules are enough, since all
            other clients use it, too. Otherwise it must be as good as an upload.
    """

    module: str
    version: str
    vouched: bool

    def __call__(self, file: Input) -> Verified:
        """Check a zip."""
        try:
            upload = check_upload(file)
        except GoError as error:
            broken = _broken(file) if isinstance(error, _BROKEN) else ""
            if broken or not self.vouched:
                return Verified("", None, str(error), broken=broken)
            return self._as_go(file, str(error))
        if (upload.module, upload.version) != (self.module, self.version):
            return Verified(upload.h1, None, f"it is {upload.module}@{upload.version}")
        return Verified(upload.h1, upload)

    def refuse(self, reason: str) -> Verified:
        """Say that it could not be found out."""
        return Verified("", None, reason)

    def _as_go(self, file: Input, refusal: str) -> Verified:
        h1 = ""
        try:
            h1 = dirhash.hash_zip(file)
            refused = check_zip(self.module, self.version, file).error()
            if refused is not None:
                return Verified(h1, None, str(refused), refusal)
            return Verified(h1, self._describe(file, h1), "", refusal)
        except GoError as error:
            return Verified(h1, None, str(error), refusal)

    def _describe(self, file: Input, h1: str) -> Upload:
        """Say of a zip that Go takes what can be said of it."""
        prefix = f"{self.module}@{self.version}/"
        go_mod, unpacked, count = None, 0, 0
        with open_archive(file) as archive:
            for entry in archive.entries():
                count += 1
                unpacked += entry.uncompressed_size
                if entry.name == prefix + _GO_MOD:
                    go_mod = b"".join(archive.chunks(entry))
            size = archive.source.size
        text = modfile.legacy_go_mod(self.module) if go_mod is None else go_mod
        parsed = modfile.parse_lax(text)
        return Upload(
            module=self.module,
            version=self.version,
            h1=h1,
            go_mod=text,
            has_go_mod=go_mod is not None,
            go_mod_h1=dirhash.hash_go_mod(text),
            modfile=parsed,
            module_line=parsed.module.path if parsed.module else "",
            size=size,
            unpacked_size=unpacked,
            file_count=count,
            readme_file="",
            readme="",
            license_file="",
            license_text="",
        )


def _broken(file: Input) -> str:
    """Say why not even Go could read an archive; "" if it could, though more strictly we do not."""
    try:
        dirhash.hash_zip(file)
    except _BROKEN as error:
        return str(error)
    except GoError:
        return ""
    return ""


Check = Publish | Fetched
