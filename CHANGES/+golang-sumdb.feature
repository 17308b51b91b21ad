Checksum databases are understood as Go understands them: signed notes, transparency logs, and a client that believes only proven records.
