"""Run in a rendered project: load configurations, and print the outcome of each.

Reads a list of `{"yaml": …, "env": …, "variables": {…}}` from standard input, files as Latin-1, so
that they may be any bytes; null is a folder in the place of the file. Prints a list of
`{"settings": …}`, `{"error": …}` or `{"crash": …}`.
"""

import json
import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, "")
logging.disable()

from src.core.config import load_config  # noqa: E402
from src.core.errors import ConfigError  # noqa: E402


def outcome_of(case):
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name, key in (("configs/config.yaml", "yaml"), (".env", "env")):
            if key in case:
                (project / name).parent.mkdir(exist_ok=True)
                content = case[key]
                if content is None:
                    (project / name).mkdir()
                else:
                    (project / name).write_bytes(content.encode("latin-1"))
        os.environ |= case.get("variables", {})
        try:
            return {"settings": load_config(project).model_dump(mode="json")}
        except ConfigError as exc:
            return {"error": str(exc)}
        except BaseException:
            return {"crash": traceback.format_exc()}
        finally:
            for name in case.get("variables", {}):
                os.environ.pop(name, None)


print(json.dumps([outcome_of(case) for case in json.load(sys.stdin)]))
