go.mod files that were pulled through or synced are added to a repository many at a time: a task for a thousand takes less than half of the processor time.
