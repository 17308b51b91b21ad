The proofs of the checksum database are kept with the modules that came through a remote: every distribution serves `/sumdb/` for what it
holds, without a remote, frozen or published, too. So builds need no GONOSUMDB offline, and synced Go toolchains install.
