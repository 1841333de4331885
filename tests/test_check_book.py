"""The check of the built course finds what a reader without a connection would miss."""

import base64
import shutil

import pytest

from tests import check_book

GOOD = """<html><head><link rel="stylesheet" href="style.css"></head><body><h1 id="top">One</h1>
<a href="two.html#there">two</a> <a href="https://example.org">elsewhere</a> <img src="one.png">
<math title="\\begin{matrix} x \\end{matrix} \\text{ is learned}"><mi>x</mi></math>
<code>$not a formula$</code></body></html>"""
TWO = '<html><body><p id="there">Two, for $5</p><a href="index.html#top">one</a></body></html>'

PNG = base64.b64decode(  # one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def book(tmp_path):
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "two.html").write_text(TWO)
    (tmp_path / "one.png").write_bytes(PNG)
    (tmp_path / "style.css").write_text("p { background: url(one.png) }")
    return tmp_path


def found(book):
    pages = {path: check_book.Page(path.read_text()) for path in sorted(book.rglob("*.html"))}
    return check_book.faults(book.resolve(), pages)


def test_a_whole_book_has_no_faults(book, monkeypatch):
    monkeypatch.setattr(check_book, "BROWSERS", ())
    assert found(book) == [] and check_book.main(book) is None


def test_a_fault_is_what_the_program_ends_with(book, monkeypatch):
    monkeypatch.setattr(check_book, "BROWSERS", ())
    (book / "one.png").unlink()
    assert "one.png is not there" in check_book.main(book)


@pytest.mark.parametrize(
    "more, fault",
    [
        ('<a href="three.html">', "three.html is not there"),
        ('<a href="two.html#here">', "has no such anchor"),
        ('<a href="#here">', "has no such anchor"),
        ('<a href="../secret.html">', "leads out of the book"),
        ('<a href="/two.html">', "leads out of the book"),
        ('<img src="two.png">', "two.png is not there"),
        ('<img src="https://example.org/a.png">', "from elsewhere"),
        ('<script src="//example.org/a.js"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="http://example.org/a.css">', "from elsewhere"),
        ('<img src="one.png" srcset="https://example.org/2x.png 2x">', "from elsewhere"),
        ("<p>the gradient $g_k$ of</p>", "not rendered: $g_k$"),
        (r"<p>\(g_k\)</p>", "not rendered"),
        (r"<p>\frac12</p>", "not rendered"),
        (r"<math><mi>\strange</mi></math>", "not rendered"),
        ("<math><merror></merror></math>", "a formula with an error"),
        ("<math title='steps. A level is'><mi>s</mi></math>", "prose in a formula: steps"),
    ],
)
def test_a_fault_is_found(book, more, fault):
    (book / "index.html").write_text(GOOD.replace("</body>", more + "</body>"))
    assert len(found(book)) >= 1 and fault in " ".join(found(book))


@pytest.mark.parametrize(
    "style, fault",
    [
        ("p { background: url('https://example.org/a.png') }", "from elsewhere"),
        ('@import "https://example.org/a.css";', "from elsewhere"),
        ("p { background: url(two.png) }", "two.png is not there"),
    ],
)
def test_a_style_may_not_fetch_either(book, style, fault):
    (book / "style.css").write_text(style)
    assert fault in " ".join(found(book))


def test_a_moving_picture_has_more_than_one_frame(book):
    frame = b"\x21\xf9\x04 ..."
    (book / "moves.gif").write_bytes(b"GIF89a" + 2 * frame)
    assert found(book) == []
    (book / "stands.gif").write_bytes(b"GIF89a" + frame)
    assert found(book) == ["stands.gif: does not move"]


def test_a_page_that_no_link_leads_to_is_found(book):
    (book / "three.html").write_text(TWO)
    assert found(book) == ["three.html: no link leads here"]


def test_a_folder_that_is_no_book_is_refused(tmp_path):
    assert "build it first" in check_book.main(tmp_path)


@pytest.mark.slow
def test_the_browser_says_what_failed(book):
    browser = next(filter(None, map(shutil.which, check_book.BROWSERS)), None)
    if browser is None:
        pytest.skip("Chromium is not installed")
    page = book / "index.html"
    assert check_book.complaints(browser, book / "two.html") == []
    for more, word in (
        ("<script src='a.js'></script>", "a.js"),
        ("<img src='https://example.org/b.png'>", "b.png"),
        ("<link rel='stylesheet' href='c.css'>", "c.css"),
        ("<script>throw Error('wrong')</script>", "wrong"),
        ("<img src='style.css'>", "no picture in"),
        ("<math style='display: none'><mi>y</mi></math>", "a formula is not drawn: y"),
        ("<p style='width: 900px'>too wide for a phone</p>", "390 pixels wide: the page takes"),
        ("<details><p style='width: 2000px'>wide</p></details>", "1400 pixels wide: the page"),
    ):
        page.write_text(GOOD.replace("</body>", more + "</body>"))
        assert word in " ".join(check_book.complaints(browser, page))
    assert len(list(book.glob("*.html"))) == 2
