"""Derivation and review: stored facts go in; derived facts, review tasks and decisions come out."""
