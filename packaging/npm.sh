#!/usr/bin/env bash
# The npm packages: `ampls-dns`, which is JavaScript, and one with the program for the binary's platform.
#
#   packaging/npm.sh BINARY FOLDER [PLATFORM]
#
# PLATFORM is a name in npm/platforms.json; for a Linux binary it is found from the binary. `ampls-dns` names all platforms as
# optional dependencies of its own version.
. "$(dirname "$0")/release.sh"
binary=$(realpath "${1:?which binary}") folder=$(realpath "${2:?to which folder}") platform=${3:-}
if [ -z "$platform" ]; then
  require_static "$binary"
  case "$(machine_of "$binary")" in x86_64) platform=linux-x64 ;; aarch64) platform=linux-arm64 ;; esac
fi
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cp -r "$PACKAGING/npm/ampls-dns" "$temporary/main"
rm -rf "$temporary/main/test"
mkdir -p "$temporary/platform/bin"
cp "$SOURCE/LICENSE-MIT" "$SOURCE/LICENSE-APACHE" "$temporary/main/"
cp "$SOURCE/LICENSE-MIT" "$SOURCE/LICENSE-APACHE" "$temporary/platform/"
python3 "$PACKAGING/notices.py" >"$temporary/platform/THIRD-PARTY-LICENSES"
VERSION=$VERSION PLATFORM=$platform node --input-type=module - "$PACKAGING/npm/platforms.json" "$temporary" <<'JAVASCRIPT'
import { readFileSync, writeFileSync } from "node:fs";
const [platformsFile, folder] = process.argv.slice(2);
const { VERSION: version, PLATFORM: wanted } = process.env;
const platforms = JSON.parse(readFileSync(platformsFile));
const main = JSON.parse(readFileSync(`${folder}/main/package.json`));
main.version = version;
main.optionalDependencies = Object.fromEntries(platforms.map((one) => [`@ampls-dns/${one.name}`, version]));
writeFileSync(`${folder}/main/package.json`, JSON.stringify(main, null, 2) + "\n");
const own = platforms.find((one) => one.name === wanted);
if (!own) throw new Error(`no platform ${wanted} in ${platformsFile}`);
const about = {
  name: `@ampls-dns/${own.name}`, version, description: `The program ampls-dns for ${own.os} on ${own.cpu}`,
  license: main.license, repository: main.repository, os: [own.os], cpu: [own.cpu], files: ["bin", "THIRD-PARTY-LICENSES", "LICENSE-MIT", "LICENSE-APACHE"],
  preferUnplugged: true,
};
writeFileSync(`${folder}/platform/package.json`, JSON.stringify(about, null, 2) + "\n");
writeFileSync(`${folder}/platform/README.md`, `The program [ampls-dns](https://www.npmjs.com/package/ampls-dns) for ${own.os} on ${own.cpu}. Install \`ampls-dns\` instead.\n`);
writeFileSync(`${folder}/program`, own.program);
JAVASCRIPT
install -m 755 "$binary" "$temporary/platform/bin/$(cat "$temporary/program")"
settle "$temporary"
for package in platform main; do
  (cd "$temporary/$package" && npm pack --silent --pack-destination "$folder")
done
