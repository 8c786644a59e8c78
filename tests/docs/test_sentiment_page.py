"""The page about two versions of a text classifier: trained, compared, rolled back."""

import os
import re
import signal
import time
from itertools import islice

import pytest

from tests.support.pages import blocks
from tests.support.service_pages import ServicePage, measure, post

RANDOM = "metrics"  # which requests a shadow gets is chance


@pytest.fixture(scope="module")
def page(render, backend_commands):
    page = ServicePage("sentiment-service", render, backend_commands)
    page.run_scripts()
    compare, _ = page.configs
    page.configure(compare)
    return page


def test_two_versions_are_compared_and_rolled_back(page, tmp_path):
    with page.serve(tmp_path / "log") as service:
        page.check(service.url, RANDOM)
        with (page.project / "data/reviews.csv").open(encoding="utf-8") as file:
            texts = [line.partition(",")[0] for line in islice(file, 1, 501)]
        measure("sentiment", service, (post({"input": text}) for text in texts))
        names_are_in_the_metrics(page, service.url)
        assert "Shadow differs: positive request_id=" in service.log.read_text("utf-8")

        compare, back = page.configs
        compare["models"]["sentiment"] |= back["models"]["sentiment"]
        page.configure(compare)
        os.kill(service.process.pid, signal.SIGHUP)
        command, _ = next(s for s in page.sessions if "maya" in s[0] and "dump-header" in s[0])
        deadline = time.monotonic() + 30
        while page.run(command, url=service.url).count("1.0.0") < 3:
            assert time.monotonic() < deadline


def names_are_in_the_metrics(page, url):
    """Check that the series of the page exist, and those of its queries."""
    command, expected = next(s for s in page.sessions if RANDOM in s[0])
    printed = page.run(command, url=url)
    print(printed)
    assert series(printed) == series(expected)
    everything = page.run(f"curl --silent http://127.0.0.1:8000/{RANDOM}", url=url)
    for query in blocks(page.text, "promql"):
        for name in re.findall(r"rate\((\w+)", query):
            assert f"\n{name}{{" in everything, name
    counts = {name: float(value) for name, value in map(str.split, printed.splitlines())}
    assert sum(value for name, value in counts.items() if name.startswith("shadow")) > 100


def series(text):
    return sorted(line.split()[0] for line in text.splitlines())
