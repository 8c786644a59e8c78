"""The file of the Docker page that keeps the lines of probes out of the log, and no others."""

import re
import shutil

from tools.managers import ROOT
from tools.service import running


def test_documented_file_drops_the_lines_of_probes_and_no_others(render, commands, tool, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(render(), project)
    page = (ROOT / "docs/how-to/deploy-with-docker.md").read_text("utf-8")
    (file,) = re.findall(r'^```python\n("""Log no probes.*?)^```', page, re.MULTILINE | re.DOTALL)
    (project / "src/api/quiet_probes.py").write_text(file)
    tool(project, "ruff", "check", "--no-cache", ".")
    command = [str(commands / "python"), "src/main.py"]
    with running(command, cwd=project, env={"PATH": "/usr/bin"}, log=tmp_path / "log") as service:
        assert service.request("/health")[0] == 200
        service.request("/predict?input=good", method="POST")
    log = (tmp_path / "log").read_text("utf-8")
    assert "Health check requested" not in log
    assert "Prediction result: positive" in log
