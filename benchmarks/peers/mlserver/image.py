"""MLServer: a runtime that takes a picture as base64 in a tensor of BYTES."""

from mlserver.codecs import Base64Codec, NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from numpy import asarray
from runtime import Bench


class Image(Bench):
    """A runtime that decodes one tensor, predicts, and encodes one tensor."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Predict for a request."""
        [tensor] = payload.inputs
        answers = [self.predictor.predict(content) for content in Base64Codec.decode_input(tensor)]
        output = NumpyCodec.encode_output("prediction", asarray(answers))
        return InferenceResponse(model_name=self.name, outputs=[output])
