"""MLServer: a runtime of its V2 protocol; environment variables switch its batching."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from numpy import asarray
from predictors import load


class Bench(MLModel):
    """A runtime that decodes one tensor, predicts, and encodes one tensor."""

    async def load(self) -> bool:
        """Load the model."""
        self.predictor = load()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Predict for a request, or for those that MLServer has batched."""
        [tensor] = payload.inputs
        if self.predictor.input_type is str:
            answers = self.predictor.predict_batch(StringCodec.decode_input(tensor))
        else:
            answers = self.predictor.predict_batch(NumpyCodec.decode_input(tensor))
        if self.predictor.output_type is str:
            output = StringCodec.encode_output("prediction", answers)
        else:
            output = NumpyCodec.encode_output("prediction", asarray(answers))
        return InferenceResponse(model_name=self.name, outputs=[output])
