#!/usr/bin/env bash
# The first step of the action: a program from where the inputs say. Later steps find it by name.
set -euo pipefail
stop() { echo "::error::$*"; exit 2; }

version=${VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' "$ACTION_FOLDER/Cargo.toml" | head -n 1)}
folder=$RUNNER_TEMP/ampls-dns-$version
mkdir -p "$folder"
if [ -n "$GIVEN_BINARY" ]; then
  binary=$(realpath "$GIVEN_BINARY")
  [ -x "$binary" ] || stop "the input binary, $GIVEN_BINARY, is not a program"
else
  case "$INSTALL" in
    release)
      [ "$(uname -s)" = Linux ] || stop "releases for this action are for Linux; use \`install: pip\` or \`install: npm\`"
      name=ampls-dns-$version-$(uname -m)-linux
      # AMPLS_DNS_RELEASES is for mirrors.
      base=${AMPLS_DNS_RELEASES:-${GITHUB_SERVER_URL:-https://github.com}/$ACTION_REPOSITORY/releases/download}
      for file in "$name.tar.gz" "$name.tar.gz.sha256"; do
        curl --fail --silent --show-error --location --retry 3 --output "$folder/$file" "$base/v$version/$file" ||
          stop "no release of version $version at $base; use \`install: pip\`, \`npm\` or \`source\`, or the input \`binary\`"
      done
      (cd "$folder" && sha256sum --quiet --check "$name.tar.gz.sha256") || stop "the checksum of $name.tar.gz does not match"
      tar -xzf "$folder/$name.tar.gz" -C "$folder"
      binary=$folder/$name/ampls-dns
      ;;
    pip)
      python3 -m venv "$folder/python"
      "$folder/python/bin/pip" install --quiet --disable-pip-version-check "ampls-dns==$version"
      binary=$folder/python/bin/ampls-dns
      ;;
    npm)
      npm install --silent --no-audit --no-fund --prefix "$folder/npm" "ampls-dns@$version"
      binary=$folder/npm/node_modules/.bin/ampls-dns
      ;;
    source)
      echo "::group::building ampls-dns"
      cargo build --release --locked --bin ampls-dns --manifest-path "$ACTION_FOLDER/Cargo.toml" --target-dir "$folder/target"
      echo "::endgroup::"
      binary=$folder/target/release/ampls-dns
      ;;
    *) stop "unknown install: $INSTALL; expected release, pip, npm or source" ;;
  esac
fi
"$binary" --version
mkdir -p "$RUNNER_TEMP/ampls-dns-bin"
ln -sf "$binary" "$RUNNER_TEMP/ampls-dns-bin/ampls-dns"
echo "$RUNNER_TEMP/ampls-dns-bin" >>"$GITHUB_PATH"
echo "binary=$binary" >>"$GITHUB_OUTPUT"
