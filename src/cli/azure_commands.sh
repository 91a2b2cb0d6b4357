#!/usr/bin/env bash
# Exports from all subscriptions you can see what `ampls-dns import FOLDER` reads. It only reads.
# Usage: bash export.sh [FOLDER [MANAGEMENT-GROUP…]]
# Needs az (signed in) with the extension resource-graph, and jq.
# Rights: Reader on the subscriptions, or on their management group. For more than 1,000 subscriptions, pass a management
# group; that of the whole tenant has the id of the tenant.
set -euo pipefail
out=${1:-estate}
groups=("${@:2}")
mkdir -p "$out"
[ -z "$(ls -A "$out")" ] || { echo "$out is not empty: pass a new folder, so that no older export is mixed in" >&2 && exit 1; }
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
az extension add --name resource-graph --only-show-errors

try() { # COMMAND…: its output is in $temporary/answer; again later where Azure has too many requests
  local wait
  for wait in 10 60 0; do
    "$@" > "$temporary/answer" 2> "$temporary/error" && return
    grep -qE '429|Too ?Many ?Requests|50[0234]' "$temporary/error" && [ "$wait" != 0 ] || break
    sleep "$wait"
  done
  cat "$temporary/error" >&2
  return 1
}

query() { # NAME KQL: all pages of an answer
  local token="" page=0
  while :; do
    try az graph query --first 1000 -q "$2" ${groups[@]+--management-groups "${groups[@]}"} \
      ${token:+--skip-token "$token"} -o json
    cp "$temporary/answer" "$out/$1-$page.json"
    token=$(jq -r '.skip_token // empty' "$out/$1-$page.json")
    page=$((page + 1))
    [ -n "$token" ] || break
  done
}

number=0 failed=0
get() { # PATH API-VERSION: one answer with all its pages; what is not read stays its next page, which the import reports
  local url="$1?api-version=$2"
  : > "$temporary/pages"
  while [ -n "$url" ]; do
    if ! try az rest --method get --url "$url" -o json; then
      echo "not read: $url" >&2
      failed=$((failed + 1))
      break
    fi
    cat "$temporary/answer" >> "$temporary/pages"
    url=$(jq -r '.nextLink // empty' "$temporary/answer")
  done
  number=$((number + 1))
  jq -s --arg url "$url" 'if length == 1 and .[0].value == null then .[0] else {value: map(.value[]), nextLink: $url} end' \
    "$temporary/pages" > "$out/rest-$number.json"
}

ids() { jq -r --arg type "$1" '.data[] | select((.type | ascii_downcase) == $type) | .id' "$out"/resources-*.json; }

query resources "resources
| where type in~ ('microsoft.network/virtualnetworks', 'microsoft.network/networkinterfaces',
  'microsoft.network/privateendpoints', 'microsoft.network/privatednszones',
  'microsoft.network/privatednszones/virtualnetworklinks', 'microsoft.network/dnsresolvers',
  'microsoft.network/dnsresolvers/inboundendpoints', 'microsoft.network/dnsresolvers/outboundendpoints',
  'microsoft.network/dnsforwardingrulesets', 'microsoft.network/dnsresolverpolicies',
  'microsoft.network/dnsresolverpolicies/virtualnetworklinks', 'microsoft.network/routetables', 'microsoft.network/azurefirewalls',
  'microsoft.network/virtualnetworkgateways', 'microsoft.network/localnetworkgateways', 'microsoft.network/connections',
  'microsoft.network/virtualhubs', 'microsoft.network/networksecuritygroups', 'microsoft.insights/privatelinkscopes',
  'microsoft.operationalinsights/workspaces', 'microsoft.insights/components', 'microsoft.monitor/accounts',
  'microsoft.insights/datacollectionendpoints', 'microsoft.insights/datacollectionrules')
| project id, name, type, kind, location, resourceGroup, subscriptionId, tenantId, properties
| order by id asc"

# Machines, without what is in them
query machines "resources
| where type in~ ('microsoft.compute/virtualmachines', 'microsoft.compute/virtualmachinescalesets',
  'microsoft.containerservice/managedclusters', 'microsoft.hybridcompute/machines')
| project id, name, type, location, resourceGroup, subscriptionId, tenantId, properties = bag_pack(
  'networkProfile', properties.networkProfile,
  'virtualMachineProfile', bag_pack('networkProfile', properties.virtualMachineProfile.networkProfile),
  'agentPoolProfiles', properties.agentPoolProfiles, 'publicNetworkAccess', properties.publicNetworkAccess)
| order by id asc"

# What their agents are associated with
query associations "insightsresources
| where type =~ 'microsoft.insights/datacollectionruleassociations'
| project id, name, type, resourceGroup, subscriptionId, tenantId, properties
| order by id asc"

# What private endpoints lead to
query targets "resources
| where type =~ 'microsoft.network/privateendpoints'
| mv-expand connection = array_concat(properties.privateLinkServiceConnections,
  properties.manualPrivateLinkServiceConnections)
| project target = tolower(tostring(connection.properties.privateLinkServiceId))
| distinct target
| join kind=inner (resources | where type !in~ ('microsoft.insights/privatelinkscopes', 'microsoft.monitor/accounts')
  | extend target = tolower(id)) on target
| project id, name, type, location, resourceGroup, subscriptionId, tenantId, properties = bag_pack(
  'publicNetworkAccess', properties.publicNetworkAccess)
| order by id asc"

for id in $(ids microsoft.network/privateendpoints); do get "$id/privateDnsZoneGroups" 2024-05-01; done
for id in $(ids microsoft.insights/privatelinkscopes); do
  get "$id" 2021-07-01-preview # az shows no access modes; this does
  get "$id/scopedResources" 2021-07-01-preview
done
for id in $(ids microsoft.network/dnsforwardingrulesets); do
  get "$id/forwardingRules" 2022-07-01
  get "$id/virtualNetworkLinks" 2022-07-01
done
for id in $(ids microsoft.network/virtualhubs); do
  get "$id/hubVirtualNetworkConnections" 2024-05-01
  get "$id/hubRouteTables" 2024-05-01
done
for id in $(ids microsoft.network/privatednszones); do get "$id/ALL" 2024-06-01; done
echo "exported to $out; now run: ampls-dns import $out" >&2
[ "$failed" = 0 ] || { echo "$failed of $number answers were not read whole; the import says which" >&2 && exit 1; }
