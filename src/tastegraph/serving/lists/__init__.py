"""One list for one user: from events, a request and a snapshot to ranked items with reasons."""
