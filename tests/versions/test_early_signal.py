"""A signal to a service that only starts."""

import os
import signal

from tests.faults.client import post
from tests.faults.process import log_lines, wait_for

CONFIG = 'model: {implementation: "slow_import_model:SlowImport", options: {text: "TEXT"}}'


def test_settings_that_change_while_the_model_is_imported_are_served(serve, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.replace("TEXT", "before"), "utf-8")
    with serve(file, ready="/health") as service:
        assert not log_lines(service, "Loading model")
        file.write_text(CONFIG.replace("TEXT", "after"), "utf-8")
        os.kill(service.process.pid, signal.SIGHUP)
        wait_for(lambda: log_lines(service, "Reloaded the settings"))
        assert post(service, "/predict", {"input": "x"}).json() == {"prediction": "after"}
