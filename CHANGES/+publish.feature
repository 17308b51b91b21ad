`pulp gomod publish` publishes a module from its tag in git with one command of the client packages, and `--dry-run` shows what would be published and what is left out.
