"""Can the built course be read without a connection? python tests/check_book.py build/book

Every local link leads to a file, and to an anchor that is there; no page takes a script, a style or
a picture from elsewhere; no formula was left as LaTeX; GIFs move; every page can be reached from
the first. Where Chromium is installed each page is opened, too, without a network, as wide as on a
desk and as narrow as on a phone: nothing may fail to load, no script may fail, every picture and
formula must be drawn, and the page may not be wider than the window.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FIRST = "index.html"
PLACES = {"a": "href", "link": "href", "area": "href"}  # all other tags: src, poster, data
LATEX = re.compile(r"\$[^$\n]+\$|\\(?:[a-zA-Z]{2,}|[()\[\]])")
# A dollar too few turns prose into a formula: words remain, when commands and their names are gone.
COMMAND = re.compile(r"\\(?:text|mathrm|operatorname|begin|end)\s*\{[^}]*\}|\\[a-zA-Z]+")
WORD = re.compile(r"[a-zA-Z]{4,}")
NO_PROSE = {"code", "pre", "script", "style", "annotation", "svg"}
REMOTE = {"http", "https", "ftp", "mailto"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ALONE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--enable-logging=stderr", "--v=0", "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom"),
)
WIDTHS = (1400, 390)  # pixels, of a desk's window and a phone's
# Stands in front of each page. A headless window has a least width, so pages open in frames.
WATCH = """<!doctype html><script>
addEventListener("error", function (event) {
  var place = event.target.src || event.target.href;
  if (place) console.error("error: failed to load " + place);
}, true);
addEventListener("load", function () {
  function fault(text) { console.error("error, " + innerWidth + " pixels wide: " + text); }
  function each(kind, look) { document.querySelectorAll(kind).forEach(look); }
  each("details", function (one) { one.open = true; });
  each("img", function (one) {
    if (!one.complete || !one.naturalWidth) fault("no picture in " + one.src);
  });
  each("math", function (one) {
    var box = one.getBoundingClientRect();
    if (box.width < 3 || box.height < 5) fault("a formula is not drawn: " + one.textContent);
  });
  var wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) fault("the page takes " + wide);
  console.info("opened at " + innerWidth);
});</script>"""
FRAME = '<iframe src="{}" style="width: {}px; height: 800px; border: 0"></iframe>'


class Page(HTMLParser):
    """What a page points at, the anchors it has, and what it says in its text and formulas."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.anchors, self.open = [], [], set(), []
        self.prose, self.in_formulas, self.counts = [], [], Counter()
        self.sources = []  # of formulas, where they are their titles
        self.leads_on = False  # at once, to another page
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        own = dict(attributes)
        self.counts[tag] += 1
        self.anchors |= {own[name] for name in ("id", "name") if own.get(name)}
        if tag in ("a", "area") and own.get("href"):
            self.links.append(own["href"])
        elif tag == "form" and own.get("action"):
            self.links.append(own["action"])
        elif tag == "meta" and (own.get("http-equiv") or "").lower() == "refresh":
            self.links.append(own["content"].partition("url=")[2])
            self.leads_on = True
        else:
            found = [own.get(PLACES.get(tag, "src")), own.get("poster"), own.get("data")]
            found += [part.split()[0] for part in (own.get("srcset") or "").split(",") if part]
            self.loads += [place for place in found if place and not place.startswith("data:")]
        if tag in NO_PROSE | {"math"}:
            self.open.append(tag)
        if tag == "math":
            self.sources.append(own.get("title") or "")

    def handle_endtag(self, tag):
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data):
        if "math" in self.open:
            self.in_formulas.append(data)
        elif not self.open:
            self.prose.append(data)


def faults(folder, pages):
    """One line for each thing that would be missing, or fetched from elsewhere."""
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        for place in page.links + page.loads:
            found += [f"{name}: {fault}" for fault in astray(folder, pages, path, place)]
        remote = [place for place in page.loads if is_remote(place)]
        found += [f"{name}: takes {place} from elsewhere" for place in remote]
        left = LATEX.findall(" ".join(page.prose)) + re.findall(r"\\\w+", "".join(page.in_formulas))
        left += ["a formula with an error"] * page.counts["merror"]
        found += [f"{name}: not rendered: {text}" for text in left]
        prose = [text for text in page.sources if WORD.search(COMMAND.sub(" ", text))]
        found += [f"{name}: prose in a formula: {text}" for text in prose]
    for path in folder.rglob("*.gif"):
        if path.read_bytes().count(b"\x21\xf9\x04") < 2:  # what stands before each frame
            found.append(f"{path.relative_to(folder)}: does not move")
    for path in folder.rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for place in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", text):
            place = "".join(place)
            if is_remote(place):
                found.append(f"{path.relative_to(folder)}: takes {place} from elsewhere")
            elif not place.startswith(("data:", "#")) and not beside(path, place).exists():
                found.append(f"{path.relative_to(folder)}: {place} is not there")
    lost = set(pages) - reachable(folder, pages)
    return found + [f"{path.relative_to(folder)}: no link leads here" for path in sorted(lost)]


def is_remote(place):
    return place.startswith("//") or urlsplit(place).scheme in REMOTE


def beside(path, place):
    return (path.parent / unquote(urlsplit(place).path)).resolve()


def astray(folder, pages, path, place):
    """Why a local link leads nowhere, if it does."""
    if is_remote(place):
        return []
    scheme, _, way, _, anchor = urlsplit(place)
    if scheme == "javascript" or place == "#":
        return []
    target = beside(path, place) if way else path
    if scheme or way.startswith("/") or not target.is_relative_to(folder):
        return [f"{place} leads out of the book"]
    if not target.is_file():
        return [f"{place} is not there"]
    if anchor and target in pages and unquote(anchor) not in pages[target].anchors:
        return [f"{place} has no such anchor"]
    return []


def reachable(folder, pages):
    """The pages that links lead to from the first one, which need not be more than its links."""
    found, waiting = set(), [folder / FIRST]
    while waiting:
        path = waiting.pop()
        if path in pages and path not in found:
            found.add(path)
            waiting += [beside(path, place) for place in pages[path].links if not is_remote(place)]
    return found


def complaints(browser, path, timeout=120):
    """What fails to load, to be drawn, and in scripts, when the browser opens a page offline."""
    copy, frames = (path.with_name(f"{kind}-{path.name}") for kind in ("opened", "frames"))
    copy.write_text(WATCH + path.read_text())  # beside it, where its links fit
    frames.write_text("".join(FRAME.format(copy.name, width) for width in WIDTHS))
    try:
        with tempfile.TemporaryDirectory() as profile:
            command = [browser, *ALONE, f"--user-data-dir={profile}", frames.as_uri()]
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    finally:
        copy.unlink()
        frames.unlink()
    said = re.findall(r'CONSOLE[^"]*"(.*)", source', done.stderr)
    found = [text for text in said if re.search(r"error|failed|refused|blocked", text, re.I)]
    closed = [width for width in WIDTHS if f"opened at {width}" not in said]
    return found + [f"did not open {width} wide (status {done.returncode})" for width in closed]


def main(folder):
    folder = Path(folder).resolve()
    pages = {path: Page(path.read_text()) for path in sorted(folder.rglob("*.html"))}
    if folder / FIRST not in pages:
        return f"{folder} has no {FIRST}: build it first (make book)"
    found = faults(folder, pages)
    count = sum((page.counts for page in pages.values()), Counter())
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    for path in [path for path, page in pages.items() if browser and not page.leads_on]:
        found += [f"{path.relative_to(folder)}: {text}" for text in complaints(browser, path)]
    opened = f"all opened without a network, {' and '.join(map(str, WIDTHS))} pixels wide"
    opened = opened if browser else "Chromium is not here: none was opened"
    print(f"{len(pages)} pages, {count['a']:,} links, {count['img']} pictures, ", end="")
    print(f"{count['math']:,} formulas; {opened}; {len(found) or 'no'} faults")
    return "\n".join(found) or None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 2 else "usage: check_book.py FOLDER")
