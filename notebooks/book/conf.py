"""Sphinx: the README, the course and its results as pages that need no connection (`make book`).

The sources are the repository's own files, and the notebooks' outputs are those that were saved:
nothing is executed. Formulas become MathML, which browsers draw themselves, so that no page needs
MathJax or a font from elsewhere.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project, author = "dni_np", "the dni_np authors"
copyright = author
extensions = ["myst_nb", "mathml"]
root_doc = "README"
RESULTS, WORDS = ("notebooks/RESULTS", "tests/benchmarks/README"), "notebooks/glossary"
PAGES = [f"{name}.md" for name in (*RESULTS, WORDS)]
include_patterns = ["README.md", "notebooks/*.ipynb", *PAGES]
exclude_patterns = [".*", "build", "runs"]  # the rest is searched by the patterns above
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

nb_execution_mode = "off"
nb_merge_streams = True  # a cell's printed lines are one block
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

html_theme = "furo"
html_title = "dni_np"
html_use_index = False
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["book.css"]

COURSE = """

```{{toctree}}
:hidden:
:caption: The course

{chapters}
```

```{{toctree}}
:hidden:
:caption: Results

{results}
```
"""
FIRST = """<!doctype html><meta charset="utf-8"><title>dni_np</title>
<meta http-equiv="refresh" content="0; url=README.html"><a href="README.html">dni_np</a>
"""


def chapters(root):
    """The notebooks in the order of the course, the toolbox, and the glossary."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        first = "".join(json.loads(path.read_text())["cells"][0]["source"]).splitlines()[0]
        number, title = path.stem.partition("_")[0], first.strip("# ")
        yield f"{f'{number}: ' * number.isdigit()}{title} <notebooks/{path.stem}>"
    yield WORDS


def keep_deviations(app, docname, source):
    """No line ends between a number and its deviation, so that tables scroll on a narrow page."""
    if docname in (*RESULTS, root_doc):
        source[0] = source[0].replace(" ± ", "\u00a0±\u00a0")


def add_contents(app, docname, source):
    if docname == root_doc:
        names = {"chapters": chapters(Path(app.srcdir)), "results": RESULTS}
        source[0] += COURSE.format(**{key: "\n".join(some) for key, some in names.items()})


def add_first_page(app, exception):
    if exception is None:
        (Path(app.outdir) / "index.html").write_text(FIRST)


def setup(app):
    app.connect("source-read", keep_deviations)
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_first_page)
