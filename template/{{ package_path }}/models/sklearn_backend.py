"""Models of scikit-learn: load the artifact, predict for several inputs in one call."""

import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

from ..core.artifacts.files import is_pickle
from ..core.errors import ConfigError
from .backend import ArtifactModel
from .results import Classification

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_bounds = threading.local()


class SklearnModel(ArtifactModel):
    """A model whose artifact is an estimator or a pipeline, such as `artifacts/price.skops`."""

    trusted_types: ClassVar[Sequence[str]] = ()
    """Full names of types in the artifact that skops does not trust by itself, such as those of
    trees and forests. A type that is in neither list ends the start, with its name."""
    max_bytes: ClassVar[int] = 4_000_000_000
    """Most bytes of a skops file after decompression."""

    protocol_platform: ClassVar[str] = "sklearn_model"
    artifact_suffixes: ClassVar[tuple[str, ...]] = (".skops", ".joblib", ".pickle", ".pkl")
    """Ends of names of files that `model.artifact` may name; pickles need `allow_pickle`."""

    estimator: Any
    """The loaded estimator or pipeline."""

    def load(self) -> None:
        """Load the estimator.

        Raises:
            ConfigError: There is no artifact, it cannot be read, another version of scikit-learn
                made it, or it has types that are not trusted.
        """
        name = type(self).__qualname__
        artifact = self.find_artifact()
        if artifact.is_dir():
            raise ConfigError(f"{name}: model.artifact.uri must be a file, not {artifact}")
        self.estimator = load_estimator(artifact, self.trusted_types, self.max_bytes, name)
        self.bound_threads()

    def bound_threads(self) -> None:
        """Bound the threads of OpenMP and BLAS for calls from this thread."""
        threads = self.options.threads
        if not threads and not any(map(os.environ.get, VARIABLES)):
            threads = self.cpus.call
        if threads and getattr(_bounds, "threads", 0) != threads:
            from threadpoolctl import threadpool_limits

            # Never undone: OpenMP has a bound for each thread, BLAS one for the process.
            threadpool_limits(threads)
            _bounds.threads = threads

    def features(self, inputs: list[Any]) -> Any:
        """Return what the estimator takes, such as a matrix or a data frame; here the inputs."""
        return inputs

    def classify(self, inputs: list[Any]) -> list[Classification]:
        """Return the label of each input, with the probabilities of all labels."""
        self.bound_threads()
        labels = [str(label) for label in self.estimator.classes_.tolist()]
        rows = self.estimator.predict_proba(self.features(inputs)).tolist()
        return [Classification.of(labels, row) for row in rows]

    def values(self, inputs: list[Any]) -> list[Any]:
        """Return what the estimator predicts for each input, such as a number or a label."""
        self.bound_threads()
        predicted: list[Any] = self.estimator.predict(self.features(inputs)).tolist()
        return predicted

    def predict_batch(self, inputs: list[Any]) -> list[Any]:
        """Predict in one call: classify if the estimator has probabilities, else its values."""
        has_probabilities = hasattr(self.estimator, "predict_proba")
        return self.classify(inputs) if has_probabilities else self.values(inputs)


def load_estimator(path: Path, trusted_types: Sequence[str], max_bytes: int, name: str) -> Any:
    """Load a file of skops, or of joblib if it has the name of a pickle.

    Args:
        path: The file; where it is of joblib, its source must be trusted.
        trusted_types: Types that are accepted in addition to those that skops trusts.
        max_bytes: Most bytes after decompression; for joblib the file's own size is the bound.
        name: Class that declares `trusted_types`, for the message.

    Raises:
        ConfigError: The file cannot be read, is of another version or is not trusted.
    """
    from sklearn.exceptions import InconsistentVersionWarning  # takes seconds, as skops does

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            if is_pickle(path):  # as for the consent to run its code
                return _read_joblib(path)
            return _read_skops(path, trusted_types, max_bytes, name)
    except InconsistentVersionWarning as exc:
        made, here = exc.original_sklearn_version, exc.current_sklearn_version
        raise ConfigError(
            f"{path} was made with scikit-learn {made}, but {here} is installed: make it again, or "
            f"install scikit-learn=={made}"
        ) from exc
    except ConfigError:
        raise
    except Exception as exc:
        reason = f"{type(exc).__name__}: {exc}".partition("\n")[0]
        raise ConfigError(f"{path} cannot be loaded: {reason}") from exc


def _read_skops(path: Path, trusted_types: Sequence[str], max_bytes: int, name: str) -> Any:
    import skops.io

    with ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > max_bytes:
        raise ConfigError(
            f"{path} has {size} bytes after decompression, more than max_bytes of {name}"
        )
    if unknown := sorted({*skops.io.get_untrusted_types(file=path)} - {*trusted_types}):
        raise ConfigError(
            f"{path} has types that are not trusted: {', '.join(unknown)}. If you made this file, "
            f"name them in trusted_types of {name}"
        )
    return skops.io.load(path, trusted=list(trusted_types))


def _read_joblib(path: Path) -> Any:
    import joblib

    return joblib.load(path)
