"""Rating several batches at once: while one is planned and turned into charges, the lake measures another."""

import queue
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridhall.contexts.billing import sources
from gridhall.contexts.billing.rating import Document, History, Outcome, Sources, rate_batch
from gridhall.contexts.billing.rules.parking import BillingRules
from gridhall.kernel.spans import DateSpan

_Found = TypeVar("_Found")

#: Batches rated at once. Two keep all cores busy: planning a query and computing charges use one core each.
AT_ONCE: Final = 2


class Raters:
    """Threads that rate, each with a session of its own; none of them touches the database.

    Args:
        version: the readings version.
        calendar: as a run keeps it.
    """

    def __init__(self, version: int, calendar: Mapping[str, Any]) -> None:
        self._version, self._calendar = version, calendar
        self._opened = ExitStack()
        self._free: queue.SimpleQueue[Sources] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        for _ in range(AT_ONCE):
            session = self._opened.enter_context(sources.lake_session())
            self.sources = sources.as_of(session, self._version, self._calendar)
            self._free.put(self.sources)
        self._pool = self._opened.enter_context(ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rating"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._opened.close()

    def submit(
        self,
        document: Document,
        agreements: pa.Table,
        span: DateSpan,
        rules: BillingRules,
        history: History | None = None,
        released: npt.NDArray[np.bool_] | None = None,
    ) -> "Future[Outcome]":
        """Have a batch rated; see `rating.rate_batch`."""
        return self.call(lambda mine: rate_batch(document, agreements, span, mine, rules, history, released))

    def call(self, work: Callable[[Sources], _Found]) -> "Future[_Found]":
        """Have work done that reads the lake and no database, with a session of its own."""

        def do() -> _Found:
            mine = self._free.get()
            try:
                return work(mine)
            finally:
                self._free.put(mine)

        return self._pool.submit(do)
