#!/usr/bin/env bash
# What a change does to the protocols, as Markdown in $GITHUB_STEP_SUMMARY; ends with 0 where at most wording
# changes or all who must have signed, with 1 where somebody still has to.
#
# BASE is the revision to compare with, PATHS protocols and folders, a line each, POLICY the file that says who
# must sign. Runs at the top of the repository. The policy is taken from BASE: a change cannot excuse itself.
set -uo pipefail
: "${BASE:?}" "${PATHS:?}" "${POLICY:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
summary=${GITHUB_STEP_SUMMARY:-$work/summary}

paths=()
while IFS= read -r line; do
  [[ -n $line ]] && paths+=("$line")
done <<<"$PATHS"

weighed() { # $1: an exit code of `rung diff`; anything else ends the script with it
  case $1 in
    0) weight=none ;;
    20) weight=papers ;;
    21) weight=treatment ;;
    22) weight=safety ;;
    *) exit "$1" ;;
  esac
}

rung diff "$BASE" --format markdown -o "$work/summary.md" -- "${paths[@]}"
weighed $?
tee -a "$summary" <"$work/summary.md"
[[ -n ${GITHUB_OUTPUT:-} ]] && echo "weight=$weight" >>"$GITHUB_OUTPUT"
if [[ $weight == none ]]; then
  echo "At most wording changes: nobody has to sign."
  exit 0
fi

if ! git cat-file blob "$BASE:$POLICY" >"$work/policy.toml" 2>"$work/said"; then
  echo "There is no $POLICY in $BASE, so nobody can say who must sign. Merge the policy first." >&2
  exit 1
fi

missing=0
say() { # $1: a protocol; standard input: what is to be said of it
  { printf '\n### Sign-off: %s\n\n```text\n' "$1"; cat; printf '```\n'; } | tee -a "$summary"
}

while IFS= read -r -d '' text; do
  [[ $text == *.rung ]] && grep -q '^protocol ' "$text" || continue
  rung diff "$BASE" -o "$work/diff" -- "$text"
  weighed $?
  [[ $weight == none ]] && continue
  if rung compile "$text" >"$work/said" 2>&1; then
    rung verify "${text%.rung}.rungc" --policy "$work/policy.toml" >"$work/said" 2>&1 || missing=1
  else
    missing=1
  fi
  say "$text" <"$work/said"
done < <(git ls-files -z -- "${paths[@]}")

# One that is gone treats nobody any more, and no signature below says so.
while IFS= read -r -d '' text; do
  [[ $text == *.rung ]] || continue
  name=$(git cat-file blob "$BASE:$text" | sed -n 's/^protocol \([A-Za-z0-9_]*\).*/\1/p')
  if [[ -n $name ]] && ! git grep -q "^protocol $name\b" -- "${paths[@]}"; then
    echo "$name is gone. Retire it with rung approve, and merge this by hand." | say "$text"
    missing=1
  fi
done < <(git diff --name-only --no-renames --diff-filter=D -z "$BASE" -- "${paths[@]}")

exit "$missing"
