#!/usr/bin/env bash
# The container image around the static binary, as a tar that `docker load`, `podman load` and `skopeo` take (OCI image layout, with
# the manifest that older engines want). No engine is needed to write it.
#
#   packaging/image.sh BINARY FOLDER
. "$(dirname "$0")/release.sh"
binary=$(realpath "${1:?which binary}") folder=$(realpath "${2:?to which folder}")
require_static "$binary"
machine=$(machine_of "$binary")
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
mkdir "$temporary/layer"
install -m 755 "$binary" "$temporary/layer/ampls-dns"
settle "$temporary/layer"
REPOSITORY=$REPOSITORY VERSION=$VERSION REVISION=$REVISION MACHINE=$machine DOCKERFILE=$SOURCE/docker/Dockerfile \
  python3 "$PACKAGING/image.py" "$temporary/layer/ampls-dns" "$folder/ampls-dns-$VERSION-$machine-image.tar"
echo "$folder/ampls-dns-$VERSION-$machine-image.tar"
