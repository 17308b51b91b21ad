A remote's `cache_size` limits everything that is cached, including go.mod files without a zip and the small files that are kept in the database.
