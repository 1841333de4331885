"""Theory is checked with NumPy's own arrays and functions; each page has one test more that takes
`backend`.
"""

import pytest

from dni_np.backend import using


@pytest.fixture
def on_the_host(request, backend_put_back):
    """Tests that do not ask for a backend run on NumPy, also where all others run on a GPU."""
    if "backend" in request.fixturenames:
        yield
        return
    with using("numpy"):
        yield
