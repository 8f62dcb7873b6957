"""Random input for whatever reads files of others."""
