Module paths, versions and go.mod files are checked by Go's own rules (package `pulp_gomod.golang`), which random inputs compare with the code of Go 1.27.
