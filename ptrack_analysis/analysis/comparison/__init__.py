"""Two trackings of one video compared: who is who, where they agree, and the standard figures."""
