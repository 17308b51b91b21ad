After a crash of the database, the server is back within seconds: tasks that no worker was told about are started, and the server goes on however often it happens.
