"""The rulebook that is served: tried in a child process, kept as a release, swapped without a restart."""
