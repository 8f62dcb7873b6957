"""The zone editor: drawing zones, lines and the floor plan on a picture, in the browser."""
