"""Uploaded files on their way to the worker."""

import secrets
import shutil
import unicodedata
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from gridhall.journeys.jobs.imports import uploads

#: File systems allow 255 bytes for a name; the rest is room for what is put before it.
_LONGEST = 180


def keep(file: "UploadedFile[Any]") -> str:
    """This will put an uploaded file where the worker finds it, and give its place below `uploads`.

    A large file, which lies on disk already, is moved rather than read. The folder's name cannot be guessed, the file's
    own is made harmless: no path, no control or direction characters.
    """
    folder = uploads() / secrets.token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    target = folder / safe_name(file.name or "")
    if isinstance(file, TemporaryUploadedFile):
        shutil.move(file.temporary_file_path(), target)
    else:
        with target.open("wb") as stream:
            for chunk in file.chunks():
                stream.write(chunk)
    return str(target.relative_to(uploads()))


def safe_name(name: str) -> str:
    """A name that is only a name, with its ending kept.

    >>> safe_name("../../etc/passwd"), safe_name("读数.csv.gz"), safe_name("a\\x00b\\u202e.csv"), safe_name("")
    ('passwd', '读数.csv.gz', 'ab.csv', 'readings')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in last if unicodedata.category(each)[0] != "C").strip(". ")
    if not shown:
        return "readings"
    stem, endings = shown, ""
    for _ in range(2):
        head, dot, ending = stem.rpartition(".")
        if dot and head and len(ending) <= 10:
            stem, endings = head, f".{ending}{endings}"
    room = _LONGEST - len(endings.encode())
    return stem.encode()[:room].decode(errors="ignore") + endings
