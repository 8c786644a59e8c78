"""The class that models of MLflow extend."""

from typing import Any, ClassVar, get_type_hints

from ...core.errors import ConfigError
from ..sklearn_backend import SklearnModel, load_estimator
from .code import load_pyfunc, prepare_code
from .logged_model import LoggedModel, read_logged_model
from .requirements import check_requirements
from .signature import check_signature
from .tables import as_list, as_table


class MlflowModel(SklearnModel):
    """A model whose artifact is a folder of MLflow, such as `models:/price@champion`.

    A model of scikit-learn is loaded as such, one of any other flavour by `mlflow.pyfunc`.
    """

    logged_input: ClassVar[Any] = None
    """Type of a row that the logged model takes, if `predict` takes another one."""
    logged_output: ClassVar[Any] = None
    """Type of what the logged model returns for a row, if `predict` returns another one."""

    protocol_platform: ClassVar[str] = "mlflow_model"
    artifact_suffixes: ClassVar[tuple[str, ...]] = ()

    estimator: Any
    """The loaded estimator; of other flavours, a model of `pyfunc`, which has `predict` only."""
    logged: LoggedModel
    """Facts that MLflow has logged about the model."""

    def load(self) -> None:
        """Load the model.

        Raises:
            ConfigError: There is no folder of MLflow, its types are not those of this class, its
                framework has another version, or it would run code without consent.
        """
        if self.artifact is None:
            raise ConfigError(f"{type(self).__qualname__} has no artifact: set model.artifact.uri")
        self.logged, name = read_logged_model(self.artifact), type(self).__qualname__
        hints = [*get_type_hints(type(self).predict, include_extras=True).values()]
        taken, given = self.logged_input or hints[0], self.logged_output or hints[-1]
        check_signature(self.logged, taken, given, name)
        check_requirements(self.logged)
        prepare_code(self.logged)
        if file := self.logged.flavors.get("sklearn", {}).get("pickled_model"):
            path = self.logged.path_of(file)
            self.estimator = load_estimator(path, self.trusted_types, self.max_bytes, name)
        else:
            self.estimator = load_pyfunc(self.logged)
        self.bound_threads()

    def features(self, inputs: list[Any]) -> Any:
        """Return what the model takes: a data frame if its columns have names, else a list."""
        return as_table(inputs, self.logged.inputs or [])

    def values(self, inputs: list[Any]) -> list[Any]:
        """Return what the model predicts for each input, such as a number or a label."""
        self.bound_threads()
        return as_list(self.estimator.predict(self.features(inputs)))
