"""What goes wrong in a worker ends the others, in one sentence, and leaves nothing behind."""

import multiprocessing
import threading
from functools import partial

import pytest

from dni_np.errors import UserError
from dni_np.parallel.pipeline import Pipeline
from tests.parallel.networks import build, build_faulty, minibatch
from tests.parallel.shared_memory import assert_none_stays, names
from tests.parallel.test_pipeline import assert_same, assert_same_state, train

ENGINES = ("threads", "processes")


@pytest.fixture(autouse=True)
def nothing_stays():
    shared = names()
    threads = threading.active_count()
    yield
    assert not multiprocessing.active_children()
    assert threading.active_count() == threads
    assert_none_stays(shared)


def faulty(what, layer, at, engine, workers=3, split=(2, 2, 1), **more):
    return Pipeline(partial(build_faulty, what, layer, at), workers, engine, split, **more)


@pytest.mark.parametrize("layer, worker", [(2, 2), (4, 3)])
@pytest.mark.parametrize(
    "what, how", [("killed", "was killed .SIGKILL."), ("exit", "ended with status 3")]
)
def test_a_killed_worker(what, how, layer, worker):
    pipeline = faulty(what, layer, 4, "processes")
    with pytest.raises(UserError, match=rf"worker {worker} \(layers .*\) {how}") as error:
        train(pipeline, range(100))
    assert "\n" not in str(error.value) and "--resume" in str(error.value)
    pipeline.close()


def test_a_worker_that_is_killed_when_all_is_learned():
    """Found by the fuzz: the caller asks for the events then."""
    pipeline = Pipeline(partial(build, "cdni"), 2, "processes")
    train(pipeline, range(3))
    (worker,) = multiprocessing.active_children()
    worker.kill()
    worker.join()
    with pytest.raises(UserError, match=r"worker 2 \(layers .*\) was killed"):
        pipeline.events()
    pipeline.close()


@pytest.mark.parametrize("layer", [0, 2, 4])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_refusal_arrives_as_its_sentence(engine, layer):
    pipeline = faulty("refuse", layer, 4, engine)
    with pytest.raises(UserError, match="^this batch is not for me$"):
        train(pipeline, range(100))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mistake_in_the_code_arrives_with_its_place(engine):
    pipeline = faulty("fail", 3, 4, engine)
    with pytest.raises(
        RuntimeError, match="worker 2 .* failed: ZeroDivisionError: by nothing"
    ) as error:
        train(pipeline, range(100))
    assert "networks.py" in error.value.__notes__[0]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_lost_is_not_used_until_a_state_is_loaded(engine):
    pipeline = faulty("refuse", 2, 4, engine)
    start = pipeline.state()
    with pytest.raises(UserError):
        train(pipeline, range(100))
    x, y = minibatch(0)
    for use in (
        pipeline.state,
        lambda: pipeline.step(x, y),
        lambda: pipeline.predict(x),
        pipeline.drain,
    ):
        with pytest.raises(UserError, match="lost .*this batch is not for me.*load a saved state"):
            use()
    pipeline.load_state(start)
    assert_same_state(pipeline, build("cdni", pipeline.own))
    with pytest.raises(UserError, match="^this batch is not for me$"):
        train(pipeline, range(100))  # the fault is there still: new workers came to it


@pytest.mark.parametrize("layer", [1, 2, 4])
def test_a_slow_worker_changes_nothing(layer):
    pipeline = faulty("slow", layer, 1, "threads")
    metrics = train(pipeline, range(4))
    assert_same(pipeline, metrics, "cdni", 4)
    pipeline.close()


def test_a_caller_ahead_of_a_slow_worker_waits():
    """Nothing comes down in local learning, so the lowest worker could run far ahead."""
    pipeline = Pipeline(partial(build_faulty, "slow", 4, 1, rule="local"), 2, "threads", (4, 1))
    for step in range(20):
        pipeline.step(*minibatch(step))
        assert len(pipeline.reports) <= pipeline.room
    pipeline.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_within_a_step(engine):
    pipeline = Pipeline(partial(build, "cdni"), 2, engine)
    train(pipeline, range(2))
    forward = pipeline.cores[0].forward

    def interrupted(x, training=True):
        raise KeyboardInterrupt

    pipeline.cores[0].forward = interrupted
    with pytest.raises(KeyboardInterrupt):
        pipeline.step(*minibatch(2))
    pipeline.cores[0].forward = forward
    with pytest.raises(UserError, match="KeyboardInterrupt"):
        pipeline.step(*minibatch(2))


def test_a_rule_that_no_process_can_know():
    pipeline = Pipeline(lambda clock: build("cdni", clock), 2, "processes")
    with pytest.raises(UserError, match="engine threads"):
        pipeline.step(*minibatch(0))
    pipeline.close()
