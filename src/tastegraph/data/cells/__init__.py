"""Cells as values: ids, numbers, times, texts and lists, by columns and by single rows."""
