A zip that is fetched from an upstream goes to clients as soon as it is verified, while it is still being stored, if the checksum database
vouches for it.
