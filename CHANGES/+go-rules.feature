Module paths, versions and go.mod files are judged by Go's own rules (package `pulp_gomod.golang`), and held against the code of Go 1.27 by random inputs.
