"""What every way of training has in common.

A rule owns a stack of cores, lowest first, and trains them:

    metrics = rule.step(x, y)      one update; device scalars by name, "loss" among them
    prediction = rule.predict(x)   the test-time function, h_N(...h_1(x))
    rule.state(), rule.load_state(state)      everything a resumed run needs

Rules differ only in which gradient each core receives, and when. What a layer has to wait for is the rule's `locks`
(Jaderberg et al. 2017, section 1):

    forward     its input, until all layers below have run
    update      its gradient, until all layers above have run forward as well
    backward    and until all layers above have gone back
"""

FORWARD, UPDATE, BACKWARD = LOCKS = ("forward", "update", "backward")


def numbered(name, owners):
    """{name0: the first, name1: the second, ...}."""
    return {f"{name}{i}": owner for i, owner in enumerate(owners)}


class Rule:
    """Subclasses set `cores` and write `step` and `parts` (what has a state, by name)."""

    cores = ()
    locks = None  # some of LOCKS; None where the question is another one (chunks in time, two networks)

    def step(self, x, y):
        raise NotImplementedError

    def parts(self):
        raise NotImplementedError

    def predict(self, x):
        """The whole network with running statistics, nothing updated."""
        for core in self.cores:
            x, _ = core.forward(x, training=False)
        return x

    def state(self):
        """Host arrays by "part/name"."""
        return {f"{part}/{name}": value for part, owner in self.parts().items() for name, value in owner.state().items()}

    def load_state(self, state):
        """Restore what `state` returned; the rule must have been built in the same way."""
        for part, owner in self.parts().items():
            prefix = part + "/"
            owner.load_state({k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)})
