"""What a browser shows: the explorer, its data and its page, self-contained and offline."""
