Module zips are judged, hashed and made as Go does it (`pulp_gomod.golang.zip`, `pulp_gomod.golang.dirhash`); uploads pass a stricter gate, so that whatever is hosted works with every Go.
