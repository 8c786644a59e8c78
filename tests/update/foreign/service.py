"""A small service without the template: other folders, other tools, another style.

Many of its files have names that the template renders as well.
"""

from pathlib import Path

MAIN = """
from contextlib import asynccontextmanager
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from app.scoring import score, UnknownLanguage
import app.words

@asynccontextmanager
async def lifespan(app):
    app.state.words = load()
    yield

def load():
    return set(app_words().GOOD)

def app_words():
    from app import words
    return words

app = FastAPI(title='Scorer', lifespan=lifespan)

@app.middleware('http')
async def name_us(request: Request, call_next):
    response = await call_next(request)
    response.headers['X-Scorer'] = '1'
    return response

@app.exception_handler(UnknownLanguage)
async def teapot(request, error):
    return JSONResponse({'error': str(error)}, status_code=418)

class Text(BaseModel):
    text: str
    language: str = 'en'

@app.get('/health')
def health():
    return 'fine'

router = APIRouter()

@router.post('/score')
def post_score(text: Text, request: Request):
    return {'score': score(text.text, text.language, request.app.state.words)}

app.include_router(router)
"""
SCORING = """
import re, functools
from jinja2.utils import pass_context

class UnknownLanguage(Exception): pass

@functools.lru_cache
def pattern(language):
    if language != 'en':
        raise UnknownLanguage(language)
    return re.compile(r'[a-z]+')

def score(text, language, words):
    found = pattern(language).findall(text.lower())
    return sum(word in words for word in found)
"""
TESTS = """
import app.scoring
from app.main import app

def test_score(client):
    assert client.post('/score', json={'text': 'A good, great day'}).json() == {'score': 2}

def test_unknown_language(client):
    answer = client.post('/score', json={'text': '', 'language': 'xx'})
    assert (answer.status_code, answer.json()) == (418, {'error': 'xx'})

def test_health(client):
    assert client.get('/health').json() == 'fine'
"""
FILES = {
    "app/__init__.py": "",
    "app/main.py": MAIN,
    "app/scoring.py": SCORING,
    "app/words.py": "GOOD = ('good', 'great')\n",
    "data/words.csv": "good\ngreat\n",
    "tests/__init__.py": "",
    "tests/conftest.py": """
import pytest
from fastapi.testclient import TestClient
from app.main import app

@pytest.fixture
def client():
    with TestClient(app) as client:
        yield client
""",
    "tests/test_app.py": TESTS,
    "pyproject.toml": "[tool.black]\nline-length = 120\n",
    "pytest.ini": "[pytest]\naddopts = -q\n",
    "requirements.txt": "fastapi>=0.110\nuvicorn>=0.30\njinja2>=3.1\n",
    "README.md": "# Scorer\n\nScores texts. Ask Ada.\n",
    "CHANGELOG.md": "# Changes\n\n## 7.1\n\n- Faster.\n",
    "Makefile": "deploy:\n\t./deploy.sh production\n",
    "Dockerfile": """
FROM python:3.11
RUN apt-get update && apt-get install -y libgomp1
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app app
COPY data data
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
""",
    ".dockerignore": "*.pkl\n",
    ".gitignore": "*.pkl\nsecrets.json\n",
    ".github/workflows/ci.yml": """
name: Test
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt pytest httpx
      - run: pytest
      - run: ./deploy.sh --dry-run
""",
    ".github/workflows/nightly.yml": "name: Nightly\non: workflow_dispatch\njobs: {}\n",
    "deploy.sh": "#!/bin/sh\necho deploying\n",
}


def write(folder: Path) -> None:
    """Write the service, and a file that its developers hide from Git."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.removeprefix("\n"), "utf-8")
    (folder / "secrets.json").write_text("{}", "utf-8")
