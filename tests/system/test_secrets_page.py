"""The page about secrets and remote configuration: its commands, with age and a real etcd."""

import os
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest
import yaml

from tests.support.pages import blocks
from tests.support.service_pages import ServicePage
from tools.service import running, stop


@pytest.fixture(scope="module")
def page(render, commands):
    page = ServicePage("secrets", render, commands)
    subprocess.run(["git", "init", "--quiet"], cwd=page.project, check=True)
    return page


def test_commands_of_the_page_print_what_it_shows(page):
    page.run_scripts()
    ignored = subprocess.run(["git", "check-ignore", "age.key"], cwd=page.project, check=False)
    assert ignored.returncode == 0
    assert not (page.project / "secrets.env").exists()


def test_folders_of_the_examples_are_where_the_secrets_are(page):
    compose, deployment = map(yaml.safe_load, blocks(page.text, "yaml"))
    service = compose["services"]["ml-service"]
    assert service["environment"]["SECRETS_DIR"] == "/run/secrets"
    assert service["secrets"] == [*compose["secrets"]]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (variable,), (mount,) = container["env"], container["volumeMounts"]
    assert variable == {"name": "SECRETS_DIR", "value": mount["mountPath"]}
    (volume,) = deployment["spec"]["template"]["spec"]["volumes"]
    assert volume["name"] == mount["name"]


def test_service_starts_with_the_configuration_of_a_store(page, tmp_path):
    (put_get_start,) = [block for block in blocks(page.text, "bash") if "etcdctl" in block]
    *store, start = put_get_start.replace("/run/ml-service", str(tmp_path)).splitlines()
    config = page.project / "configs/config.yaml"
    config.write_text(config.read_text("utf-8") + "log_format: json\n", "utf-8")
    with etcd(tmp_path / "etcd") as endpoint:
        env = page.environment | {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": endpoint}
        for command in store:
            subprocess.run(["bash", "-c", command], cwd=page.project, env=env, check=True)
    config.write_text("", "utf-8")
    variable, _, command = start.partition(" uv run ")
    assert command == "start-server"
    env = page.environment | dict([variable.split("=")])
    python = [str(page.commands / "python"), "src/main.py"]
    with running(python, cwd=page.project, env=env, log=tmp_path / "log") as service:
        assert service.log.read_text("utf-8").startswith("{")


@contextmanager
def etcd(folder):
    """Run a store of one member, and return its address."""
    with socket.socket() as client, socket.socket() as peer:
        client.bind(("127.0.0.1", 0))
        peer.bind(("127.0.0.1", 0))
        url, other = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (client, peer))
    command = [
        *("etcd", "--data-dir", str(folder), "--listen-client-urls", url),
        *("--advertise-client-urls", url, "--listen-peer-urls", other),
        *("--initial-advertise-peer-urls", other, "--initial-cluster", f"default={other}"),
    ]
    env = {"PATH": os.environ["PATH"], "ETCDCTL_API": "3"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=env, text=True, start_new_session=True, **quiet)
    try:
        deadline = time.monotonic() + 60
        while subprocess.run(
            ["etcdctl", f"--endpoints={url}", "endpoint", "health"], env=env, check=False, **quiet
        ).returncode:
            assert process.poll() is None
            assert time.monotonic() < deadline
        yield url
    finally:
        stop(process)
