"""The page about digits in pictures: a network that is trained, served, measured."""

import json
from urllib.request import Request, urlopen

import pytest

from tests.support.service_pages import ServicePage, measure

# As a camera makes it: 12 megapixels, mostly paper.
DRAW_PHOTO = """
from PIL import Image
meter = Image.open("data/meter.png")
photo = Image.effect_noise((4000, 3000), 8).point(lambda value: value + 80)
photo.paste(meter.resize((2480, 480)), (700, 1200))
photo.save("data/photo.jpg", quality=85)
"""


@pytest.fixture(scope="module")
def page(render, backend_commands):
    page = ServicePage("vision-service", render, backend_commands)
    page.run_scripts()
    page.configure(*page.configs)
    return page


def test_requests_of_the_page_get_its_responses(page, tmp_path):
    page.run(f"python -c '{DRAW_PHOTO}'")
    with page.serve(tmp_path / "log", MODEL__CACHE_SIZE="0") as service:
        page.check(service.url)
        small = (page.project / "data/meter.png").read_bytes()
        large = (page.project / "data/photo.jpg").read_bytes()
        print(f"\nsmall {len(small) / 1e3:.0f} kB, large {len(large) / 1e6:.1f} MB")
        header = {"Content-Type": "image/png"}
        measure("small picture", service, [("POST", "/predict", small, header)] * 200)
        header = {"Content-Type": "image/jpeg"}
        measure("12 megapixels", service, [("POST", "/predict", large, header)] * 20)
        with urlopen(Request(f"{service.url}/predict", large, header), timeout=60) as response:
            assert json.load(response)["prediction"]["text"] == "282667"
