"""Use a service with the official client; print what it returns as JSON."""

import json
import sys

from openai import NotFoundError, OpenAI

url, chat_model, *embedder = sys.argv[1:]
client = OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
messages = [{"role": "user", "content": "Hello you"}]
ask = {"model": chat_model, "messages": messages, "max_tokens": 5, "temperature": 0}
whole = client.chat.completions.create(**ask)
events = [
    *client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True})
]
told = {
    "models": [model.id for model in client.models.list()],
    "text": whole.choices[0].message.content,
    "reason": whole.choices[0].finish_reason,
    "usage": whole.usage.model_dump(exclude_unset=True),
    "streamed": "".join(each.choices[0].delta.content or "" for each in events if each.choices),
    "streamed_reason": [each.choices[0].finish_reason for each in events if each.choices][-1],
    "streamed_usage": events[-1].usage.model_dump(exclude_unset=True),
}
try:
    client.chat.completions.create(**{**ask, "model": "gpt"})
except NotFoundError as exc:
    told["unknown"] = [exc.code, exc.type]
for name in embedder:
    texts = ["a", "bb"]
    told["float"], told["base64"], told["one"] = (
        [item.embedding for item in client.embeddings.create(model=name, input=given, **how).data]
        for given, how in ((texts, {"encoding_format": "float"}), (texts, {}), ("ccc", {}))
    )
print(json.dumps(told))
