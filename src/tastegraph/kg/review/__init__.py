"""The graph in people's hands: what is derived, what is asked, what is decided."""
