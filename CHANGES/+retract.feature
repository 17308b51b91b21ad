Versions that a policy has on its list `retract` are on no list and never the latest, as if their author had retracted them, and are served to whoever requests them by name.
