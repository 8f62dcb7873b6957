"""The zone editor: drawing zones, lines and the floor plan on an image, in the browser."""
