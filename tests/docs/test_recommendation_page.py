"""The page about recommendations: trained, served, measured."""

import time

import pytest

from tests.support.service_pages import ServicePage, measure, post

BATCH = """
import runpy, time
from src.models.recommender_model import RecommenderModel, Visit
from pathlib import Path
model = RecommenderModel()
model.artifact = Path("artifacts/recommender.npz")
model.load()
visits = [Visit(user=f"u{n}") for n in range(2000)]
one = [model.predict(visit) for visit in visits[:50]]
began = time.perf_counter()
found = [each for n in range(0, 2000, 64) for each in model.predict_batch(visits[n : n + 64])]
print(f"{len(found) / (time.perf_counter() - began):.0f} users/s in calls of 64")
assert found[:50] == one
bought = {}
for line in Path("data/purchases.csv").read_text().splitlines()[1:]:
    user, item = line.split(",")
    bought.setdefault(user, set()).add(item)
assert not any({i.item for i in f.items} & bought[v.user] for v, f in zip(visits, found))
assert {f.source for f in found} == {"history"}
"""


@pytest.fixture(scope="module")
def page(render, backend_commands):
    page = ServicePage("recommendation-service", render, backend_commands)
    page.run_scripts()
    page.configure(*page.configs)
    return page


def test_requests_of_the_page_get_its_responses(page, tmp_path):
    began = time.monotonic()
    with page.serve(tmp_path / "log") as service:
        print(f"\nstart {time.monotonic() - began:.1f} s")
        page.check(service.url)
        users = [f"u{number}" for number in range(500)]
        measure("recommendation", service, (post({"input": {"user": user}}) for user in users))


def test_batch_equals_single_calls_and_has_nothing_that_a_user_has(page):
    print(page.run(f"python -c '{BATCH}'"))
