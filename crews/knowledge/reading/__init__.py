"""From a source to its documents: records, files, sites, help centres and settings, each within bounds."""
