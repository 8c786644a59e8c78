"""Metrics of predictions at `/metrics`."""

from tests.conftest import TextModel


def test_predictions_and_the_model_are_in_the_metrics(client_of):
    client = client_of()
    client.post("/predict?input=hello")
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    lines = response.text.splitlines()
    labels = f'model="{TextModel.model_name}",version="{TextModel.version}"'
    assert any(line.startswith("inference_duration_seconds_count{") for line in lines)
    assert any(line.startswith("model_info{") and labels in line for line in lines)
