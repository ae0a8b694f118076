#!/usr/bin/env bash
# Verifies a checkpoint against a run. Without FILE, regenerates the run and compares the digests.
#
#   audit.sh REGISTRY RUN [FILE]
#
# The exit status is that of `winit-registry verify`: 0 if everything matches, 1 if something differs. `verify` records
# its outcome in the history of the registry. This script works on a copy, so that a registry under version control does
# not change.
set -euo pipefail

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  echo "usage: audit.sh REGISTRY RUN [FILE]" >&2
  exit 64
fi
command="${WINIT_REGISTRY_COMMAND:-winit-registry}"
command -v "$command" >/dev/null || {
  echo "error: $command is not on the PATH. Install winit-registry or set \$WINIT_REGISTRY_COMMAND." >&2
  exit 66
}
[ -f "$1" ] || {
  echo "error: no registry at $1" >&2
  exit 66
}

copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
cp "$1" "$copy/registry.sqlite"
if [ $# = 3 ]; then
  "$command" verify "$2" --against "$3" --registry "$copy/registry.sqlite"
else
  "$command" verify "$2" --regenerate --registry "$copy/registry.sqlite"
fi
