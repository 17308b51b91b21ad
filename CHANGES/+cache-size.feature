A remote's `cache_size` bounds everything that is cached: go.mod files without a zip, and the small files that are kept in the database, too.
