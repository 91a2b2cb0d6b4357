#!/usr/bin/env bash
# Step one of the action: the binary that was given, or one built from the action's own sources. Later steps find it by name.
set -euo pipefail
if [ -n "$GIVEN_BINARY" ]; then
  binary=$(realpath "$GIVEN_BINARY")
  [ -x "$binary" ] || { echo "::error::the input binary, $GIVEN_BINARY, is no program"; exit 2; }
else
  echo "::group::building ampls-dns"
  cargo build --release --locked --bin ampls-dns --manifest-path "$ACTION_FOLDER/Cargo.toml" --target-dir "$RUNNER_TEMP/ampls-dns-target"
  echo "::endgroup::"
  binary=$RUNNER_TEMP/ampls-dns-target/release/ampls-dns
fi
mkdir -p "$RUNNER_TEMP/ampls-dns-bin"
ln -sf "$binary" "$RUNNER_TEMP/ampls-dns-bin/ampls-dns"
echo "$RUNNER_TEMP/ampls-dns-bin" >>"$GITHUB_PATH"
echo "binary=$binary" >>"$GITHUB_OUTPUT"
