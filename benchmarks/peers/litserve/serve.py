"""Serve an API on the port in `BENCH_PORT`, with one worker or `BENCH_WORKERS`."""

import os

import litserve


def serve(api: litserve.LitAPI) -> None:
    """Serve until the process ends."""
    workers = int(os.environ.get("BENCH_WORKERS", "1"))
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=workers, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
    )
