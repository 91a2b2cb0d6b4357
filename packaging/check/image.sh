# The image: loaded into the labs' engine, its labels, run as they say, and the Testcontainers modules of Python and Node with it.
[ "${AMPLS_DNS_DYNAMIC:-}" != yes ] || fail "a binary that is linked dynamically runs in no image from scratch"
image=$("$PACKAGING/image.sh" "$binary" "$CHECK_OUT")
export LAB_TEMPORARY=$CHECK_TEMPORARY/labs
mkdir "$LAB_TEMPORARY"
. "$SOURCE/docker/engine.sh"
CHECK_DOWN=engine_down
engine_up || exit 3
docker load --quiet --input "$image"
label() { docker image inspect --format "{{ index .Config.Labels \"org.opencontainers.image.$1\" }}" "ampls-dns:$VERSION"; }
[ "$(label version)" = "$VERSION" ] && [ "$(label revision)" = "$REVISION" ] && [ "$(label source)" = "$REPOSITORY" ] || fail "the labels"
# An engine of the labs' own has no default bridge.
docker network create ampls-dns-packages >/dev/null
# Who asks from the bridge is in no network of the estate: the EDNS client subnet says in which.
container=$(docker run --detach --network ampls-dns-packages --env AMPLS_DNS_TRUST_ECS=0.0.0.0/0 --read-only --cap-drop ALL --security-opt no-new-privileges "ampls-dns:$VERSION")
for _ in $(seq 100); do [ "$(docker inspect --format '{{ .State.Health.Status }}' "$container")" = healthy ] && break; sleep 0.2; done
docker exec "$container" /ampls-dns status | head -n 1
address=$(docker inspect --format '{{ range .NetworkSettings.Networks }}{{ .IPAddress }}{{ end }}' "$container")
answer=$(dig "@$address" +short +subnet=10.0.1.0/24 api.monitor.azure.com | tail -n 1)
[ "$answer" = 10.0.2.7 ] || fail "the image answers \`$answer\`"
echo "the image serves: $answer"
docker rm --force "$container" >/dev/null

# Published ports are on loopback, whether this runs in a container itself or not.
export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
export TESTCONTAINERS_RYUK_DISABLED=true AMPLS_DNS_TEST_NETWORK=ampls-dns-packages AMPLS_DNS_TEST_IMAGE=ampls-dns:$VERSION
if [ ! -x "$CHECK_TEMPORARY/fresh/bin/python" ]; then
  python3 -m venv "$CHECK_TEMPORARY/fresh"
  "$PACKAGING/wheel.sh" "$binary" "$CHECK_OUT" >/dev/null
  "$CHECK_TEMPORARY/fresh/bin/pip" -q --disable-pip-version-check install pytest dnspython
  "$CHECK_TEMPORARY/fresh/bin/pip" -q --disable-pip-version-check install --no-index --no-deps "$CHECK_OUT"/*.whl
fi
"$CHECK_TEMPORARY/fresh/bin/pip" -q --disable-pip-version-check install testcontainers
(cd "$CHECK_TEMPORARY" && "$CHECK_TEMPORARY/fresh/bin/python" -m pytest -q -p no:cacheprovider "$PACKAGING/python/ampls-dns/tests")
if [ ! -d "$CHECK_TEMPORARY/npm-project" ]; then . "$PACKAGING/check/npm.sh"; fi
cd "$CHECK_TEMPORARY/npm-project"
npm install --silent --no-audit --no-fund --omit=optional --legacy-peer-deps testcontainers@11 >/dev/null
cp "$PACKAGING/npm/ampls-dns/test/testcontainers.test.mjs" .
node --test testcontainers.test.mjs
cd - >/dev/null
docker network rm ampls-dns-packages >/dev/null
