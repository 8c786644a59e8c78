"""Run the command with `python -m open_inference_conformance`."""

import sys

from open_inference_conformance.cli import main

sys.exit(main())
