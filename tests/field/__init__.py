"""What users bring: their files as they are, through the command line."""
