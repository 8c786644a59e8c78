"""Serve an API with one worker, on the port in `BENCH_PORT`."""

import os

import litserve


def serve(api: litserve.LitAPI) -> None:
    """Serve until the process ends."""
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
    )
