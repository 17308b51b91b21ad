The setting `GOMOD_LOOP_WATCH` logs what keeps all clients of a content process waiting.
