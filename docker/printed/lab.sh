# What `ampls-dns compose` prints, run: two networks with the same address space, one of them linked to the zones.
LAB_FOLDER="$LAB_TEMPORARY/printed"
mkdir -p "$LAB_FOLDER"
docker run --rm ampls-dns compose equal-client-prefixes --image ampls-dns --at one-of-them-linked --client-image ampls-dns-lab >"$LAB_FOLDER/docker-compose.yml"
sed -n '/^#/p' "$LAB_FOLDER/docker-compose.yml"
up
healthy dns
hold "the one that is linked" private "$(road "$(seen client-plant-a api.monitor.azure.com)")"
hold "the other one" public "$(road "$(seen client-plant-b api.monitor.azure.com)")"
hold "outside both" public "$(road "$(seen client-public api.monitor.azure.com)")"
hold "glibc in the first" "$(seen client-plant-a api.monitor.azure.com)" "$(inside client-plant-a getent ahostsv4 api.monitor.azure.com | awk 'NR == 1 { print $1 }')"
