"""``python -m ptrack_analysis`` is the command ``ptrack``."""

import sys

from ptrack_analysis.cli import main

sys.exit(main())
