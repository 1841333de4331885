"""Copying: the task of Copy and Repeat Copy, a curriculum's episodes a few steps at a time.

    episode                 |  s  s  s  s  stop  .  .  .  .  .  |       10 time steps
    chunks, unroll = 3      |  1st     |  2nd     |  3rd     |4th|       an update each

A whole episode decides how well a level is mastered: the losses of its chunks are summed on the
device and fetched once, when it ends. As nothing may be lost when a run stops in between, the
episode, the place in it and those sums are part of the task's state.
"""

from dni_np.backend import asarray, to_numpy
from dni_np.nn.sequence_losses import bits_per_symbol
from dni_np.training.checkpoint import expect
from dni_np.training.tasks.task import Task

ARRAYS = ("inputs", "labels", "mask")


class Copying(Task):
    """Episodes of a Curriculum, for a recurrent rule.

    `samples`: training ends after so many sequences, at the end of an episode (0: never). Counting
    sequences, not updates, gives every `unroll` the same experience. `look_ahead`: y and mask go on
    for so many steps after the chunk, as far as there are any.
    """

    measures = ("samples", "N", "R", "span", "solved_N", "solved_R", "solved_span")

    def __init__(self, curriculum, batch_size, unroll, rng, samples=0, look_ahead=0):
        self.curriculum, self.batch_size, self.unroll = curriculum, batch_size, unroll
        self.rng, self.samples, self.look_ahead = rng, samples, look_ahead
        self.name = curriculum.task.title()
        self.episode = None  # device arrays inputs, labels, mask; None between two episodes
        self.position = 0  # time steps of it that are done
        self.nats = None  # the sum of their losses, on the device
        self.bits, self.ended = 0.0, 0  # of the episodes that ended since the last row: sum, count

    @property
    def finished(self):
        return self.episode is None and 0 < self.samples <= self.curriculum.samples

    def next(self):
        """The next chunk: x (T, N, D), y and mask (up to T + look_ahead, N), first, last."""
        if self.episode is None:
            drawn = self.curriculum.next(self.batch_size, self.rng)
            self.episode = [asarray(array) for array in drawn]
        chunk = self.chunk(self.episode, self.position)
        self.position += len(chunk[0])
        return chunk

    def chunk(self, episode, start):
        """That of an episode which begins at step `start`."""
        end = min(start + self.unroll, len(episode[0]))
        y, mask = (array[start : end + self.look_ahead] for array in episode[1:])
        return episode[0][start:end], y, mask, start == 0, end == len(episode[0])

    def chunks(self, episode):
        """All of them."""
        start = 0
        while start < len(episode[0]):
            chunk = self.chunk(episode, start)
            start += len(chunk[0])
            yield chunk

    def observe(self, metrics):
        """Add up an episode's losses, until it ends."""
        self.nats = metrics["loss"] if self.nats is None else self.nats + metrics["loss"]
        if self.position == len(self.episode[0]):
            self._end()
        return metrics

    def _end(self):
        """The one moment in an episode that waits for the device."""
        bits = float(bits_per_symbol(self.nats, self.episode[2]))
        self.curriculum.update(bits)
        self.bits, self.ended = self.bits + bits, self.ended + 1
        self.episode, self.position, self.nats = None, 0, None

    def measure(self, rule):
        """Where the curriculum is; "bits": the mean over the episodes that ended since, if any."""
        curriculum = self.curriculum
        n, r = curriculum.solved_size
        row = {"samples": curriculum.samples, "N": curriculum.n_symbols, "R": curriculum.repeats}
        row.update(span=curriculum.span, solved_N=n, solved_R=r, solved_span=curriculum.solved)
        if self.ended:
            row["bits"] = self.bits / self.ended
        self.bits, self.ended = 0.0, 0
        return row

    def shown(self, row):
        of = f" of {self.samples:,}" if self.samples else ""
        return {
            "N": row["N"],
            "R": row["R"],
            "solved": row["solved_span"],
            "bits": f"{row['bits']:.3f}" if "bits" in row else "-",
            "samples": f"{row['samples']:,}{of}",
            "samples/s": f"{row['samples'] / max(row['seconds'], 1e-9):,.0f}",
        }

    def state(self):
        place = {"curriculum": self.curriculum.state(), "position": self.position}
        place.update(bits=self.bits, ended=self.ended)
        if self.episode is None:
            return {}, place
        arrays = {name: to_numpy(array) for name, array in zip(ARRAYS, self.episode)}
        return {**arrays, "nats": to_numpy(self.nats)}, place

    def load_state(self, arrays, place):
        self.curriculum.load_state(place["curriculum"])
        self.position, self.ended = int(place["position"]), int(place["ended"])
        self.bits = float(place["bits"])
        self.episode = self.nats = None
        if not arrays:
            expect(self.position == 0, "the place in the episode")
            return
        inputs, labels, mask = episode = [arrays[name] for name in ARRAYS]
        steps, wanted = len(inputs), (self.batch_size, self.curriculum.channels)
        expect(inputs.shape[1:] == wanted and labels.dtype.kind == "i", "the episode")
        expect(labels.shape == mask.shape == (steps, self.batch_size), "the episode")
        expect(0 < self.position < steps, "the place in the episode")
        self.episode = [asarray(array) for array in episode]
        self.nats = asarray(arrays["nats"]).reshape(())
