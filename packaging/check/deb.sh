# The Debian package: installed into a chroot, started there by hand as the unit starts it, and purged without a trace.
deb=$("$PACKAGING/deb.sh" "$binary" "$CHECK_OUT")
first=$(sha256sum <"$deb")
"$PACKAGING/deb.sh" "$binary" "$CHECK_OUT" >/dev/null
[ "$first" = "$(sha256sum <"$deb")" ] || fail "two packages of the same binary differ"
command -v busybox >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends busybox-static >/dev/null; }
command -v systemd-analyze >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends systemd >/dev/null; }
root=$CHECK_TEMPORARY/root
mkdir -p "$root"/{bin,dev,etc,tmp,usr/bin,var/lib/dpkg/info,var/lib/dpkg/updates}
touch "$root/var/lib/dpkg/status"
cp "$(command -v busybox)" "$root/bin/busybox"
for program in sh rmdir kill; do ln -s busybox "$root/bin/$program"; done
chmod 1777 "$root/tmp"
# The scripts of the package run in the chroot, with this shell.
chroot "$root" /bin/sh -c : || fail "busybox is linked dynamically; install busybox-static"
: >"$root/dev/null"
before=$(cd "$root" && find . -not -type d -not -path './var/lib/dpkg*' | sort)
run_dpkg() { dpkg --root="$root" --log=/dev/null "$@" >"$CHECK_TEMPORARY/dpkg.log" 2>&1 || { cat "$CHECK_TEMPORARY/dpkg.log"; fail "dpkg $*"; }; }
run_dpkg --install "$deb"
for file in usr/bin/ampls-dns usr/lib/systemd/system/ampls-dns.service etc/default/ampls-dns usr/share/man/man1/ampls-dns.1.gz \
  usr/share/doc/ampls-dns/copyright; do
  [ -s "$root/$file" ] || fail "the package has no $file"
done
if command -v lintian >/dev/null; then lintian --fail-on error --suppress-tags statically-linked-binary,embedded-library "$deb"; fi
# The unit as systemd reads it, and how much it leaves open.
unit=$CHECK_TEMPORARY/unit/ampls-dns.service
mkdir "$(dirname "$unit")"
sed "s|/usr/bin/ampls-dns|$root/usr/bin/ampls-dns|" "$root/usr/lib/systemd/system/ampls-dns.service" >"$unit"
systemd-analyze verify --man=no "$unit" 2>&1 | grep -v 'Failed to prepare filename\|SO_PASSCRED\|initctl' | grep -F "ampls-dns" && fail "the unit" || true
systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" | tail -n 1
# By hand, with the command and the readiness of the unit, as a user who is not root.
grep -qx 'ExecStart=/usr/bin/ampls-dns serve' "$root/usr/lib/systemd/system/ampls-dns.service" || fail "another command"
python3 - "$root" <<'PYTHON'
import os, signal, socket, subprocess, sys

root = sys.argv[1]
# A path has 107 bytes at most, and this root's may be longer.
os.chdir(root + "/tmp")
service = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
service.bind("notify.sock")
os.chmod("notify.sock", 0o666)
service.settimeout(60)
environment = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": "/tmp/notify.sock", "AMPLS_DNS_BASE_PORT": "0", "AMPLS_DNS_ADMIN": "off"}
command = ["chroot", "--userspec=65534:65534", root, "/usr/bin/ampls-dns", "serve"]
server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    said = service.recv(4096).decode()
    assert "READY=1" in said and "STATUS=serving two-scopes-one-dns" in said, said
    server.send_signal(signal.SIGTERM)
    assert "STOPPING=1" in service.recv(4096).decode()
    assert server.wait(30) == 0
finally:
    if server.poll() is None:
        server.kill()
    os.unlink("notify.sock")
print("started by hand: " + said.split("STATUS=")[1].strip())
PYTHON
serves chroot --userspec=65534:65534 "$root" /usr/bin/ampls-dns serve
echo 'AMPLS_DNS_WATCH=true' >>"$root/etc/default/ampls-dns"
run_dpkg --remove ampls-dns
grep -q AMPLS_DNS_WATCH "$root/etc/default/ampls-dns" || fail "removing took the settings"
run_dpkg --purge ampls-dns
after=$(cd "$root" && find . -not -type d -not -path './var/lib/dpkg*' | sort)
[ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after"); fail "purging left files"; }
[ ! -e "$root/etc/ampls-dns" ] && [ ! -e "$root/usr/share/doc/ampls-dns" ] || fail "purging left folders"
echo "installed, removed and purged"
