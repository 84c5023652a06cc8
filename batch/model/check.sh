#!/bin/sh
# Lets Spin go through every order in which several runs can meet, and through the
# same with each wrong design: all but the first ones must fail. Needs spin and gcc.
set -eu
cd "$(dirname "$0")"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# explore prints what Spin found with these definitions.
explore() {
	(cd "$dir" && spin -a "$@" model.pml && cc -O -w -DSAFETY -DCOLLAPSE -DMEMLIM=1024 -o pan pan.c && ./pan -m100000)
}
cp team.pml "$dir/model.pml"

right=0
holds() {
	explore "$@" >"$dir/log" || true
	if ! grep -q 'errors: 0' "$dir/log" || grep -qE 'max search depth|out of memory' "$dir/log"; then
		cat "$dir/log"
		echo "model: $*: not shown to hold"
		exit 1
	fi
	right=$((right + 1))
	echo "holds: $* ($(grep -oE '[0-9.e+]+ states, stored' "$dir/log"))"
}

wrong=0
fails() {
	explore "$@" >"$dir/log" || true
	if ! grep -qE 'assertion violated|invalid end state' "$dir/log"; then
		cat "$dir/log"
		echo "model: $*: this design is wrong, and was not found to be"
		exit 1
	fi
	wrong=$((wrong + 1))
	echo "found: $* ($(grep -oE 'assertion violated \([^)]*\)+|invalid end state' "$dir/log" | head -1))"
}

holds -DRUNS=3 -DPEOPLE=1
holds -DRUNS=2 -DPEOPLE=2 -DSILENCES=0 -DKILLS=0
fails -DNO_MAY_I_SEND
fails -DASKED_BEFORE_THE_SLOT
fails -DAGE_NOT_LOOKED_AT
fails -DIN_DOUBT_WITHOUT_T
fails -DIN_DOUBT_WITHOUT_V
fails -DLIST_AT_ONCE
fails -DFENCE_AFTER_THE_WAIT
fails -DNO_LOCK
fails -DNO_STEP_9
fails -DSETTLE_WHATEVER_IT_IS
fails -DENDED_WHILE_UNDER_WAY
fails -DHANDED_OVER_WHILE_UNDER_WAY
fails -DNO_HAND_OVER -DRUNS=2 -DPEOPLE=2 -DSILENCES=0 -DKILLS=0
echo "model: $right hold, $wrong wrong designs found"
