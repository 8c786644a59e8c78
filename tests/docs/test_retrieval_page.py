"""The page about a search: trained, built, asked, measured."""

import pytest

from tests.support.service_pages import ServicePage, measure

SIZES = """
import time
import numpy as np
from src.services.search_service import Document, Index
random = np.random.default_rng(0)
for size in (10_000, 100_000):
    index = Index()
    vectors = random.normal(size=(size, 64)).astype(np.float32)
    index.add([Document.model_construct(id=str(n), text="x") for n in range(size)], vectors)
    times = []
    for row in range(50):
        began = time.perf_counter()
        (best, _), *_ = index.nearest(vectors[row], 20)
        times.append((time.perf_counter() - began) * 1000)
        similar = vectors @ vectors[row]
        assert best.id == str(similar.argmax())
    print(f"nearest of {size}: {sorted(times)[25]:.2f} ms")
"""


@pytest.fixture(scope="module")
def page(render, backend_commands):
    page = ServicePage("retrieval-service", render, backend_commands)
    page.run_scripts()
    page.configure(*page.configs)
    return page


def test_requests_of_the_page_get_its_responses(page, tmp_path):
    with page.serve(tmp_path / "log") as service:
        page.check(service.url)
        paths = [f"/search?query=return+jacket+number+{number}" for number in range(200)]
        measure("search", service, [("GET", path) for path in paths])


def test_nearest_of_many_documents_are_found(page):
    print(page.run(f"python -c '{SIZES}'"))
