.PHONY: audit html-test agreement corpus hostile generation-report fault-report outside-live demo test lint bench doc help
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

corpus: ## every outside document: operations, schemas, what lint says, time and memory
	cargo run --release --example corpus -- "$${OASGATE_SHARED:-../shared}/corpus"

generation-report: ## the laws of generation on every outside schema, and how complete it is (ARGS='--only stripe')
	cargo run --release --example generation -- "$${OASGATE_SHARED:-../shared}" $(ARGS)

demo: ## the whole of oasgate on the Vantage contract: a stand-in service, recordings, snapshots
	@cargo build --quiet --bin oasgate --example vantage_service
	@sh examples/demo.sh

test: ## every test
	@# The breach of the example, which exactly one of its tests is to find.
	cargo test --workspace --features axum-service/breach --test contract 2>&1 | grep -q '8 passed; 1 failed'
	cargo test --workspace --all-targets
	cargo test --workspace --doc
	cargo test --package oasgate --test testing
	cargo check --package oasgate --features fake-server

.PHONY: schemas
schemas: ## write the schema of oasgate.toml anew
	OASGATE_WRITE_SCHEMAS=1 cargo test --package oasgate-cli config::schema

lint: ## format, clippy and documentation, warnings refused
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

audit: ## licences, bans and sources of what the binary is made of; advisories where their database can be had
	cargo deny check licenses bans sources
	@cargo deny fetch db >/dev/null 2>&1 && cargo deny check advisories || echo 'advisories: no database, not checked'

agreement: ## recorded verdicts of another tool beside ours
	cargo test --test it agreement -- --nocapture

fault-report: ## who finds which faults of the stand-in services, and after how many requests
	@cargo build --quiet --example vantage_service --example orders_service
	@sh examples/fault_report/report.sh

outside-live: ## kinto and httpbin, started here: what is found, beside what Schemathesis found
	@cargo build --quiet --bin oasgate
	@python3 examples/outside_live/live.py "$${OASGATE_SHARED:-../shared}" "$${CARGO_TARGET_DIR:-target}/debug/oasgate"

hostile: ## hostile documents, recordings and services: outcome, time and peak memory (docs/hostile.md)
	@cargo build --quiet --bin oasgate
	@python3 examples/hostile/run.py "$${OASGATE:-$${CARGO_TARGET_DIR:-target}/debug/oasgate}" "$${OASGATE_SHARED:-../shared}/hostile" --out docs/hostile.md $(ARGS)

html-test: ## the HTML report in a headless chromium, at two widths, with pictures
	@cargo build --quiet -p oasgate-cli
	@sh examples/html_test/html_test.sh

bench: ## speed and memory, as ratios measured in one run
	cargo bench --workspace --bench gate --bench generation --bench live

doc: ## the library's documentation
	cargo doc --workspace --no-deps --open
