Go toolchains can be synced by name (`toolchains`, `--toolchain "go1.26.8 linux-amd64"`), and along with the go.mod that asks for them
(`toolchain_platforms`, `--toolchain-platform`).
