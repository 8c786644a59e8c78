"""The API of OpenAI at `/v1`, for models that take chats and for models that embed texts.

- served_models: `/v1/models`; finds the service of a model
- chat_completions: `/v1/chat/completions`, whole and in chunks
- embeddings: `/v1/embeddings`
- error_form: errors in its form
- schemas: requests and responses
"""
