# An engine for the labs: the one that runs here, or one of their own that is started and ended by them. Sourced, not run.
#
# An engine of their own has its socket, its data and its process files in $LAB_TEMPORARY, no default bridge, and pulls
# nothing: `debian:bookworm-slim` and `rust:1.95-slim-bookworm` are made from Debian's packages and the installed toolchain.

export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0

# What the stand-ins have beside Debian's smallest system. The first line is for building, the others are the clients' and
# forwarders'. docker/lab/Dockerfile installs the same where it meets the real debian:bookworm-slim.
LAB_BUILDING="gcc libc6-dev golang-go musl-tools"
LAB_CLIENTS="bind9-dnsutils bind9-host busybox-static iproute2 knot-dnsutils ldnsutils netcat-openbsd nodejs procps python3-minimal"
LAB_FORWARDERS="bind9 dnsmasq-base dbus libnss-resolve systemd-resolved unbound"

engine_say() { printf '\n-- %s\n' "$*"; }

# Uses the engine that answers, else starts one. Sets LAB_OWN_ENGINE to yes or no.
engine_up() {
  if [ "${AMPLS_DNS_LAB_ENGINE:-}" != own ] && docker info >/dev/null 2>&1; then
    LAB_OWN_ENGINE=no
    engine_say "using the engine that runs here"
    return
  fi
  [ "$(id -u)" = 0 ] || { echo "no engine answers, and only root can start one" >&2; return 2; }
  LAB_OWN_ENGINE=yes
  local wanted=() program
  for program in dockerd:docker.io docker-compose:docker-compose debootstrap:debootstrap iptables:iptables; do
    command -v "${program%%:*}" >/dev/null || wanted+=("${program##*:}")
  done
  if [ "${#wanted[@]}" -gt 0 ]; then
    engine_say "installing ${wanted[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${wanted[@]}" >/dev/null
  fi
  LAB_FORWARDING=$(cat /proc/sys/net/ipv4/ip_forward)
  LAB_FORWARD_POLICY=$(iptables -S FORWARD | sed -n 's/^-P FORWARD //p')
  mkdir -p "$LAB_TEMPORARY/engine"
  export DOCKER_HOST="unix://$LAB_TEMPORARY/engine/docker.sock"
  engine_say "starting an engine at $DOCKER_HOST"
  dockerd --host "$DOCKER_HOST" --data-root "$LAB_TEMPORARY/engine/data" --exec-root "$LAB_TEMPORARY/engine/exec" \
    --pidfile "$LAB_TEMPORARY/engine/pid" --bridge none >"$LAB_TEMPORARY/engine/log" 2>&1 &
  LAB_ENGINE_PID=$!
  local attempt
  for attempt in $(seq 120); do
    docker info >/dev/null 2>&1 && return
    kill -0 "$LAB_ENGINE_PID" 2>/dev/null || break
    sleep 0.25
  done
  echo "the engine did not start; its last words:" >&2
  tail -n 20 "$LAB_TEMPORARY/engine/log" >&2
  return 2
}

# Ends an engine of the labs' own, by its process id, and takes back what it changed on this machine.
engine_down() {
  [ "${LAB_OWN_ENGINE:-no}" = yes ] || return 0
  # Its own containers and networks: an engine that ends leaves their bridges and rules on the machine.
  local bridges bridge
  docker ps --all --quiet 2>/dev/null | xargs -r docker rm --force >/dev/null 2>&1
  docker network prune --force >/dev/null 2>&1
  bridges=$(docker network ls --quiet --filter driver=bridge 2>/dev/null | sed 's/^/br-/')
  if [ -n "${LAB_ENGINE_PID:-}" ] && kill -TERM "$LAB_ENGINE_PID" 2>/dev/null; then
    local attempt
    for attempt in $(seq 80); do
      kill -0 "$LAB_ENGINE_PID" 2>/dev/null || break
      sleep 0.25
    done
    kill -KILL "$LAB_ENGINE_PID" 2>/dev/null || true
    wait "$LAB_ENGINE_PID" 2>/dev/null || true
  fi
  local mount table chain
  # Deepest first.
  for mount in $(awk -v under="$LAB_TEMPORARY/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r); do
    umount "$mount" 2>/dev/null || true
  done
  for bridge in $bridges; do
    ip link delete "$bridge" 2>/dev/null || true
    for table in filter nat; do
      iptables -t "$table" -S 2>/dev/null | grep -E -- " $bridge( |\$)" | sed 's/^-A/-D/' |
        while read -r rule; do eval iptables -t "$table" "$rule"; done
    done
  done
  for table in filter nat; do
    iptables -t "$table" -S 2>/dev/null | grep -E '^-A (FORWARD|PREROUTING|OUTPUT|POSTROUTING) .*-j DOCKER' |
      sed 's/^-A/-D/' | while read -r rule; do eval iptables -t "$table" "$rule"; done
    for chain in $(iptables -t "$table" -S 2>/dev/null | sed -n 's/^-N \(DOCKER.*\)/\1/p'); do
      iptables -t "$table" -F "$chain"
    done
    for chain in $(iptables -t "$table" -S 2>/dev/null | sed -n 's/^-N \(DOCKER.*\)/\1/p'); do
      iptables -t "$table" -X "$chain" || true
    done
  done
  [ -z "${LAB_FORWARD_POLICY:-}" ] || iptables -P FORWARD "$LAB_FORWARD_POLICY"
  [ -z "${LAB_FORWARDING:-}" ] || echo "$LAB_FORWARDING" >/proc/sys/net/ipv4/ip_forward
}

# The images the Dockerfiles begin with. Nothing to do for an engine that can pull them.
engine_bases() {
  [ "$LAB_OWN_ENGINE" = yes ] || return 0
  local root="$LAB_TEMPORARY/root" keep="${AMPLS_DNS_LAB_CACHE:-}" tar
  tar="${keep:-$LAB_TEMPORARY}/bookworm-slim.tar"
  if [ ! -f "$tar" ]; then
    engine_say "making debian:bookworm-slim from Debian's packages"
    debootstrap --variant=minbase bookworm "$root" http://deb.debian.org/debian >"$LAB_TEMPORARY/debootstrap.log" 2>&1 || {
      tail -n 20 "$LAB_TEMPORARY/debootstrap.log" >&2
      return 2
    }
    # Nothing that is installed may start: it is a folder, not a machine.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2086 # words on purpose
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
      $LAB_BUILDING $LAB_CLIENTS $LAB_FORWARDERS >"$LAB_TEMPORARY/packages.log" 2>&1 || {
      tail -n 20 "$LAB_TEMPORARY/packages.log" >&2
      return 2
    }
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/*
    mkdir -p "$(dirname "$tar")"
    tar -C "$root" -cf "$tar.part" . && mv "$tar.part" "$tar"
    rm -rf "$root"
  fi
  docker import "$tar" debian:bookworm-slim >/dev/null
  [ -n "$keep" ] || rm -f "$tar"
}

# A stand-in for the official Rust image: the installed toolchain, and the crates of Cargo.lock fetched beforehand.
engine_rust() {
  [ "$LAB_OWN_ENGINE" = yes ] || return 0
  engine_say "making $LAB_RUST_IMAGE from the installed toolchain"
  local context="$LAB_TEMPORARY/rust" sysroot host home crate
  sysroot=$(rustc --print sysroot)
  host=$(rustc -vV | sed -n 's/^host: //p')
  home=${CARGO_HOME:-$HOME/.cargo}
  (cd "$LAB_SOURCE" && cargo fetch --locked --quiet) || return 2
  mkdir -p "$context/cargo/registry/cache" "$context/cargo/registry/index" "$context/rust/bin" "$context/rust/lib/rustlib"
  cp "$sysroot"/bin/{cargo,rustc} "$context/rust/bin/"
  cp "$sysroot"/lib/*.so* "$context/rust/lib/"
  cp -r "$sysroot/lib/rustlib/$host" "$context/rust/lib/rustlib/"
  for folder in "$home"/registry/index/index.crates.io-*; do
    cp -r "$folder" "$context/cargo/registry/index/"
    folder=$(basename "$folder")
    mkdir -p "$context/cargo/registry/cache/$folder"
    for crate in $(awk -F'"' '/^name = /{name=$2} /^version = /{print name "-" $2 ".crate"}' "$LAB_SOURCE/Cargo.lock"); do
      [ ! -f "$home/registry/cache/$folder/$crate" ] || cp "$home/registry/cache/$folder/$crate" "$context/cargo/registry/cache/$folder/"
    done
  done
  cat >"$context/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo CARGO_NET_OFFLINE=true \
    PATH=/usr/local/rust/bin:/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY rust /usr/local/rust
COPY cargo /usr/local/cargo
DOCKERFILE
  docker build -q -t "$LAB_RUST_IMAGE" "$context" >"$LAB_TEMPORARY/rust.log" 2>&1 || { tail -n 20 "$LAB_TEMPORARY/rust.log" >&2; return 2; }
  rm -rf "$context"
}
