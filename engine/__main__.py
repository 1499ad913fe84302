"""python -m engine: the topics without their pages. `--help` says more."""

import sys

from engine.command_line import main

if __name__ == "__main__":
    sys.exit(main())
