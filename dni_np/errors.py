"""The errors that a user can fix."""


class UserError(ValueError):
    """A mistake outside the code, in one sentence: what is wrong, where, what to do."""


class Diverged(UserError):
    """Training ran off to infinity. Other runs of the same plan may still be sound."""
