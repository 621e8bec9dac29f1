"""How a page takes a file of any size: access is checked first, then the bytes go straight to the disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from pinconnect.datasets.services.stores import Spool, Spooled, UploadRefusedError
from pinconnect.workspaces.access import View, WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


class SpooledUpload(UploadedFile):
    """An uploaded file on the local disk, or the reason there is none. Closing it (Django does) removes it."""

    def __init__(self, spool: Spool | None, name: str, content_type: str) -> None:
        super().__init__(None, name, content_type, size=0)
        self._spool = spool
        self.spooled: Spooled | None = None
        self.refused: UploadRefusedError | None = None

    def take(self, data: bytes) -> None:
        if self.refused or self._spool is None:
            return
        try:
            self._spool.write(data)
        except UploadRefusedError as error:
            self.refuse(error)

    def complete(self) -> None:
        if self.refused or self._spool is None:
            return
        try:
            self.spooled = self._spool.finish()
        except UploadRefusedError as error:
            self.refuse(error)
        else:
            self.size = self.spooled.size

    def refuse(self, error: UploadRefusedError) -> None:
        self.refused = error
        self.close()

    def close(self) -> None:
        if self._spool is not None:
            self._spool.discard()


class SpoolingUploadHandler(FileUploadHandler):
    """Writes the field called "file" to the disk as it arrives, counted and hashed; drops any other file."""

    file: SpooledUpload | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = None
        if self.field_name == "file":
            try:
                self.file = SpooledUpload(Spool(), self.file_name or "", self.content_type or "")
            except UploadRefusedError as error:
                self.file = SpooledUpload(None, self.file_name or "", self.content_type or "")
                self.file.refuse(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.file is not None:
            self.file.take(raw_data)
        return None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if self.file is not None:
            self.file.complete()
        return self.file

    def upload_interrupted(self) -> None:
        if self.file is not None:
            self.file.close()


def upload_view(view: View) -> View:
    """A page for marketers whose form has a file.

    Checking the CSRF token reads the whole body, so it happens after access was checked: what a stranger sends is
    never written to the disk.
    """

    @wraps(view)
    def spooling(request: WorkspaceRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            request.upload_handlers = [SpoolingUploadHandler(request)]
        return protected(request, *args, **kwargs)

    protected: Callable[..., HttpResponseBase] = csrf_protect(view)
    return csrf_exempt(workspace_view(Verb.OPERATE)(spooling))
