"""MLServer: a runtime that awaits the client of the upstream."""

from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from runtime import Bench


class Upstream(Bench):
    """A runtime that decodes one tensor, awaits, and encodes one tensor."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Predict for a request."""
        [tensor] = payload.inputs
        [text] = StringCodec.decode_input(tensor)
        output = StringCodec.encode_output("prediction", [await self.predictor.predict(text)])
        return InferenceResponse(model_name=self.name, outputs=[output])
