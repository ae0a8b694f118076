#!/usr/bin/env bash
# Checks the audit: it passes on the right file, fails with status 1 on a changed file, and leaves the registry unchanged.
# Needs winit-registry on the PATH or in $WINIT_REGISTRY_COMMAND.
set -euo pipefail
unset WINIT_REGISTRY

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
command="${WINIT_REGISTRY_COMMAND:-winit-registry}"
case "$command" in */*) command="$(cd "$(dirname "$command")" && pwd)/$(basename "$command")" ;; esac
export WINIT_REGISTRY_COMMAND="$command"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

# expect STATUS WHAT COMMAND…: runs a command and compares its exit status.
expect() {
  local expected="$1" what="$2" status=0
  shift 2
  "$@" >output 2>&1 || status=$?
  if [ "$status" != "$expected" ]; then
    cat output >&2
    echo "FAILED: $what: exit status $status, expected $expected" >&2
    exit 1
  fi
  echo "ok: $what"
}

cat >tiny.yaml <<'END'
tensors:
  fc.weight: [10, 20]
  fc.bias: [10]
rules:
  - {match: "*.weight", init: {scheme: he_normal}}
  - {match: "*", init: zeros}
END
"$command" create tiny --spec tiny.yaml --seed 1 --recipe-only >/dev/null
"$command" get tiny -o step-0.safetensors >/dev/null
cp winit.sqlite before.sqlite

expect 0 "the recipe regenerates" "$here/audit.sh" winit.sqlite tiny:v1
expect 0 "the right file passes" "$here/audit.sh" winit.sqlite tiny:v1 step-0.safetensors

# Change the last byte of the file: invert its bits.
size="$(wc -c <step-0.safetensors)"
last="$(tail -c 1 step-0.safetensors | od -An -tu1 | tr -d ' ')"
printf "\\$(printf '%03o' $((last ^ 255)))" | dd of=step-0.safetensors bs=1 seek="$((size - 1))" conv=notrunc 2>/dev/null
expect 1 "a changed file fails" "$here/audit.sh" winit.sqlite tiny:v1 step-0.safetensors

expect 66 "an unknown run is not found" "$here/audit.sh" winit.sqlite tiny:v2 step-0.safetensors
expect 0 "the registry is unchanged" cmp winit.sqlite before.sqlite
