A sync tells how far it is in adding what it fetched, in the progress report `sync.gomod.adding`.
