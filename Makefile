# Needs Go and make, and a C compiler for `make race`. Everything else is fetched
# on demand.

GO ?= go
BENCH ?= Million
FUZZTIME ?= 10s
MUTANTS ?=
# Tests that run at once: more than most machines of CI have processors, since the
# command's tests mostly wait for a program or for time to pass.
PARALLEL ?= 4
ROWS ?= 1000000
SEED ?= 0
SEEDS ?= 200
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# Pinned: a new linter version must not fail an old commit. Built once (which
# takes minutes) and kept in bin under its version.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)

# The program needs no C; the tests then need no C compiler either.
export CGO_ENABLED = 0

# Tests that need no disk run in memory where there is some: a ledger there is
# durable enough for a simulated death, and several times as fast.
IN_MEMORY := $(shell test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/bulkinvite
	$(GO) build -trimpath -ldflags '-X bulkinvite/cmd/bulkinvite/app.version=$(VERSION)' -o bin/bulkinvite ./cmd/bulkinvite

# The date of the pages is the commit's: the same source gives the same pages.
.PHONY: man
man: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
man: ## write the manual pages into bin/man
	@rm -rf bin/man && mkdir -p bin/man
	$(GO) test ./cmd/bulkinvite -run '^TestManualPages$$' -count 1 -man $(CURDIR)/bin/man

.PHONY: completions
completions: build ## write the scripts that complete commands and flags into bin/completions
	@rm -rf bin/completions && mkdir -p bin/completions
	bin/bulkinvite completion bash >bin/completions/bulkinvite.bash
	bin/bulkinvite completion zsh >bin/completions/_bulkinvite
	bin/bulkinvite completion fish >bin/completions/bulkinvite.fish
	bin/bulkinvite completion powershell >bin/completions/bulkinvite.ps1

.PHONY: demo
demo: build ## send testdata/candidates.csv to a sandbox with some faults
	@sh testdata/demo.sh

.PHONY: test
test: export TMPDIR := $(IN_MEMORY)
test: ## run all tests
	$(GO) test -parallel $(PARALLEL) ./...

# For each change: the tests that wait for nothing, and those of the engine's
# decisions.
.PHONY: quick
quick: export TMPDIR := $(IN_MEMORY)
quick: ## vet, and the tests that take seconds
	$(GO) vet ./...
	$(GO) test $$($(GO) list ./... | grep -vE '/(engine|ledger|bulkinvite)$$')
	$(GO) test ./batch/engine -run '^Test(Waiting|Halves|FirstAcceptance|Doubt)'

# Every program with the race detector would wait a second before it exits, and
# the scripts start hundreds. What is only large or long, by one goroutine, runs
# without the detector. SQLite is not left out, although it takes half of the time:
# its copies of generic code, such as sync.Map's, would serve the whole program, and
# their atomics would be unseen.
RACE := -race -vet=off
LARGE := ^TestScanTakesLargeRecords$$|^TestWriteVeryManyColumns$$|^TestWorkbookBombs$$|^TestShelfWithoutRoom$$|^TestSuite$$/^Model$$

.PHONY: race
race: export GORACE := atexit_sleep_ms=20
race: export TMPDIR := $(IN_MEMORY)
race: ## run all tests with the race detector, and more drawn worlds
	CGO_ENABLED=1 $(GO) test $(RACE) -parallel $(PARALLEL) -timeout 20m -skip '$(LARGE)' ./...
	CGO_ENABLED=1 $(GO) test $(RACE) ./batch/engine -run '^TestSimulation$$' -seed 12 -seeds 28 -timeout 20m

.PHONY: simulate
simulate: export TMPDIR := $(IN_MEMORY)
simulate: ## run the engine in SEEDS (200) drawn worlds, from SEED (0) on
	$(GO) test ./batch/engine -run '^TestSimulation$$' -seed $(SEED) -seeds $(SEEDS) -timeout 30m

.PHONY: mutants
mutants: export TMPDIR := $(IN_MEMORY)
mutants: ## make the program wrong in each way of testdata/mutants, and see that the tests notice (MUTANTS=judge: of these alone)
	$(GO) test ./testdata/mutants -run '^TestMutants$$/^each$$/$(MUTANTS)' -v -count 1 -parallel 2 -timeout 1h

.PHONY: long
long: export TMPDIR := $(IN_MEMORY)
long: ## run the tests that take minutes: kills, rates counted at the server, links taken down
	$(GO) test -tags long -run '^TestLong' -parallel $(PARALLEL) -timeout 20m ./...

.PHONY: model
model: ## explore with Spin how several runs share a ledger, and that wrong designs are found (needs spin and a C compiler)
	sh batch/model/check.sh

.PHONY: lint
lint: $(GOLANGCI) ## check the format, go vet, golangci-lint with staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:" $$unformatted; exit 1; fi
	$(GO) vet -tags long ./...
	$(GOLANGCI) run ./...

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@

# One binary for each package, since building it takes longer than running a
# target. Making an interesting input as small as possible is not worth the minute
# that go takes for it. If go calls the end of its time a failure ("context deadline
# exceeded"), it has found nothing.
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s) each
	@set -e; binary=$$(mktemp); log=$$(mktemp); trap 'rm -f "$$binary" "$$log"' EXIT; cache=$$($(GO) env GOCACHE)/fuzz; \
	for package in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n 1 dirname | sort -u); do \
		$(GO) test -c -fuzz . -o "$$binary" "$$package"; \
		for target in $$("$$binary" -test.list '^Fuzz'); do \
			echo "$$package $$target"; code=0; \
			(cd "$$package" && "$$binary" -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(FUZZTIME) \
				-test.fuzzminimizetime 100x -test.fuzzcachedir "$$cache/bulkinvite/$${package#./}") >"$$log" 2>&1 || code=$$?; \
			cat "$$log"; \
			if [ $$code -ne 0 ] && { grep -q 'Failing input' "$$log" || ! grep -q 'context deadline exceeded' "$$log"; }; then exit 1; fi; \
		done; \
	done

.PHONY: bench
bench: ## send ROWS (1000000), beside a bare Go sender and a Python script; BENCH=TenMillion: ten times as many
	$(GO) test ./cmd/bulkinvite -run '^$$' -bench '^Benchmark$(BENCH)$$' -benchtime 1x -v -timeout 3h -rows $(ROWS)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
