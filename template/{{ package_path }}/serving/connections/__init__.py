"""Connections of Uvicorn: deadlines, one response to one request, room for new ones."""
