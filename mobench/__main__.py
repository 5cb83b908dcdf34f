"""``python -m mobench``."""

import sys

from mobench.cli import main

sys.exit(main())
