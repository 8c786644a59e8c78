"""Run the reference server, right or with a fault: `python -m faults --fault=id-lost`."""

import argparse

from faults import FAULTS
from reference.models import MODELS
from reference.server import Server

parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
parser.add_argument("--port", type=int, default=8000)
parser.add_argument("--fault", choices=sorted(FAULTS))
options = parser.parse_args()
with Server(FAULTS.get(options.fault), options.port) as server:
    print(f"{server.url} serves {', '.join(MODELS)}", flush=True)
    server.serve_forever()
