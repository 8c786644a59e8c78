"""The service of a model: it lets one of its versions predict for each request."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from ...config.settings import Settings
from ..inference_service import InferenceService
from .leases import Lease, lease_of_request
from .traffic import Split
from .version import Apply, Version

logger = logging.getLogger(__name__)


class ServedModel(InferenceService):
    """A model in several versions, of which some respond, each to its share of the requests.

    All versions take and return the same types. `pick` chooses the version of a request; each has
    an inference service of its own, with its model, threads and cache.
    """

    def __init__(
        self, versions: Mapping[str, Version], weights: Mapping[str, float], settings: Settings
    ) -> None:
        """Serve versions; a version without a weight predicts only where it is named."""
        main = versions[max(weights, key=lambda version: weights[version])]
        super().__init__(main.service.runner.model, settings)
        self.of_version = {**versions}
        self.sticky_header: bytes | None = None
        self.shadows: Mapping[str, float] = {}
        """Parts of the requests for which versions also predict, unseen by clients."""
        self.shadowing: object = None
        """Predicts with the shadows, once there are some."""
        self._pinned: dict[str, ServedModel] = {}
        self._apply: list[Apply] = []
        for version in versions.values():
            version.on_change.append(self.refresh)
        self.split(weights)

    def split(self, weights: Mapping[str, float]) -> None:
        """Set the weights of the versions that respond."""
        self._split = Split(weights, self.name)
        self.shares = self._split.shares
        self.refresh()

    @property
    def versions(self) -> Mapping[str, InferenceService]:
        """Services that predict with one version, by version; one without pins is one itself."""
        return {n: self._pinned[n] for n in self.of_version if self._pinned} or {self.listed: self}

    def pin(self, name: str) -> None:
        """Create the service that predicts with one version; its routes may be there already."""
        version = self.of_version[name]
        if pinned := self._pinned.get(name):
            pinned.of_version[name] = version
            version.on_change.append(pinned.refresh)
            return
        self._pinned[name] = pinned = ServedModel({name: version}, {name: 1}, version.settings)
        pinned.checks = self.checks  # such as that the process does not end

    def add(self, name: str, version: Version) -> None:
        """Add a version, which has no share yet."""
        for apply in self._apply:
            version.each(apply)
        version.on_change.append(self.refresh)
        self.of_version[name] = version
        self.pin(name)

    def remove(self, name: str) -> Version:
        """Remove a version that has no share, and return it."""
        return self.of_version.pop(name)

    def each_version(self, apply: Apply) -> None:
        """Call a function with this service, and with each that predicts, now or later."""
        self._apply.append(apply)
        apply(self)
        for version in self.of_version.values():
            version.each(apply)

    def pick(self) -> InferenceService:
        """Return the service of a version: for one request, always the same.

        Raises:
            UnknownModelError: The version is unloaded.
            ModelNotReadyError: It is not loaded yet.
        """
        lease = lease_of_request()
        if lease is None:
            return self._alone or self._choose(None)
        chosen = lease.chosen.get(self)
        return chosen or lease.use(self, self._alone or self._choose(lease))

    def _choose(self, lease: Lease | None) -> InferenceService:
        key = lease.headers.get(self.sticky_header) if lease and self.sticky_header else None
        return self.of_version[self._split.choose(key)].open()

    @property
    def ready(self) -> bool:
        """Whether every version that has a share can predict."""
        responding = [self.of_version[version] for version in self.shares]
        return all(check() for check in self.checks) and all(each.ready for each in responding)

    async def start(self) -> None:
        """Load the versions in turn, those that respond first.

        Raises:
            Exception: One of those that respond cannot be loaded.
        """
        for name, version in sorted(self.of_version.items(), key=self._rank):
            try:
                await version.load(logs=False)
            except Exception as exc:
                if name in self.shares:
                    raise
                logger.exception("Cannot load %s %s: %s", self.name, name, exc)  # noqa: TRY401
        self.loaded = True
        self.refresh()

    def _rank(self, item: tuple[str, Version]) -> bool:
        return item[0] not in self.shares

    def stop(self) -> Awaitable[Any] | None:
        """Accept no more predictions, and unload all versions."""
        self.loaded = False
        unloading = [each for version in self.of_version.values() for each in version.stop()]
        return asyncio.gather(*unloading) if unloading else None

    async def predict(self, input_data: Any) -> Any:
        """Predict for one input with the version that `pick` chooses."""
        return await self.pick().predict(input_data)

    async def predict_many(self, inputs: Sequence[Any]) -> list[Any]:
        """Predict for several inputs with the version that `pick` chooses."""
        return await self.pick().predict_many(inputs)

    def refresh(self) -> None:
        """Follow the version with the greatest share, and the state."""
        main = self.of_version[max(self.shares, key=lambda version: self.shares[version])]
        self.runner, self.card = main.service.runner, main.service.card
        self.set_version(main.service.version)
        self.listed = main.service.listed
        for name, version in self.of_version.items() if self._pinned else ():
            version.service.observer.on_share(self.shares.get(name, 0) if version.is_open else 0)
        # Most models have one version that responds, so that there is nothing to choose.
        self._alone = main.service if len(self.shares) == 1 and main.is_open else None
        absences = {version.absence for version in self.of_version.values()}
        self.absence = absences.pop() if len(absences) == 1 else main.absence
