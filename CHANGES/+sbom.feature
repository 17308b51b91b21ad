`sbom.json` below each GOPROXY URL, and `pulp gomod sbom`, give the software bill of materials of what a distribution serves, or of what one module version needs, as CycloneDX 1.6.
