"""The environment of the service: folders that are missing or not writable, closed streams."""

import socket
import subprocess
from contextlib import contextmanager

import pytest

from tools.service import Service, running, stop

from .client import get, post
from .process import wait_for

METRICS = "PROMETHEUS_MULTIPROC_DIR"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("name", "folder", "problem"),
    [
        (METRICS, "", "is empty"),
        (METRICS, "/proc/no/folder", "no files can be written in /proc/no/folder"),
        (METRICS, "/dev/null", "no files can be written in /dev/null"),
        (METRICS.lower(), "", "is empty"),
    ],
)
def test_folder_for_metrics_that_cannot_be_used_is_78(attempt, workers, name, folder, problem):
    done = attempt(HARDENING__WORKERS=workers, **{name: folder})
    assert done.returncode == 78, done
    title, what = done.stderr.splitlines()
    assert title == "Configuration error:"
    assert what.startswith(f"  environment {METRICS}: {problem}")
    assert "name a" in what


@pytest.mark.parametrize("workers", [1, 2])
def test_folder_for_metrics_that_is_missing_is_made(serve, tmp_path, workers):
    folder = tmp_path / "not" / "there"
    with serve(HARDENING__WORKERS=workers, **{METRICS: folder}) as service:
        assert get(service, "/metrics").status == 200
        assert any(folder.iterdir())


READ_ONLY = """
import runpy, sys, tempfile
sys.path[0] = "src"
sys.argv, real = ['src/main.py'], tempfile.mkdtemp
def only_where_named(prefix, dir=None):
    if dir is None or not {has_shm}:
        raise FileNotFoundError('No usable temporary directory found')
    return real(prefix=prefix, dir=dir)
tempfile.mkdtemp = only_where_named
if __name__ == '__main__':
    runpy.run_path('src/main.py', run_name='__main__')
"""


@pytest.fixture
def read_only(command, tmp_path):
    """Return a command that starts a service as if no folder for temporary files were writable."""

    def start(*, has_shm):
        (tmp_path / "start.py").write_text(READ_ONLY.format(has_shm=has_shm))
        return [command[0], str(tmp_path / "start.py")]

    return start


def test_workers_of_a_container_with_a_read_only_root_have_metrics(
    read_only, project, variables, tmp_path
):
    env = variables(HARDENING__WORKERS=2)
    command = read_only(has_shm=True)
    with running(command, cwd=project, env=env, log=tmp_path / "log") as service:
        assert post(service, "/predict", {"input": "good"}).status == 200
        assert get(service, "/metrics").status == 200


def test_no_folder_at_all_is_one_line_and_78(read_only, project, variables):
    env = variables(HARDENING__WORKERS=2, API_HOST="127.0.0.1", API_PORT=0)
    done = subprocess.run(
        read_only(has_shm=False), cwd=project, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 78, done
    title, *what = done.stderr.splitlines()
    assert title == "Configuration error:"
    assert METRICS in "".join(what)
    assert "--tmpfs /tmp" in "".join(what)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_service_serves_with_closed_standard_streams(
    command, project, variables, tmp_path, workers, closed
):
    """The port is given by number, because there may be no line that names it."""
    with open_port() as port:
        env = variables(HARDENING__WORKERS=workers) | {"API_PORT": str(port)}
    env |= {"API_HOST": "127.0.0.1", "HOME": "/nowhere", "TMPDIR": "/nowhere"}
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *command]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            shell, cwd=project, env=env, stdout=log, stderr=log, text=True, start_new_session=True
        )
    service = Service(process, f"http://127.0.0.1:{port}", tmp_path / "log")
    try:
        wait_for(lambda: process.poll() is not None or is_ready(service))
        assert process.poll() is None, service.log.read_text()
        for _ in range(20):
            assert post(service, "/predict", {"input": "good"}).status == 200
            assert get(service, "/metrics").status == 200
    finally:
        stop(process)


@contextmanager
def open_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def is_ready(service):
    try:
        return get(service, "/ready").status == 200
    except OSError:
        return False
