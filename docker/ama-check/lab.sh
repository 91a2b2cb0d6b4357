# The names that the agent's troubleshooter looks up, before and after a private link.
up
healthy dns
workspace=11111111-1111-4111-8111-111111111111
# What check-names says of a name, or how it ended.
LAB_CHECKED='' LAB_ENDED=0
check() {
  LAB_ENDED=0
  LAB_CHECKED=$(inside client check-names westeurope $workspace) || LAB_ENDED=$?
  printf 'client$ check-names westeurope %s\n%s\n(ended with %s)\n' "$workspace" "$LAB_CHECKED" "$LAB_ENDED"
}
told() { sed -n "s/^$1 //p" <<<"$LAB_CHECKED"; }
next() { docker exec "$(container dns)" /ampls-dns step next >/dev/null; }

say "before: all five names are public"
check
hold "the check ends with" 0 "$LAB_ENDED"
hold "names that are public" 5 "$(grep -c ' public$' <<<"$LAB_CHECKED")"

say "empty-zones: the zones are linked, and no endpoint has written to them"
next
check
hold "the check ends with" 1 "$LAB_ENDED"
hold "the agent's first name" "failed (NXDOMAIN)" "$(told global.handler.control.monitor.azure.com)"
hold "the workspace's name" "failed (NXDOMAIN)" "$(told $workspace.ods.opinsights.azure.com)"
hold "the name of Azure Resource Manager" public "$(told management.azure.com)"

say "private-link: the endpoint has written the names it has; the regional control name has no alias into them, as far as anybody has seen"
next
check
hold "the check ends with" 0 "$LAB_ENDED"
hold "the agent's first name" "private (10.1.0.142)" "$(told global.handler.control.monitor.azure.com)"
hold "the workspace's name" "private (10.1.0.133)" "$(told $workspace.ods.opinsights.azure.com)"
hold "the regional control name" public "$(told westeurope.handler.control.monitor.azure.com)"
hold "the regional metrics name, which has no alias" public "$(told westeurope.monitoring.azure.com)"

say "fallback: links that redirect what the zones do not have"
next
check
hold "the check ends with" 0 "$LAB_ENDED"
hold "the regional control name" public "$(told westeurope.handler.control.monitor.azure.com)"
hold "the workspace's name" "private (10.1.0.133)" "$(told $workspace.ods.opinsights.azure.com)"

say "nslookup wants both answers: A and, where there is none, NODATA for AAAA"
shown client nslookup $workspace.ods.opinsights.azure.com
hold "nslookup of AAAA alone ends with" 0 "$(inside client nslookup -type=AAAA $workspace.ods.opinsights.azure.com >/dev/null 2>&1; echo $?)"
