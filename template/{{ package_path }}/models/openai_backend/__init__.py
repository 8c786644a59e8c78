"""Models of an upstream that has the API of OpenAI, such as vLLM, Ollama or TGI."""

from .base import OpenAIBase
from .models import OpenAIEmbedder, OpenAIModel

__all__ = ["OpenAIBase", "OpenAIEmbedder", "OpenAIModel"]
