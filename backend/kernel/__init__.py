"""Value types and error families: no I/O, no framework, no knowledge of any domain."""
