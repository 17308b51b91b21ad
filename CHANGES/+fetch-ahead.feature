Pulling through an upstream for the first time takes much less time where the upstream is far away: the go.mod files and zips that the go
command will ask for next are fetched meanwhile. `GOMOD_FETCH_AHEAD = False` turns it off.
