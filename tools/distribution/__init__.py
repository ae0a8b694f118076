"""The files beside the binary that tools/install installs, and the Debian package. Needs only the standard library."""
