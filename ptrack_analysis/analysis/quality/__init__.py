"""Quality checks and confidence intervals."""
