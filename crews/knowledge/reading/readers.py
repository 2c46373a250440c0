"""The reader of a source."""

from crews.knowledge.declared import Declared, Surroundings
from crews.knowledge.reading import places
from crews.knowledge.reading.files import Files
from crews.knowledge.reading.found import Reader
from crews.knowledge.reading.pages import Pages
from crews.knowledge.reading.portal import Portal
from crews.knowledge.reading.records import Records
from crews.knowledge.reading.said import Said


def reader_of(declared: Declared, around: Surroundings) -> Reader:
    """Return what reads a source."""
    source = declared.source
    folder = places.folder_of(around.configuration, source.folder)
    if source.kind == "records":
        return Records(source, folder)
    if source.kind == "files":
        return Files(source, folder)
    if source.kind == "site":
        return Pages(source, declared.settings.tools.private_hosts)
    if source.kind == "portal":
        return Portal(source, around.account)
    return Said(source, declared.settings)
