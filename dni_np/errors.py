"""The error that a user can mend."""


class UserError(ValueError):
    """A mistake outside the code, told in one sentence: what is wrong, where, what to do."""
