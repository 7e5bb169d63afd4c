"""One thing under several ids: found, decided, and kept apart where it is not."""
