"""Downloads: mirrors in turn, checksums, nothing half-written. The mirrors here are local."""

import errno
import hashlib
import http.server
import threading

import pytest

from dni_np.data import download
from dni_np.data.download import data_home, fetch
from dni_np.errors import UserError

CONTENT = b"four files of digits" * 500
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ANSWERS = {
    "/good/f.gz": CONTENT,
    "/corrupt/f.gz": CONTENT[:-1] + b"?",
    "/short/f.gz": CONTENT[:100],
    "/empty/f.gz": b"",
}


class Mirror(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ANSWERS.get(self.path)
        self.send_response(404 if body is None else 200)
        # A connection that breaks off: fewer bytes than promised.
        self.send_header("Content-Length", str(len(CONTENT) if body else 0))
        self.end_headers()
        self.wfile.write(body or b"")
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_one_good_mirror(server, tmp_path):
    path = fetch("f.gz", SHA256, [f"{server}/good/"], tmp_path, progress=False)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("bad", ["absent", "corrupt", "short", "empty"])
def test_the_next_mirror_is_tried(server, tmp_path, bad):
    path = fetch("f.gz", SHA256, [f"{server}/{bad}/", f"{server}/good/"], tmp_path, progress=False)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("folder", [".", "new", "new/mnist"])
@pytest.mark.parametrize("advice", [None, "look on the shelf"])
def test_no_mirror_delivers(server, tmp_path, folder, advice):
    """One sentence of ours, no library's; and no empty folder that could be taken for data."""
    mirrors = [f"{server}/corrupt/", f"{server}/absent/", "http://127.0.0.1:9/"]
    with pytest.raises(UserError) as error:
        fetch("f.gz", SHA256, mirrors, tmp_path / folder, progress=False, advice=advice)
    usual = f"f.gz could not be downloaded: put it into {tmp_path / folder}"
    assert str(error.value) == (advice or usual)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_stays(tmp_path):
    (tmp_path / "mnist").mkdir()
    with pytest.raises(UserError):
        fetch("f.gz", SHA256, [], tmp_path / "mnist" / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["mnist"]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "data").write_text("a file")
    match = r"^f.gz cannot be written to .*mnist \(Not a directory\): set DNI_NP_DATA to another fo"
    with pytest.raises(UserError, match=match):
        fetch("f.gz", SHA256, ["http://127.0.0.1:9/"], tmp_path / "data" / "mnist")


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(download.os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match=r"^f.gz cannot be written to .*new \(it is read-only\): s"):
        fetch("f.gz", SHA256, [], tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(server, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.pooch.core.shutil, "move", full)
    with pytest.raises(UserError, match=r"^f.gz cannot be written to .*new \(the disk is full\):"):
        fetch("f.gz", SHA256, [f"{server}/good/"], tmp_path / "new", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_downloaded(tmp_path):
    (tmp_path / "f.gz").write_bytes(CONTENT)
    assert fetch("f.gz", SHA256, [], tmp_path) == tmp_path / "f.gz"


def test_a_damaged_file_is_named_and_kept(tmp_path):
    (tmp_path / "f.gz").write_bytes(CONTENT[:50])
    with pytest.raises(UserError, match=r"f\.gz is damaged.*delete it"):
        fetch("f.gz", SHA256, [], tmp_path)
    assert (tmp_path / "f.gz").read_bytes() == CONTENT[:50]


def test_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("DNI_NP_DATA", str(tmp_path))
    assert data_home() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DNI_NP_DATA", "~/x")
    assert data_home() == tmp_path / "x"
    monkeypatch.setenv("DNI_NP_DATA", "")
    with pytest.raises(UserError, match="DNI_NP_DATA is empty: let it name a folder, or unset it"):
        data_home()
    monkeypatch.delenv("DNI_NP_DATA")
    assert data_home().name.startswith("dni_np")
