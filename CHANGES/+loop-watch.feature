The setting `GOMOD_LOOP_WATCH` logs what makes all clients of a content process wait.
