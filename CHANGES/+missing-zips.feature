Tasks that promote, publish, export or import modules without their zips, since a sync left these for later, say `zips missing: N`, and
repository versions have `zips_missing`. `--with-zips` of `content add` and `content modify`, `with_zips` over REST, fetches them first.
