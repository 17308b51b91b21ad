What is published together is recorded together: a fifth more uploads a second when four clients publish new modules.
