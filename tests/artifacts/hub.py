"""A copy of the Hugging Face Hub with one repository: what its client needs, and no more."""

import hashlib
import json
import re
import urllib.parse

from tests.artifacts.server import Server, respond

REVISION = "0123456789" * 4


class Hub(Server):
    """Serves the files of `acme/fraud` at one revision, which is also `main`."""

    def __init__(self):
        super().__init__()
        self.files = {}
        self.status = None  # of every response, in place of the right one
        self.requests = []

    def handle(self, request):
        """Respond as the hub does."""
        path = urllib.parse.unquote(request.path.partition("?")[0])
        self.requests.append(path)
        info = re.fullmatch(r"/api/models/acme/fraud/revision/(\w+)", path)
        tree = re.fullmatch(r"/api/models/acme/fraud/tree/(\w+)", path)
        file = re.fullmatch(r"/acme/fraud/resolve/(\w+)/(.+)", path)
        found = info or tree or file
        if self.status:
            respond(request, self.status)
        elif not found:
            respond(request, 401, b"{}", X_Error_Code="RepoNotFound", X_Error_Message="not found")
        elif found[1] not in {REVISION, "main"}:
            respond(request, 404, b"{}", X_Error_Code="RevisionNotFound", X_Error_Message="none")
        elif info:
            known = {"id": "acme/fraud", "sha": REVISION, "private": False, "tags": []}
            content = json.dumps({**known, "downloads": 0, "likes": 0}).encode()
            respond(request, 200, content, Content_Type="application/json")
        elif tree:
            entries = [
                {"type": "file", "path": name, "size": len(content), "oid": _digest(content)}
                for name, content in self.files.items()
            ]
            respond(request, 200, json.dumps(entries).encode(), Content_Type="application/json")
        elif file[2] not in self.files:
            respond(request, 404, b"{}", X_Error_Code="EntryNotFound")
        else:
            content = self.files[file[2]]
            headers = {"ETag": f'"{_digest(content)}"', "X_Repo_Commit": REVISION}
            respond(request, 200, content, **headers)


def _digest(content):
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
