"""What any process may use beside the tables: connections, threads, locks, one statement for many requests."""
