The first build through an empty repository takes a tenth less of the server's processor time, and a fifth fewer SQL statements.
