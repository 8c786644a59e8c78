"""The model: yours to change or replace. Template updates do not touch this file."""

from typing import ClassVar

from .chat import Chat, Message
from .openai_backend import OpenAIBase

LABELS = ("positive", "negative")
PROMPT = Message(
    role="system",
    content="Is the mood of the text positive or negative? Answer with that one word only.",
)


class ExampleModel(OpenAIBase):
    """Ask an upstream whether the mood of a text is `positive` or `negative`."""

    model_name: ClassVar[str] = "example_name"
    version: ClassVar[str] = "1.0.0"
    example: ClassVar[str] = "This is good"

    async def predict(self, input_data: str) -> str:
        """Classify one text; `unclear` if the upstream does not answer with a label."""
        messages = [PROMPT, Message(role="user", content=input_data)]
        result = await self.complete(Chat(messages=messages, temperature=0, max_tokens=10))
        found = [label for label in LABELS if label in result.text.lower()]
        return found[0] if len(found) == 1 else "unclear"
