"""Lists that know no user's taste: similar items and users, what is popular, what the log says."""
