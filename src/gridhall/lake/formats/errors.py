"""Why a whole file is refused; nothing of a refused file is taken in."""

from gridhall.kernel.errors import GridhallError


class FileRefused(GridhallError):
    """The file as a whole cannot be read; its rows were not looked at, or are forgotten."""

    code = "file_refused"


class FileMissing(FileRefused):
    """There is no file of that name."""

    code = "file_missing"


class NotAFile(FileRefused):
    """It is a directory, a device, or not ours to read."""

    code = "not_a_file"


class FileEmpty(FileRefused):
    """There is nothing in the file, or nothing below its header."""

    code = "file_empty"


class FileChanged(FileRefused):
    """The file was written to while it was read."""

    code = "file_changed"


class FormatUnknown(FileRefused):
    """The content is none of the forms that readings come in, or not the one that was asked for."""

    code = "format_unknown"


class ExtensionMismatch(FileRefused):
    """The content is not what the file's name says it is."""

    code = "extension_mismatch"


class ColumnsUnknown(FileRefused):
    """The header does not say where usage point, time and energy stand."""

    code = "columns_unknown"


class ParquetDamaged(FileRefused):
    """The Parquet file is cut off or broken."""

    code = "parquet_damaged"


class ArchiveDamaged(FileRefused):
    """The compressed file is cut off or broken."""

    code = "archive_damaged"


class ArchiveRefused(FileRefused):
    """The archive holds other than one plain CSV."""

    code = "archive_refused"


class ExpandsTooFar(FileRefused):
    """The file grows out of proportion when it is unpacked, as a zip bomb does."""

    code = "expands_too_far"


class TextUnreadable(FileRefused):
    """The file is no text in UTF-8, UTF-16 or GB18030, or has lines of absurd length."""

    code = "text_unreadable"
