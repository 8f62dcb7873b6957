"""Web pages: the explorer, its data and its page, self-contained and offline."""
