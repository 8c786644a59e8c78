"""Local artifacts: their checksum, and everything that must not be loaded."""

import hashlib
import os
import pickle
import subprocess
import sys
import zipfile

import pytest

from src.config.artifact import ArtifactSettings
from src.core.artifacts import checksum, provide
from src.core.artifacts.__main__ import main
from src.core.errors import ConfigError

OTHER = "0" * 64


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts/model.onnx").write_bytes(b"weights")
    return folder


@pytest.fixture
def rejected(project):
    """Provide an artifact that is rejected; return the message, which is one line."""

    def attempt(uri, suffixes=(), **settings):
        with pytest.raises(ConfigError) as failure:
            provide(ArtifactSettings(uri=uri, **settings), suffixes, project)
        message = str(failure.value)
        assert "\n" not in message
        assert message.startswith("model.artifact.")
        return message

    return attempt


def provided(project, uri, **settings):
    return provide(ArtifactSettings(uri=uri, **settings), (), project).path


def test_file_below_the_project_is_provided(project):
    file = project / "artifacts/model.onnx"
    pin = hashlib.sha256(b"weights").hexdigest()
    assert checksum(file) == pin
    found = provide(ArtifactSettings(uri="artifacts/model.onnx", sha256=pin), {".onnx"}, project)
    assert found == (file, pin)


@pytest.mark.parametrize("form", ["file:{}", "file://{}"])
def test_file_elsewhere_is_provided(project, tmp_path, form):
    file = tmp_path / "a b.onnx"
    file.write_bytes(b"x")
    assert provided(project, form.format(str(file).replace(" ", "%20"))) == file


@pytest.mark.skipif(sys.platform != "linux", reason="the command is that of GNU")
def test_checksum_of_a_folder_is_that_of_the_documented_command(project):
    folder = project / "artifacts/model"
    for name in ("a", "b/c", "b.d", "B", "\xe9", "z z", ".hidden", "..2024/unseen", "empty/"):
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(name.encode())
    (folder / "link").symlink_to("b/c")
    command = (checksum.__doc__ or "").partition("output of\n")[2].partition("\n\n    Raises")[0]
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{checksum(folder)}  -\n"


def test_checksum_of_a_folder_changes_with_names_and_bytes(project):
    folder = project / "artifacts"
    seen = {checksum(folder)}
    (folder / "model.onnx").rename(folder / "other.onnx")
    seen.add(checksum(folder))
    (folder / "other.onnx").write_bytes(b"Weights")
    seen.add(checksum(folder))
    assert len(seen) == 3


def test_volume_of_kubernetes_has_the_checksum_of_its_files(project, tmp_path):
    volume = tmp_path / "volume"
    (volume / "..2026_01/sub").mkdir(parents=True)
    (volume / "..2026_01/model.onnx").write_bytes(b"weights")
    (volume / "..2026_01/sub/labels.txt").write_bytes(b"a")
    (volume / "..data").symlink_to("..2026_01")
    (volume / "model.onnx").symlink_to("..data/model.onnx")
    (volume / "sub").symlink_to("..data/sub")
    (project / "artifacts/sub").mkdir()
    (project / "artifacts/sub/labels.txt").write_bytes(b"a")
    assert checksum(volume) == checksum(project / "artifacts")
    assert provided(project, f"file:{volume}") == volume
    assert provided(project, f"file:{volume}/model.onnx") == volume / "model.onnx"


def test_cache_of_the_hub_is_provided(project, tmp_path):
    repository = tmp_path / "models--acme--fraud"
    snapshot = repository / "snapshots/4f1c"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "blobs/aa11").write_bytes(b"weights")
    (snapshot / "model.onnx").symlink_to("../../blobs/aa11")
    assert provided(project, f"file:{snapshot}") == snapshot
    assert provided(project, f"file:{snapshot}/model.onnx") == snapshot / "model.onnx"


def test_link_that_leads_outside_is_rejected(project, rejected, tmp_path):
    (tmp_path / "secret.onnx").write_bytes(b"x")
    (project / "artifacts/link.onnx").symlink_to("../../secret.onnx")
    assert "leads outside" in rejected("artifacts/link.onnx")
    assert "leads outside" in rejected(f"file:{project}/artifacts/link.onnx")


def test_folder_with_a_link_that_leads_outside_is_rejected(project, rejected, tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/key").write_bytes(b"x")
    folder = project / "artifacts"
    (folder / "vocab.txt").symlink_to("/etc/passwd")
    assert "leads outside" in rejected("artifacts")
    (folder / "vocab.txt").unlink()
    (folder / "vocab").symlink_to("../../secrets")
    assert "leads outside" in rejected("artifacts")


def test_links_within_the_project_are_followed(project):
    """As tools that keep versions of data make them."""
    (project / "kept").mkdir()
    (project / "kept/aa11").write_bytes(b"weights")
    (project / "artifacts/model").mkdir()
    (project / "artifacts/model/model.onnx").symlink_to("../../kept/aa11")
    folder = project / "artifacts/model"
    assert provided(project, "artifacts/model", sha256=checksum(folder)) == folder


def test_links_in_a_circle_are_rejected(project, rejected):
    (project / "artifacts/up").symlink_to("../artifacts")
    assert "a link to a folder around it" in rejected("artifacts")
    (project / "itself").symlink_to("itself")
    assert "itself" in rejected("itself")


@pytest.mark.parametrize("uri", ["../secret.onnx", "artifacts/../../secret.onnx", "/etc/passwd"])
def test_path_outside_of_the_project_is_rejected(rejected, uri):
    assert "must be below the project's folder" in rejected(uri)


def test_missing_artifact_is_named(rejected):
    assert "no file or folder" in rejected("artifacts/none.onnx")


def test_folder_without_files_is_rejected(project, rejected):
    (project / "empty").mkdir()
    assert "a folder without files" in rejected("empty")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_neither_file_nor_folder_is_rejected(project, rejected):
    os.mkfifo(project / "artifacts/pipe.onnx")
    assert "neither a file nor a folder" in rejected("artifacts/pipe.onnx")
    assert "neither file nor folder" in rejected("artifacts")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not allow such names")
@pytest.mark.parametrize("name", ["a\nb", "a\\b", "a\x1b[2J"])
def test_name_that_forges_lines_is_rejected(project, rejected, name):
    (project / "artifacts" / name).write_bytes(b"x")
    assert "a name that is not portable" in rejected("artifacts")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="may read everything")
def test_file_that_cannot_be_read_is_named(project, rejected):
    (project / "artifacts/model.onnx").chmod(0)
    assert "Permission denied" in rejected("artifacts/model.onnx")


def test_other_bytes_are_rejected_with_their_checksum(project, rejected):
    file = project / "artifacts/model.onnx"
    pin = checksum(file)
    assert pin in rejected("artifacts/model.onnx", sha256=OTHER)
    file.write_bytes(file.read_bytes()[:3])  # truncated
    assert "has the checksum" in rejected("artifacts/model.onnx", sha256=pin)


def test_other_suffix_is_rejected(rejected):
    assert "must end with .skops" in rejected("artifacts/model.onnx", {".skops"})


@pytest.mark.parametrize(
    "name", ["m.pkl", "m.PICKLE", "m.joblib", "m.pt", "m.pth", "m.ckpt", "m.pkl.gz", "m.bin"]
)
def test_pickle_needs_consent_and_a_checksum(project, rejected, name):
    file = project / "artifacts" / name
    file.write_bytes(pickle.dumps(1))
    assert "runs code" in rejected(f"artifacts/{name}")
    assert "runs code" in rejected(f"artifacts/{name}", sha256=checksum(file))
    assert "runs code" in rejected("artifacts")
    with pytest.raises(ValueError, match="needs sha256"):
        ArtifactSettings(uri=f"artifacts/{name}", allow_pickle=True)
    pin = {"sha256": checksum(file), "allow_pickle": True}
    assert provided(project, f"artifacts/{name}", **pin) == file


def test_weights_that_are_not_pickled_need_no_consent(project):
    for name in ("model.pt.onnx", "weights.bin", "pickle"):
        (project / "artifacts" / name).write_bytes(b"\0\1\2\3")
    assert provided(project, "artifacts")


def test_too_large_an_artifact_is_rejected(project, rejected):
    assert "has 7 bytes" in rejected("artifacts/model.onnx", max_bytes=6)
    assert "has 7 bytes" in rejected("artifacts", max_bytes=6)
    assert provided(project, "artifacts", max_bytes=7)


def test_archive_counts_decompressed(project, rejected):
    bomb = project / "artifacts/bomb.skops"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "x" * 5_000_000)
    assert bomb.stat().st_size < 10_000
    assert "has 5000000 bytes, decompressed" in rejected("artifacts/bomb.skops", max_bytes=1000_000)


def test_what_only_ends_like_an_archive_is_a_file(project):
    (project / "artifacts/model.onnx").write_bytes(b"x" * 9 + b"PK\5\6" + b"\xff" * 18)
    assert provided(project, "artifacts/model.onnx")


def test_archive_of_a_newer_kind_is_a_file(project):
    archive = project / "artifacts/model.skops"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("schema.json", "{}")
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\1\2") + 6] = 99  # the version that is needed to read it
    archive.write_bytes(content)
    assert provided(project, "artifacts/model.skops")


def test_command_prints_the_checksum_or_one_line(project, capsys):
    assert main([str(project / "artifacts/model.onnx")]) == 0
    assert capsys.readouterr().out == f"{checksum(project / 'artifacts/model.onnx')}\n"
    for arguments in ([], [""], [str(project / "none")], ["a", "b"]):
        assert main(arguments) == 78
        assert capsys.readouterr().err.count("\n") == 1
