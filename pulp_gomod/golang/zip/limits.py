"""The limits of module zips (golang.org/x/mod/zip), in bytes."""

MAX_ZIP_FILE = 500 << 20
"""Of a module zip, and of all its files together once unpacked (MaxZipFile)."""

MAX_GO_MOD = 16 << 20
"""Of the go.mod in the root of a module (MaxGoMod)."""

MAX_LICENSE = 16 << 20
"""Of the LICENSE in the root of a module (MaxLICENSE)."""
