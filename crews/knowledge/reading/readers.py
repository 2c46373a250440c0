"""The reader of a source."""

from crews.knowledge.reading import places
from crews.knowledge.reading.files import FilesReader
from crews.knowledge.reading.help_center import HelpCenterReader
from crews.knowledge.reading.reader import SourceReader
from crews.knowledge.reading.records import RecordsReader
from crews.knowledge.reading.settings_reader import SettingsReader
from crews.knowledge.reading.site import SiteReader
from crews.knowledge.sources import DeclaredSource, IngestContext


def reader_of(declared: DeclaredSource, around: IngestContext) -> SourceReader:
    """Return what reads a source."""
    source = declared.source
    folder = places.folder_of(around.configuration, source.folder)
    if source.kind == "records":
        return RecordsReader(source, folder, declared.records)
    if source.kind == "files":
        return FilesReader(source, folder)
    if source.kind == "site":
        return SiteReader(source, declared.settings.tools.private_hosts)
    if source.kind == "portal":
        return HelpCenterReader(source, around.account)
    return SettingsReader(source, declared.settings, declared.records)
