"""Tokens of prompts and chats."""

from typing import Any

from ...core.errors import InvalidInputError
from ..chat import Chat


def encode_prompt(tokenizer: Any, prompt: str | Chat, max_tokens: int) -> dict[str, Any]:
    """Return the tokens of a text as it is, or of a chat by the template of the tokenizer.

    Raises:
        InvalidInputError: There is no token, no room for another one, or the template rejects it.
    """
    if isinstance(prompt, str):
        tokens = tokenizer(prompt, return_tensors="pt")
    else:
        tokens = _apply_template(tokenizer, prompt)
    count = tokens["input_ids"].shape[1]
    if not 0 < count < max_tokens:
        raise InvalidInputError(
            f"The prompt has {count} tokens; it must have 1 to {max_tokens - 1}"
        )
    return {name: tokens[name] for name in ("input_ids", "attention_mask")}


def _apply_template(tokenizer: Any, chat: Chat) -> Any:
    from jinja2 import TemplateError

    try:
        return tokenizer.apply_chat_template(
            [message.model_dump() for message in chat.messages],
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
        )
    except TemplateError as exc:  # such as for two messages of the user in a row
        raise InvalidInputError(f"The chat cannot be used: {exc}") from exc
