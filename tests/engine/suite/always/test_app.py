"""The app as a whole: its pages, proxies, other origins."""

from fastapi.testclient import TestClient


def test_pages_load_nothing_from_elsewhere(client_of):
    client = client_of()
    assert "default-src 'self'" in client.get("/redoc").headers["content-security-policy"]
    assert "content-security-policy" not in client.get("/health").headers


def test_path_of_a_proxy_is_respected(client_of):
    client = TestClient(client_of().app, root_path="/models/echo")
    assert '"/models/echo/openapi.json"' in client.get("/docs").text.replace("'", '"')
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/models/echo"}]


def test_other_origins_are_refused_unless_listed(client_of):
    origin = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    assert (
        "access-control-allow-origin" not in client_of().options("/predict", headers=origin).headers
    )
    client = client_of(cors_origins=["https://shop.example"])
    answer = client.options("/predict", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.status_code == 200
