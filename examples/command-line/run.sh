#!/usr/bin/env bash
# Goes through the main commands with a tiny model, in a temporary folder, and checks every result.
# Needs winit-registry on the PATH or in $WINIT_REGISTRY_COMMAND.
set -euo pipefail
unset WINIT_REGISTRY

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
command="${WINIT_REGISTRY_COMMAND:-winit-registry}"
case "$command" in */*) command="$(cd "$(dirname "$command")" && pwd)/$(basename "$command")" ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

# run ARGUMENT…: prints the command and runs it.
run() {
  printf '$ winit-registry %s\n' "$*"
  "$command" "$@"
}

# check WHAT CONDITION…: fails unless the condition holds.
check() {
  local what="$1"
  shift
  if "$@"; then
    printf '  ok: %s\n' "$what"
  else
    printf 'FAILED: %s\n' "$what" >&2
    exit 1
  fi
}

# id RUN [OPTION…]: the id of a run.
id() { "$command" show "$@" --json | grep -o '"id": *"sha256:[0-9a-f]*"' | head -n 1 | grep -o 'sha256:[0-9a-f]*'; }

# same A B, differ A B: compare two values; an empty value, left by a command that failed, matches nothing.
same() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" = "$2" ]; }
differ() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }

# Create a model from a spec and a seed. The same spec and seed give the same id in every registry.
run create tiny --spec "$here/tiny.yaml" --seed 1
run create tiny --spec "$here/tiny.yaml" --seed 1 --recipe-only --registry recipes.sqlite
check "the recipe has the same id" same "$(id tiny)" "$(id tiny --registry recipes.sqlite)"

# Get the weights as a file, from stored bytes and from a recipe, and a slice of one tensor.
run get tiny -o tiny.safetensors
run get tiny -o again.safetensors --registry recipes.sqlite
check "the recipe gives the same file" cmp tiny.safetensors again.safetensors
run get tiny --tensor fc1.weight --slice '0:2,:' -o rows.bin
check "two rows of four float32 have 32 bytes" [ "$(wc -c <rows.bin)" -eq 32 ]

# Verify the stored bytes, the recipe, and the file.
run verify tiny
run verify tiny --against tiny.safetensors

# List runs and name one of them.
run create tiny --spec "$here/tiny.yaml" --seed 2 --tag purpose=example
run alias tiny:v1 baseline
run list 'tiny*'
check "two runs are listed" [ "$("$command" list --count)" -eq 2 ]
check "the tag finds one run" [ "$("$command" list --tag purpose=example --count)" -eq 1 ]
check "the alias refers to version 1" same "$(id tiny:baseline)" "$(id tiny:v1)"
check "another seed gives another id" differ "$(id tiny:v2)" "$(id tiny:v1)"

# Move a run to another registry.
run export tiny:baseline -o tiny.winit
run import tiny.winit --registry other.sqlite
check "the imported run has the same id" same "$(id tiny:v1)" "$(id tiny:v1 --registry other.sqlite)"
run verify tiny:v1 --registry other.sqlite
