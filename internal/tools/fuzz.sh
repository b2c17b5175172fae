#!/bin/sh
# fuzz.sh runs every fuzz target of the tree, one after the other, for
# FUZZTIME each, and stops at the first finding.
set -eu
GO=${GO:-go} FUZZTIME=${FUZZTIME:-2s}
n=0
for file in $(git ls-files --cached --others --exclude-standard '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing.F.*/\1/p' "$file"); do
		"$GO" test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -parallel 2 >/tmp/fuzz.$$ 2>&1 ||
			{ cat /tmp/fuzz.$$; rm -f /tmp/fuzz.$$; exit 1; }
		n=$((n + 1))
	done
done
rm -f /tmp/fuzz.$$
echo "fuzz: $n targets, $FUZZTIME each"
