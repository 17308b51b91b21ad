`pulp gomod repository content remove` takes `MODULE@VERSION`, one or many, as `add` does, and `repository sync` says what it has added and removed.
