"""The page about a search: trained, built, asked, measured."""

import http.client
import time

import pytest

from tests.support.service_pages import ServicePage

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
        connection, times = http.client.HTTPConnection(service.url.removeprefix("http://")), []
        for number in range(200):
            began = time.perf_counter()
            connection.request("GET", f"/search?query=return+jacket+number+{number}")
            response = connection.getresponse()
            assert (response.status, response.read().count(b'"id"')) == (200, 3)
            times.append((time.perf_counter() - began) * 1000)
        connection.close()
        print(f"\nsearch: p50 {sorted(times)[100]:.1f} ms, p99 {sorted(times)[198]:.1f} ms")


def test_nearest_of_many_documents_are_found(page):
    print(page.run(f"python -c '{SIZES}'"))
