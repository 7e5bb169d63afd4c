"""Information extraction: texts and known facts go in; mentions and facts with spans come out."""
