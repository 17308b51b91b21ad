The first build through an empty repository takes a seventh less of the server's processor time, and a fifth fewer SQL statements.
