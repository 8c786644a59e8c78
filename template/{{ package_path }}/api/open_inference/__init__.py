"""The Open Inference Protocol (v2): <https://github.com/kserve/open-inference-protocol>.

- `metadata`: what is served, and whether it is ready
- `infer`: tensors in, tensors out. `request` reads them by `plan`, `response` writes them
- `generate`: text in, text out, whole or streamed
- `schemas`: bodies for OpenAPI; `parameters`: what may be requested of a tensor
- `raw_route`: a route that reads the body itself; `compression` of both bodies
- `failures`: errors in the form of the protocol
"""
