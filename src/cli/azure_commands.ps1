# Exports from all subscriptions you can see what `ampls-dns import FOLDER` reads. It only reads.
# Usage: ./export.ps1 [-Out FOLDER]
# Needs the modules Az.Accounts and Az.ResourceGraph, and Connect-AzAccount before.
# Rights: Reader on the subscriptions, or on their management group.
param([string]$Out = 'estate')
$ErrorActionPreference = 'Stop'
New-Item -ItemType Directory -Force $Out | Out-Null
if (Get-ChildItem -Force $Out) { throw "$Out is not empty: pass a new folder, so that no older export is mixed in" }

function Save-Json($Value, $Name) {
  ConvertTo-Json -InputObject $Value -Depth 100 | Set-Content -Encoding utf8 "$Out/$Name.json"
}

function Get-Pages($Name, $Query) {
  $token = $null; $page = 0
  do {
    $ask = @{ Query = $Query; First = 1000; UseTenantScope = $true }
    if ($token) { $ask.SkipToken = $token }
    $answer = Search-AzGraph @ask
    $token = $answer.SkipToken
    Save-Json @{ data = @($answer.Data); skip_token = $token } "$Name-$page"
    $answer.Data
    $page++
  } while ($token)
}

$script:number = 0; $script:failed = 0
# One answer with all its pages; what is not read stays its next page, which the import reports
function Get-Rest($Path, $Version) {
  $next = "$Path`?api-version=$Version"; $items = @(); $one = $null
  while ($next) {
    foreach ($wait in 10, 60, 0) {
      $answer = Invoke-AzRestMethod -Method GET -Path $next
      # Azure has too many requests: again later
      if ($wait -and ($answer.StatusCode -eq 429 -or $answer.StatusCode -ge 500)) { Start-Sleep $wait } else { break }
    }
    if ($answer.StatusCode -ge 400) { Write-Warning "not read: $next"; $script:failed++; break }
    $body = $answer.Content | ConvertFrom-Json
    $next = if ($body.nextLink) { ([uri]$body.nextLink).PathAndQuery } else { '' }
    if ($body.PSObject.Properties['value']) { $items += @($body.value) } else { $one = $body }
  }
  $script:number++
  if ($one) { Save-Json $one "rest-$($script:number)" }
  else { Save-Json @{ value = @($items); nextLink = $next } "rest-$($script:number)" }
}

$all = Get-Pages resources @'
resources
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
| order by id asc
'@

# Machines, without what is in them
Get-Pages machines @'
resources
| where type in~ ('microsoft.compute/virtualmachines', 'microsoft.compute/virtualmachinescalesets',
  'microsoft.containerservice/managedclusters', 'microsoft.hybridcompute/machines')
| project id, name, type, location, resourceGroup, subscriptionId, tenantId, properties = bag_pack(
  'networkProfile', properties.networkProfile,
  'virtualMachineProfile', bag_pack('networkProfile', properties.virtualMachineProfile.networkProfile),
  'agentPoolProfiles', properties.agentPoolProfiles, 'publicNetworkAccess', properties.publicNetworkAccess)
| order by id asc
'@ | Out-Null

# What their agents are associated with
Get-Pages associations @'
insightsresources
| where type =~ 'microsoft.insights/datacollectionruleassociations'
| project id, name, type, resourceGroup, subscriptionId, tenantId, properties
| order by id asc
'@ | Out-Null

# What private endpoints lead to
Get-Pages targets @'
resources
| where type =~ 'microsoft.network/privateendpoints'
| mv-expand connection = array_concat(properties.privateLinkServiceConnections,
  properties.manualPrivateLinkServiceConnections)
| project target = tolower(tostring(connection.properties.privateLinkServiceId))
| distinct target
| join kind=inner (resources | where type !in~ ('microsoft.insights/privatelinkscopes', 'microsoft.monitor/accounts')
  | extend target = tolower(id)) on target
| project id, name, type, location, resourceGroup, subscriptionId, tenantId, properties = bag_pack(
  'publicNetworkAccess', properties.publicNetworkAccess)
| order by id asc
'@ | Out-Null

foreach ($one in $all) {
  switch ($one.type.ToLower()) {
    'microsoft.network/privateendpoints' { Get-Rest "$($one.id)/privateDnsZoneGroups" '2024-05-01' }
    'microsoft.insights/privatelinkscopes' {
      Get-Rest $one.id '2021-07-01-preview' # az shows no access modes; this does
      Get-Rest "$($one.id)/scopedResources" '2021-07-01-preview'
    }
    'microsoft.network/dnsforwardingrulesets' {
      Get-Rest "$($one.id)/forwardingRules" '2022-07-01'
      Get-Rest "$($one.id)/virtualNetworkLinks" '2022-07-01'
    }
    'microsoft.network/virtualhubs' {
      Get-Rest "$($one.id)/hubVirtualNetworkConnections" '2024-05-01'
      Get-Rest "$($one.id)/hubRouteTables" '2024-05-01'
    }
    'microsoft.network/privatednszones' { Get-Rest "$($one.id)/ALL" '2024-06-01' }
  }
}
Write-Host "exported to $Out; now run: ampls-dns import $Out"
if ($script:failed) { Write-Error "$($script:failed) of $($script:number) answers were not read whole; the import says which" }
