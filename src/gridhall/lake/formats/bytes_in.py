"""The bytes of a file: found, told apart by their content, unpacked within limits, and hashed while they pass."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

from gridhall.lake.formats.errors import (
    ArchiveDamaged,
    ArchiveRefused,
    ExpandsTooFar,
    ExtensionMismatch,
    FileChanged,
    FileEmpty,
    FileMissing,
    NotAFile,
)

CHUNK: Final = 1 << 23
#: Readings shrink five- to thirtyfold; what shrinks much further was made to harm.
MOST_EXPANSION: Final = 150
#: Up to this size nothing is suspected.
HARMLESS_BYTES: Final = 1 << 25
#: No CSV of readings is larger than this after unpacking.
MOST_BYTES: Final = 1 << 40


class Container(StrEnum):
    """What the first bytes say that a file is."""

    TEXT = "text"
    PARQUET = "parquet"
    XML = "xml"
    GZIP = "gzip"
    ZIP = "zip"


_EXTENSIONS: Final = {
    ".parquet": {Container.PARQUET},
    ".pq": {Container.PARQUET},
    ".csv": {Container.TEXT},
    ".txt": {Container.TEXT},
    ".tsv": {Container.TEXT},
    ".xml": {Container.XML},
    ".gz": {Container.GZIP},
    ".zip": {Container.ZIP},
}


@dataclass(frozen=True)
class Found:
    """A file that is there: what it is and how large."""

    path: Path
    container: Container
    size: int
    modified_ns: int

    def unchanged(self) -> None:
        """This will make sure that nobody wrote to the file since it was found.

        Raises:
            FileChanged: when somebody did, or it is gone.
        """
        try:
            now = self.path.stat()
        except OSError as error:
            raise FileChanged("The file disappeared while it was read.", path=str(self.path)) from error
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns):
            raise FileChanged(
                "The file changed while it was read.", path=str(self.path), remedy="Import it once it is complete."
            )


def find(path: Path, *, trust_content: bool = False) -> Found:
    """This will look at a file's first bytes.

    Args:
        trust_content: accept a content that the file's name does not promise.

    Raises:
        FileMissing, NotAFile, FileEmpty, ExtensionMismatch: as they say.
    """
    place = str(path)
    try:
        status = path.stat()
        if path.is_dir():
            raise NotAFile("This is a directory.", path=place, remedy="Name the files in it, e.g. with *.csv.")
        if not path.is_file():
            raise NotAFile("This is not a regular file.", path=place)
        with path.open("rb") as stream:
            head = stream.read(4096)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileMissing("There is no such file.", path=place) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotAFile(f"The file cannot be read: {reason}.", path=place) from error
    if not head:
        raise FileEmpty("The file is empty.", path=place)
    container = _container(head)
    promised = _EXTENSIONS.get(path.suffix.lower())
    if promised and container not in promised and not trust_content:
        raise ExtensionMismatch(
            f"The name ends in {path.suffix}, but the content is {_described(container, head)}.",
            path=place,
            remedy="Rename the file after what it is, or name the form with --format.",
        )
    return Found(path, container, status.st_size, status.st_mtime_ns)


def _container(head: bytes) -> Container:
    if head.startswith(b"PAR1"):
        return Container.PARQUET
    if head.startswith(b"\x1f\x8b"):
        return Container.GZIP
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return Container.ZIP
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return Container.XML
    return Container.TEXT


def _described(container: Container, head: bytes) -> str:
    if container is Container.TEXT and b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "neither that nor text"
    return f"{container} by its first bytes"


class HashedFile:
    """A file read from front to back, its SHA-256 growing along."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self.consumed = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        self._hash.update(data)
        self.consumed += len(data)
        return data

    def hexdigest(self) -> str:
        """The SHA-256 of the whole file; what was not yet read is read now."""
        while self.read(CHUNK):
            pass
        return self._hash.hexdigest()


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def unpacked(found: Found, stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """This will give the plain content of a file that may be packed; damage and bombs are refused while reading.

    Raises:
        ArchiveRefused: an archive of none or several files, encrypted, or packed twice.
        ArchiveDamaged, ExpandsTooFar: on entering or while reading.
    """
    place = str(found.path)
    try:
        if found.container is Container.GZIP:
            with gzip.GzipFile(fileobj=stream) as plain:
                yield _Limited(plain, found)  # type: ignore[misc]
        elif found.container is Container.ZIP:
            with zipfile.ZipFile(stream) as archive, archive.open(_only_member(archive, place)) as plain:
                yield _Limited(plain, found)  # type: ignore[misc]
        else:
            yield stream
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveDamaged(
            f"The packed file is cut off or broken: {error}.", path=place, remedy="Fetch it again from its source."
        ) from error


def _only_member(archive: zipfile.ZipFile, place: str) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/") and ".DS_Store" not in member.filename
    ]
    if len(members) != 1:
        raise ArchiveRefused(
            f"The archive holds {len(members)} files.", path=place, remedy="Pack one CSV, or import the files unpacked."
        )
    member = members[0]
    if member.flag_bits & 1:
        raise ArchiveRefused("The archive is encrypted.", path=place, remedy="Unpack it first.")
    suffix = Path(member.filename).suffix.lower()
    if suffix in {".zip", ".gz", ".parquet", ".7z", ".rar", ".tar", ".tgz", ".xml"}:
        raise ArchiveRefused(
            f"The archive holds {member.filename}, not a CSV.",
            path=place,
            remedy="Unpack it and import what is inside.",
        )
    return member


class _Limited:
    """Counts what comes out of an archive and stops when it is out of all proportion."""

    def __init__(self, plain: Any, found: Found) -> None:
        self._plain, self._found, self._out = plain, found, 0

    def read(self, size: int = -1) -> bytes:
        first = self._out == 0
        data: bytes = self._plain.read(min(size, CHUNK) if size >= 0 else CHUNK)
        self._out += len(data)
        most = min(MOST_BYTES, max(HARMLESS_BYTES, self._found.size * MOST_EXPANSION))
        if self._out > most:
            raise ExpandsTooFar(
                f"{self._found.size:,} bytes unpack to more than {most:,}.",
                path=str(self._found.path),
                remedy="If the file is honest, unpack it and import the CSV.",
            )
        if first and data and _container(data[:64]) is not Container.TEXT:
            raise ArchiveRefused(
                f"Inside the archive is {_container(data[:64])}, not a CSV.",
                path=str(self._found.path),
                remedy="Unpack it and import what is inside.",
            )
        return data
