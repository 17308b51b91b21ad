"""
What a go.mod file says to the modules that require its module.

The `go` command reads `exclude` and `replace` in the go.mod of the main module only, and takes a file
without a `go` line for one that says 1.16 (https://go.dev/ref/mod#go-mod-file-go). So two files that differ in
nothing else give every build the same: some upstreams have one beside a zip and the other one in it.
"""

_IGNORED = (b"exclude ", b"replace ")
_IMPLIED = b"go 1.16"


def lines_for_dependents(go_mod: bytes) -> bytes:
    """
    Return the lines that matter to others, in their order and with their comments.

    Only statements of a line each are left out: a block counts, whatever it is about.

    Args:
        go_mod: The file.
    """
    lines = (line.strip() for line in go_mod.split(b"\n"))
    return b"\n".join(line for line in lines if line and _matters(line))


def _matters(line: bytes) -> bool:
    # After an opening parenthesis come lines that cannot be told from those of another block.
    is_block = line.endswith(b"(")
    return line != _IMPLIED and (is_block or not line.startswith(_IGNORED))
