"""A Sphinx extension: formulas as MathML, written into the page when it is built."""

from html import escape

from latex2mathml.converter import convert
from sphinx.errors import ExtensionError


def formula(source, display):
    """LaTeX -> MathML, with the LaTeX as its title; ExtensionError where it cannot be read."""
    try:
        found = convert(source, display=display)
    except Exception as error:
        raise ExtensionError(f"this formula cannot be made MathML: {source}") from error
    title = f' title="{escape(" ".join(source.split()), quote=True)}"'
    found = found.replace("<mi>h</mi>", '<mi class="h">h</mi>')  # see book.css
    return found.replace("<math ", f"<math{title} ", 1)


def visit_inline(self, node):
    self.body.append(formula(node.astext(), "inline"))
    raise_skip()


def visit_block(self, node):
    self.body.append(f'<div class="formula">{formula(node.astext(), "block")}</div>')
    raise_skip()


def raise_skip():
    from docutils.nodes import SkipNode

    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
