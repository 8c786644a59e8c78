"""The processes of a service, as the system sees them."""

import threading
from pathlib import Path

from tests.faults.client import post


def processes_of(pid):
    """Return the processes of the model that a service, or one of its workers, has started."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue  # it just ended
        parents[int(folder.name)] = int(fields[1]), b"processes.child" in command
    return {
        child
        for child, (_, is_ours) in parents.items()
        if is_ours and pid in _above(child, parents)
    }


def _above(pid, parents):
    while pid in parents:
        pid = parents[pid][0]
        yield pid


def none_left(pids):
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def predict(service, text):
    """Return the status and the prediction."""
    answer = post(service, "/predict", {"input": text})
    return answer.status, answer.json().get("prediction")


class Load(threading.Thread):
    """A client that sends the same input until the block ends, and keeps the statuses."""

    def __init__(self, service, text):
        super().__init__()
        self.service, self.text = service, text
        self.statuses = []
        self._ends = threading.Event()

    def run(self):
        while not self._ends.is_set():
            self.statuses.append(predict(self.service, self.text)[0])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self.join()
