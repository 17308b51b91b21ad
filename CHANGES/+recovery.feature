Be back within seconds after a crash of the database: tasks that nobody was told of are begun, and the server goes on however often it happens.
