"""Routes on the fast path, as a user adds them."""

from pydantic import BaseModel

from src.api.json_body.json_route import JsonRoute


class Number(BaseModel):
    x: float


def add_fast(app, path, endpoint, **options):
    app.router.add_api_route(
        path, endpoint, methods=["POST"], route_class_override=JsonRoute, **options
    )
