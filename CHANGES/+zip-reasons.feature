The reason for which a zip is refused says how a version looks where the zip has none, and what names begin with where it has a directory as its first entry, as archives of git hosts do.
