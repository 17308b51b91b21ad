"""
Signed notes, the form in which a checksum database publishes its tree heads.

The rules are those of golang.org/x/mod/sumdb/note: Ed25519 keys written as one line, and texts
followed by signature lines.
"""

from .keys import (
    AmbiguousVerifierError,
    MalformedKeyError,
    NoteError,
    Signer,
    UnknownVerifierError,
    Verifier,
    Verifiers,
    generate_key,
    is_valid_name,
    new_ed25519_verifier_key,
    new_signer,
    new_verifier,
    renamed_signer,
    renamed_verifier_key,
    verifier_list,
)
from .notes import (
    InvalidSignatureError,
    MalformedNoteError,
    Note,
    Signature,
    UnverifiedNoteError,
    open_note,
    parse_signature,
    sign,
)

# Go's own name; `open_note` is for callers that import names.
open = open_note

__all__ = [
    "AmbiguousVerifierError",
    "InvalidSignatureError",
    "MalformedKeyError",
    "MalformedNoteError",
    "Note",
    "NoteError",
    "Signature",
    "Signer",
    "UnknownVerifierError",
    "UnverifiedNoteError",
    "Verifier",
    "Verifiers",
    "generate_key",
    "is_valid_name",
    "new_ed25519_verifier_key",
    "new_signer",
    "new_verifier",
    "open",
    "open_note",
    "parse_signature",
    "renamed_signer",
    "renamed_verifier_key",
    "sign",
    "verifier_list",
]
