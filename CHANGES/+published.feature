A publish says what was published if the client asks for text or JSON; each publish, removal and refusal has a line in the log that says who asked for what, and `--log-downloads` logs the rest.
