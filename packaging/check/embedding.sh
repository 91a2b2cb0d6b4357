# The test suites of other languages, with the program in PATH as their READMEs say. Those of pytest and node:test run with their packages.
programs=$CHECK_TEMPORARY/programs
mkdir -p "$programs"
ln -sf "$binary" "$programs/ampls-dns"
PATH="$programs:$PATH" "$SOURCE/integration/embedding/shell/names.sh"
command -v go >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends golang-go >/dev/null; }
go version
cp -r "$SOURCE/integration/embedding/go" "$CHECK_TEMPORARY/go"
(
  cd "$CHECK_TEMPORARY/go"
  export PATH="$programs:$PATH" GOCACHE=$CHECK_TEMPORARY/go-cache GOTOOLCHAIN=local GOFLAGS=-mod=readonly
  [ -z "$(gofmt -l .)" ] || fail "gofmt would change integration/embedding/go"
  go vet ./...
  go test -count=1 ./...
)
# Its packages are on nuget.org. Where the SDK is, as on GitHub's runners, it runs.
if command -v dotnet >/dev/null; then
  cp -r "$SOURCE/integration/embedding/dotnet" "$CHECK_TEMPORARY/dotnet"
  (cd "$CHECK_TEMPORARY/dotnet" && PATH="$programs:$PATH" DOTNET_CLI_TELEMETRY_OPTOUT=1 dotnet test)
else
  echo "the tests for .NET were not run: this machine has no dotnet"
fi
