`scan/` of a repository version (`pulp gomod repository version scan`) fills Pulp's vulnerability reports from the mirrored database, without sending
a name anywhere; a repository whose `vulndb` is set is scanned again whenever that changes.
