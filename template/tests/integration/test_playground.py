"""The page at `/` on which people try the model."""


def test_page_is_served_and_loads_nothing_from_elsewhere(client_of):
    response = client_of().get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in response.headers["content-security-policy"]


def test_page_can_be_turned_off(client_of):
    assert client_of(playground={"enabled": False}).get("/").status_code == 404
