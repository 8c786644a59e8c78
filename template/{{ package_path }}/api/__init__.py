"""HTTP only: routes, schemas, error rendering.

A new module directly in this folder needs no registration: its `router` (a FastAPI `APIRouter`)
is included, its `install(app, settings)` is called and its `lifespan(app)` entered, if it has one.
"""
