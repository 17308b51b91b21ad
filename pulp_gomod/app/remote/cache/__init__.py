"""The small files of a remote, kept in the database: lists, `.info`, `.mod`, checksum records."""
