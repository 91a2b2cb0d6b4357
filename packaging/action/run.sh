#!/usr/bin/env bash
# Checks, tests or compares: annotations beside the lines, a summary of the job, a report, and a comment if one is wanted.
set -euo pipefail
stop() { echo "::error::$*"; exit 2; }
lines() { while read -r line || [ -n "$line" ]; do [ -z "$line" ] || printf '%s\n' "$line"; done <<<"$1"; }
mapfile -t files < <(lines "$FILES")
mapfile -t arguments < <(lines "$ARGUMENTS")
at=()
[ -z "$AT" ] || at=(--at "$AT")
report=$(mktemp -d "$RUNNER_TEMP/ampls-dns-report.XXXXXX")
code=0
# What failed is in the exit code; what could not run ends the step.
verb() {
  local ended=0
  "$BINARY" "$@" || ended=$?
  [ "$ended" -le 1 ] || exit "$ended"
  code=$ended
}
case "$MODE" in
  check)
    [ ${#files[@]} -gt 0 ] || stop "mode check needs the input files"
    given=("${files[@]}" "${at[@]}" "${arguments[@]}")
    verb check "${given[@]}" --format github
    verb check "${given[@]}" --format sarif >"$report/findings.sarif"
    verb check "${given[@]}" --format markdown >"$report/summary.md"
    output=$report/findings.sarif
    ;;
  test | compare)
    given=("${files[@]}" "${at[@]}" "${arguments[@]}")
    if [ "$MODE" = compare ]; then
      [[ " ${arguments[*]} " == *" --server"* ]] || stop "mode compare needs --server NETWORK=ADDRESS among the arguments"
    fi
    # One time only: a server may answer another time otherwise.
    verb test "${given[@]}" --format junit >"$report/results.xml"
    python3 "$ACTION_FOLDER/packaging/action/results.py" "$report/results.xml" >"$report/summary.md"
    output=$report/results.xml
    ;;
  diff)
    [ ${#files[@]} -gt 0 ] || stop "mode diff needs the input files: before and after"
    verb diff "${files[@]}" "${arguments[@]}" --format markdown >"$report/diff.md"
    output=$report/diff.md
    if [ -s "$output" ]; then cp "$output" "$report/summary.md"; else echo "Nothing differs." >"$report/summary.md"; fi
    cat "$report/summary.md"
    ;;
  *) stop "unknown mode: $MODE; expected serve, check, test, diff or compare" ;;
esac
cat "$report/summary.md" >>"$GITHUB_STEP_SUMMARY"
{
  echo "exit-code=$code"
  echo "report=$output"
} >>"$GITHUB_OUTPUT"
if [ "$COMMENT" = true ]; then
  [ "$MODE" = check ] || [ "$MODE" = diff ] || stop "only check and diff write a comment"
  TOKEN=$TOKEN python3 "$ACTION_FOLDER/packaging/action/comment.py" "ampls-dns $MODE ${COMMENT_KEY:-}" "$report/summary.md"
fi
[ "$FAIL" != true ] || exit "$code"
