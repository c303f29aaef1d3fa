"""The server: an editor's open files are checked as they are written, and its questions answered.

The protocol itself is pygls's part. Each answer is found in the tree anew, with what is open in
the editor instead of what is on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from livecd_rootfs import __version__
from livecd_rootfs.diagnostics import Diagnostic, Severity
from livecd_rootfs.errors import LivecdError
from livecd_rootfs.lint import engine
from livecd_rootfs.lint.command import Target
from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.lsp import answers
from livecd_rootfs.lint.rules import shellcheck
from livecd_rootfs.source import Span

NAME = "series-lint"
# Finds the tree around a file.
Finder = Callable[[str], Target]
_Params = TypeVar("_Params")
_Answer = TypeVar("_Answer")
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_KINDS = {
    "keyword": types.CompletionItemKind.Keyword,
    "series": types.CompletionItemKind.Module,
    "hook": types.CompletionItemKind.File,
    "artifact": types.CompletionItemKind.Value,
}


def serve(find: Finder) -> None:
    """Speak with an editor by standard input and output, until it says goodbye."""
    made(find).start_io()


def made(find: Finder) -> LanguageServer:
    """A server that is ready to be started.

    Args:
        find: finds the tree around a file.
    """
    server = LanguageServer(NAME, __version__)
    desk = _Desk(server, find)
    feature = server.feature
    feature(types.TEXT_DOCUMENT_DID_OPEN)(_function(desk.opened))
    feature(types.TEXT_DOCUMENT_DID_CHANGE)(_function(desk.changed))
    feature(types.TEXT_DOCUMENT_DID_SAVE)(_function(desk.opened))
    feature(types.TEXT_DOCUMENT_DID_CLOSE)(_function(desk.closed))
    feature(types.TEXT_DOCUMENT_DEFINITION)(_function(desk.definition))
    feature(types.TEXT_DOCUMENT_HOVER)(_function(desk.hover))
    options = types.CompletionOptions(trigger_characters=[" ", "/"])
    feature(types.TEXT_DOCUMENT_COMPLETION, options)(_function(desk.completion))
    return server


def _function(method: Callable[[_Params], _Answer]) -> Callable[[_Params], _Answer]:
    """A method as a function: pygls keeps notes in attributes, and a method takes none."""

    def answer(params: _Params) -> _Answer:
        return method(params)

    return answer


class _Desk:
    """Answers one editor.

    Args:
        server: speaks with it.
        find: finds the tree around a file.
    """

    def __init__(self, server: LanguageServer, find: Finder) -> None:
        self._server = server
        self._find = find

    def opened(
        self, params: types.DidOpenTextDocumentParams | types.DidSaveTextDocumentParams
    ) -> None:
        """Check a file whole."""
        self._check(params.text_document.uri, with_disk=True)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """Check a file as it is written; what programs find in it has to wait until it is saved."""
        self._check(params.text_document.uri, with_disk=False)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        """Take back what was said of a file."""
        self._publish(params.text_document.uri, [])

    def definition(self, params: types.DefinitionParams) -> list[types.Location]:
        """Where that is made which a line names."""
        path, context = self._asked(params.text_document.uri)
        if context is None:
            return []
        line = params.position.line + 1
        return [self._location(span) for span in answers.definitions(context, path, line)]

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What there is to know of a line."""
        path, context = self._asked(params.text_document.uri)
        text = answers.hover(context, path, params.position.line + 1) if context else ""
        if not text:
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))

    def completion(self, params: types.CompletionParams) -> types.CompletionList:
        """The words that fit."""
        path, context = self._asked(params.text_document.uri)
        document = self._document(params.text_document.uri)
        lines = document.lines
        at = document.position_codec.position_from_client_units(lines, params.position)
        line = lines[at.line] if at.line < len(lines) else ""
        found = answers.completions(context, path, line[: at.character]) if context else ()
        items = [types.CompletionItem(label=one.text, kind=_KINDS[one.kind]) for one in found]
        return types.CompletionList(is_incomplete=False, items=items)

    def _asked(self, uri: str) -> tuple[str, Context | None]:
        path = _path(uri)
        target = self._target(path)
        return path, target.context(self._unsaved()) if target else None

    def _target(self, path: str) -> Target | None:
        """The tree around a file; files elsewhere are none of ours."""
        try:
            return self._find(path)
        except LivecdError:
            return None

    def _unsaved(self) -> dict[str, bytes]:
        documents = self._server.workspace.text_documents
        return {_path(uri): document.source.encode() for uri, document in documents.items()}

    def _document(self, uri: str) -> TextDocument:
        return self._server.workspace.get_text_document(uri)

    def _check(self, uri: str, *, with_disk: bool) -> None:
        path = _path(uri)
        target = self._target(path)
        if target is None:
            return
        rules = [rule for rule in target.rules if with_disk or rule is not shellcheck]
        found = engine.run(target.context(self._unsaved()), rules).findings
        self._publish(uri, [one for one in found if _is_in(one, path)])

    def _publish(self, uri: str, found: Iterable[Diagnostic]) -> None:
        shown = [self._shown(one) for one in found]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=shown)
        )

    def _shown(self, found: Diagnostic) -> types.Diagnostic:
        label, *others = found.labels
        notes = [label.text, *found.notes, *([f"help: {found.help}"] if found.help else [])]
        return types.Diagnostic(
            range=self._range(label.span),
            severity=_SEVERITIES[found.severity],
            code=found.code,
            source=NAME,
            message="\n".join([found.message, *filter(None, notes)]),
            related_information=[
                types.DiagnosticRelatedInformation(
                    location=self._location(other.span), message=other.text or found.code
                )
                for other in others
            ],
        )

    def _location(self, span: Span) -> types.Location:
        uri = uris.from_fs_path(os.path.realpath(span.source.path)) or ""
        return types.Location(uri=uri, range=self._range(span))

    def _range(self, span: Span) -> types.Range:
        """The same in the units of the editor, which may count UTF-16."""
        source = span.source
        ends = (source.position(span.start), source.position(span.end))
        codec = self._server.workspace.position_codec
        lines = source.text.split("\n")
        start, end = (
            codec.position_to_client_units(
                lines, types.Position(line=at.line - 1, character=at.column - 1)
            )
            for at in ends
        )
        return types.Range(start=start, end=end)


def _path(uri: str) -> str:
    return uris.to_fs_path(uri) or uri


def _is_in(found: Diagnostic, path: str) -> bool:
    return bool(found.labels) and os.path.realpath(found.labels[0].span.source.path) == (
        os.path.realpath(path)
    )
