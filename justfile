# What one does daily. CI runs `just ci`'s parts through .ci/run.

# All checks, as CI runs them.
ci: format lint test clients doc package

# What one runs before a commit: format, lint, unit and integration tests. At most eight minutes from cold on two cores.
quick: format lint test

# Is the code formatted?
format:
    cargo fmt --check

# Clippy, warnings denied.
lint:
    cargo clippy --locked --all-targets -- -D warnings

# The README's test command.
test:
    cargo test --locked

# The tests with real dig, nslookup and host, which must be there.
clients:
    CI=true cargo test --locked --test integration clients

# Exports held against the real servers, which must be there.
exports:
    CI=true cargo test --locked --test integration exports

# The product against the independent model in integration/model, on so many random histories.
model HISTORIES='1000':
    AMPLS_DNS_HISTORIES={{HISTORIES}} cargo test --locked --test integration model:: -- --nocapture

# The laws of the tests on other cases than the usual ones, so many times.
explore TIMES='5' *FILTER:
    for _ in $(seq {{TIMES}}); do seed=$(shuf -i 2-999999 -n 1); echo "PROPTEST_RNG_SEED=$seed"; PROPTEST_RNG_SEED=$seed cargo test --locked -- {{FILTER}} || exit; done

# Fuzz a target (packet, wire, master, scenario, spec, addition, import, admin) or all, for so many seconds each.
fuzz TARGET='all' SECONDS='60' *OPTIONS:
    integration/fuzz/run {{TARGET}} {{SECONDS}} {{OPTIONS}}

# A server under load, reloads, steps, hostile packets, slow clients and a failing upstream, for so many minutes.
soak MINUTES='30':
    cargo build --release --locked
    python3 integration/soak.py {{MINUTES}} target/release/ampls-dns

# What building costs from cold: a clone to its first answer, and `cargo test`.
build-times *PARTS:
    integration/bench/build.sh {{PARTS}}

# The documentation, links checked.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# schemathesis against the admin API of the release build; installs it once.
schemathesis:
    cargo build --release --locked
    integration/schemathesis.sh

# Serve a scenario.
run *ARGUMENTS:
    cargo run --release -- serve {{ARGUMENTS}}

# What answering, deciding and compiling take, case by case.
bench *ARGUMENTS:
    cargo bench --locked --bench answers -- {{ARGUMENTS}}

# Revisions replaced ten times a second at half of what saturates one worker: nothing lost, nothing mixed.
republish NETWORKS="100" SECONDS="30":
    cargo run --release --locked --example republish -- {{NETWORKS}} {{SECONDS}}

# The server beside its peers: installs them from Debian, writes integration/bench/RESULTS.md.
bench-peers *ARGUMENTS:
    integration/bench/peers.sh {{ARGUMENTS}}

# Draws the plots of RESULTS.md from its tables.
plots:
    python3 integration/bench/plots.py

# Look at changed snapshots and accept them.
snapshots:
    INSTA_UPDATE=always cargo test --locked

# What cargo would publish, built by itself.
package:
    cargo package --locked --allow-dirty

# The labs in containers, all or those named; starts an engine where none runs.
labs *NAMES:
    docker/labs.sh {{NAMES}}

# The container image.
image:
    docker build -f docker/Dockerfile -t ampls-dns .

# Compose files and Kubernetes manifests, without an engine.
lab-files:
    cargo build --release --locked
    docker/check.sh target/release/ampls-dns

# The page in headless Chromium (Debian: chromium, nodejs, npm), with the binary that is built.
page:
    cd integration/page && npm ci --no-audit --no-fund && npm test

# Every message the product can print, with its place in the sources, for a reader.
messages:
    cargo test --locked --test integration words::list_of_all_messages -- --ignored --nocapture

# Make the README's screenshot again.
screenshot:
    cd integration/page && npm ci --no-audit --no-fund && npm run screenshot

# Every package from a static binary, each tried as its users install it.
packages *PARTS:
    packaging/check.sh "$(packaging/build.sh)" {{PARTS}}
