#!/bin/sh
# fuzz.sh runs every fuzz target of the tree, one after the other, for
# FUZZTIME each, and stops at the first finding. A count (20000x) is sure; with a
# duration go test may fail at its end for no reason ("context deadline exceeded").
set -eu
GO=${GO:-go} FUZZTIME=${FUZZTIME:-20000x}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
trap 'exit 1' HUP INT TERM
n=0
for file in $(git ls-files --cached --others --exclude-standard '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing.F.*/\1/p' "$file"); do
		"$GO" test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 10x -parallel 2 >"$out" 2>&1 ||
			{ cat "$out"; exit 1; }
		n=$((n + 1))
	done
done
echo "fuzz: $n targets, $FUZZTIME each"
