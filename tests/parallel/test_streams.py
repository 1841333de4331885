"""Workers on streams of one GPU: on the strict stand-in, which checks who waited for what."""

import threading
from functools import partial

import numpy as np
import pytest

from dni_np import backend as dni_np_backend
from dni_np.backend import to_numpy, xp
from dni_np.errors import UserError
from dni_np.parallel import streams
from dni_np.parallel.mailbox import Mailbox, Message
from dni_np.parallel.pipeline import Pipeline
from dni_np.parallel.streams import StreamMailbox
from tests.conftest import has_gpu
from tests.parallel.networks import RULES, build
from tests.parallel.test_pipeline import assert_one_worker, train
from tests.strict_array import strict


@pytest.fixture(params=["strict", *(["cupy"] if has_gpu() else [])])
def gpu(request, backend_put_back):
    with dni_np_backend.using(strict if request.param == "strict" else request.param):
        yield dni_np_backend.current().cuda


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("split", [(2, 3), (1, 3, 1)])
@pytest.mark.parametrize("rule", RULES)
def test_they_are_one_worker_bit_for_bit(gpu, rule, split, above):
    assert_one_worker(rule, "streams", split, above)


def test_they_work_on_the_device_of_the_caller(gpu):
    if dni_np_backend.current().__name__ != "strict":
        pytest.skip("a machine has one GPU, mostly")
    with gpu.Device(1):
        assert_one_worker("cdni", "streams", (2, 3))


def test_a_worker_ends_when_its_stream_has_done_all(gpu, monkeypatch):
    """A later stream may have the same name, and would be given memory that is still written to."""
    streams_made, Stream = [], gpu.Stream

    class Watched(Stream):
        def __init__(self, **options):
            super().__init__(**options)
            streams_made.append(self)
            self.waits = []

        def synchronize(self):
            super().synchronize()
            self.waits.append(threading.current_thread().name)

    monkeypatch.setattr(gpu, "Stream", Watched)
    pipeline = Pipeline(partial(build, "cdni"), 3, "streams", (1, 2, 2))
    train(pipeline, range(2))
    engine = pipeline.crew.engine
    pipeline.close()
    names = [thread.name for thread in engine.threads]
    assert {stream.waits[-1] for stream in streams_made} == set(names)


def message():
    return Message("target", 1, {"target": xp.ones((2, 3)) + 1})


def read_in_another_stream(gpu, mailbox):
    mailbox.put(message())
    with gpu.Stream(non_blocking=True):
        return to_numpy(mailbox.get().arrays["target"] * 2)


def test_a_message_is_read_when_it_is_there(gpu):
    np.testing.assert_array_equal(read_in_another_stream(gpu, StreamMailbox(1)), 4)


def test_the_stand_in_sees_who_does_not_wait(gpu):
    if dni_np_backend.current().__name__ != "strict":
        pytest.skip("on a GPU an error of this kind may go unnoticed")
    with pytest.raises(RuntimeError, match="wait for an event"):
        read_in_another_stream(gpu, Mailbox(1))


def test_an_array_is_kept_until_the_reader_has_copied_it(gpu, monkeypatch):
    """The sender forgets it only after its stream waits for the reader's event."""
    mailbox, waited = StreamMailbox(3), []
    mailbox.put(message())
    mailbox.put(message())
    assert len(mailbox.kept) == 2
    with gpu.Stream(non_blocking=True):
        mailbox.get()
    (read,) = mailbox.kept[0].read

    class Watched:
        def wait_event(self, event):
            waited.append(event)

    monkeypatch.setattr(streams, "current_stream", Watched)
    mailbox.put(message())
    assert waited == [read] and len(mailbox.kept) == 2  # the second was not read


def test_without_a_gpu_they_are_refused():
    with dni_np_backend.using("numpy"):
        with pytest.raises(UserError, match="streams needs a GPU: take --backend cupy"):
            Pipeline(partial(build, "cdni"), 2, "streams")
