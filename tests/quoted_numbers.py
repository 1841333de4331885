"""The numbers that a notebook's text quotes, and those that its cells printed or were given."""

import re

NUMBER = re.compile(r"(?<![\w.,^{/-])\d[\d,_]*(?:\.\d+)?(?:e-?\d+)?(?![\w/]|\.\d)")
NO_CLAIMS = re.compile(  # what is not prose
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|https?:\S+|<[^>]*>", re.DOTALL
)
NAMES = re.compile(  # numbers that count nothing here: places in the course, in papers, in lists
    r"^\s*(?:#+|-)?\s*\d+\.\s"
    r"|\b(?:notebooks?|sections?|figures?|exercises?|equations?|tables?|layers?|seeds?"
    r"|guess|guesses"
    r"|solutions?|predictions?)\s+[A-Z]?\d[\d.]*(?:(?:,| and| to|, and)\s+\d+)*\b"
    r"|\b(?:19|20)\d\d\b",
    re.IGNORECASE | re.MULTILINE,
)
SMALL = 12  # counts up to here are words, not measurements


def quoted(notebook):
    """The numbers in the text that look measured: with decimals, in percent, or above twelve."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = NAMES.sub(" ", NO_CLAIMS.sub(" ", cell.source))
            for match in NUMBER.finditer(text):
                token, percent = match.group().rstrip(","), text[match.end() :].lstrip()[:1] == "%"
                if percent or "." in token or float(_plain(token)) > SMALL:
                    found.append(token)
    return found


def shown(notebook):
    """The numbers in the outputs and in the code, as a reader can find them."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            texts.append(cell.source)
            texts += [output.get("text", "") for output in cell.outputs]
            texts += [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    numbers = re.findall(r"(?<![\w.])\d[\d,_]*(?:\.\d+)?(?:e[-+]?\d+)?", "\n".join(texts))
    return {float(_plain(number)) for number in numbers}


def not_shown(notebook):
    """Quoted numbers that no cell shows, nor with more digits, nor as a share for a percentage."""
    numbers = shown(notebook)
    return sorted({token for token in quoted(notebook) if not _among(token, numbers)})


def _among(token, numbers):
    number = float(_plain(token))
    decimals = len(token.partition(".")[2])
    half = 0.5 * 10.0**-decimals + 1e-9
    return any(abs(number - factor * other) <= half for other in numbers for factor in (1, 100))


def _plain(token):
    return token.rstrip(",").replace(",", "").replace("_", "")
