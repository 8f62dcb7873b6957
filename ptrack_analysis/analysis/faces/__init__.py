"""Where faces look: attention, as far as a picture tells."""
