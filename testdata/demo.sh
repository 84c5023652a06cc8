# make demo: bulkinvite sends candidates.csv to a sandbox over HTTP that loses
# answers and breaks connections, and everyone is invited exactly once.
set -eu

bulkinvite=$PWD/bin/bulkinvite
folder=$(mktemp -d)
sandbox=
cleanup() {
	if [ -n "$sandbox" ]; then kill "$sandbox" 2>/dev/null || true; fi
	rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cp testdata/candidates.csv "$folder"
cd "$folder"
XDG_STATE_HOME=$folder/state
MICRO1_API_KEY=sandbox-key
export XDG_STATE_HOME MICRO1_API_KEY

show() {
	printf '\n$ %s\n' "$*"
}

faults=500-before=0.03,502-after=0.05,504-late=0.03,drop-after=0.05,cut-after=0.03,partial-after=0.03,list-500=0.03
show bulkinvite sandbox --seed 7 --late-by 300ms --faults "$faults"
"$bulkinvite" sandbox --seed 7 --late-by 300ms --faults "$faults" --key "$MICRO1_API_KEY" >sandbox.out 2>sandbox.log &
sandbox=$!
tries=0
until url=$(sed -n '/^http/{p;q;}' sandbox.out) && [ -n "$url" ]; do
	tries=$((tries + 1))
	if [ $tries -gt 50 ]; then
		cat sandbox.log
		exit 1
	fi
	sleep 0.1
done
echo "$url"

show bulkinvite send candidates.csv --base-url "$url" --chunk-size 10 --rate 50 --settle-time 1s --log-format console --yes
code=0
"$bulkinvite" send candidates.csv --base-url "$url" --chunk-size 10 --rate 50 --settle-time 1s --log-format console --yes || code=$?
show 'echo $?'
echo "$code"

for file in candidates.results.csv candidates.failed.csv; do
	show head -n 5 "$file"
	head -n 5 "$file"
done

kill "$sandbox"
wait "$sandbox" || true
sandbox=
show 'what the sandbox knows'
tail -n +2 sandbox.out

# The sample has rows that no run can send: they are in the failed file.
if [ "$code" -ne 3 ]; then
	echo "expected exit code 3: everyone invited but for the bad rows"
	exit 1
fi
