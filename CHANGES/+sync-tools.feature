A sync takes tools (`--tool golang.org/x/tools/cmd/stringer@latest`) with all that it takes to build them, and ranges of versions (`--module 'example.com/mod@>=v1.2.0 <v2.0.0'`).
