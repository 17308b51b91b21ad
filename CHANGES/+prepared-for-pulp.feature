`pulp-gomod serve` prepares the database again only when settings of Pulp have changed: starts after a change of the plugin's own settings, or of the server's options, are a second shorter.
