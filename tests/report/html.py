"""A page as its reader finds it: well-formed, complete in itself, and the words that it shows."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """Reads a page.

    Attributes:
        faults: what is not well-formed.
        tags: each with its attributes.
        words: the text of each element that has any, stripped.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) > len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice: {names}")
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop() if self._open else None
        if opened != tag:
            self.faults.append(f"</{tag}> closes <{opened}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._open:
            self.words.append(data.strip())

    def values(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]

    def places(self, scheme: str) -> list[str]:
        """The links that begin so."""
        return [href for href in self.values("href") if href.startswith(scheme)]
