"""Why a list lacks an item: its rank, the rules that keep it out, what would bring it in."""
