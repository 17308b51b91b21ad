A sync can follow the index of an upstream (`--index`, with `--since` and `--pattern`): another pulp_gomod's, or any other through the remote's new `index_url`. It adds what came since the last time.
