"""New workers for changed settings: one after the other, so that no request is lost."""

import logging
import signal
from importlib.util import find_spec
from typing import Any

from uvicorn.supervisors import multiprocess

from ...config.settings import Settings
from ...core import config
from ...core.errors import ConfigError
from ...core.importing import import_own
from ..config_changes import log_changes, log_rejected

logger = logging.getLogger(__name__)

MODELS = f"{config.__package__}.model_configs"  # of a service that has several models


class RollingRestart(multiprocess.Multiprocess):
    """Replace all workers at SIGHUP, each once its successor serves."""

    def __init__(self, settings: Settings, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._settings = settings  # of the workers

    def handle_hup(self) -> None:
        """Check the settings that new workers would read; if they are wrong, the old ones stay."""
        logger.info("Reloading the settings")
        try:
            settings = read_settings()
        except ConfigError as exc:
            log_rejected(exc)
            return
        log_changes(self._settings, settings)
        if self._replace_all():
            self._settings = settings
            logger.info("Reloaded the settings: all child processes have been replaced")

    def _replace_all(self) -> bool:
        """Replace the workers, until one cannot start or another signal demands something else."""
        demands = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
        for index, old in enumerate(self.processes):
            if demands & {*self.signal_queue} or self.should_exit.is_set():
                logger.info("The restart ends early: another signal has come")
                return False  # the next worker might read other settings than those before it
            new = multiprocess.Process(self.config, self.sockets)
            new.start()
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                self._give_up(new, index)
                return False
            old.terminate()
            old.join()
            self.processes[index] = new
        return True

    def _give_up(self, new: multiprocess.Process, replaced: int) -> None:
        code = new.exitcode
        new.kill()
        new.join()
        if not self.should_exit.is_set():
            reason = "is not ready in time" if code is None else f"ended with exit code {code}"
            count = f"{replaced} of {len(self.processes)} child processes have been replaced"
            logger.error("New child process [%s] %s: %s", new.pid, reason, count)


def read_settings() -> Settings:
    """Return the settings that a worker would read.

    Raises:
        ConfigError: A value is wrong, also in the section `models`.
    """
    settings = config.load_config()
    if find_spec(MODELS):
        models: Any = import_own(MODELS)
        models.read_models(settings)
    return settings
