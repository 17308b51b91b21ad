`POST <repository version href>bundle/` writes a bundle to a directory of the server below `ALLOWED_EXPORT_PATHS`, with copies of the zips or links to them.
