Module zips are checked, hashed and made as Go does it (`pulp_gomod.golang.zip`, `pulp_gomod.golang.dirhash`). Uploads are checked more strictly, so that whatever is hosted works with every Go.
