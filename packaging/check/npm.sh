# The npm packages: installed from their tarballs into an empty project, the program by npx, and the example tests.
npm_out=$CHECK_OUT/npm
mkdir "$npm_out"
"$PACKAGING/npm.sh" "$binary" "$npm_out"
project=$CHECK_TEMPORARY/npm-project
mkdir "$project"
cd "$project"
npm init -y >/dev/null
# The tarballs from here, whatever a registry has under these names. `--omit=optional`: the other platforms are not published yet,
# and this one's is installed by its file.
npm install --silent --no-audit --no-fund --omit=optional --save-dev typescript@5 @types/node@20 >/dev/null
npm install --silent --no-audit --no-fund --omit=optional "$npm_out"/ampls-dns-linux-*.tgz "$npm_out/ampls-dns-$VERSION.tgz" >/dev/null
[ "$(npx --no-install ampls-dns --version)" = "ampls-dns $VERSION" ] || fail "another version"
# The process of npm itself would take the signal: the same link as npx runs.
serves node_modules/.bin/ampls-dns serve
cp "$PACKAGING/npm/ampls-dns/test/example.test.ts" "$SOURCE"/integration/embedding/node/*.test.mjs .
npx --no-install tsc --strict --target es2022 --module nodenext --moduleResolution nodenext --types node example.test.ts
node --test ./*.test.*js
cd - >/dev/null
