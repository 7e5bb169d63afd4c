PYTHON ?= python3
DATA ?=
BIN := .venv/bin

.PHONY: setup demo test test-fast test-api test-client promises lint architecture docs benchmark-serving benchmark-batch benchmark-knowledge benchmark-language \
	benchmark-growth benchmark-ranking benchmark-peers benchmark-details benchmark-loop benchmark-new-items \
	benchmark-row-order benchmark-wishes benchmark-experiments

setup: .venv/ready

# torch comes first, so that nothing pulls in another build of it.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,onnx,lora,llm,spacy,shacl,dev]'
	touch $@

demo: setup
	$(BIN)/tastegraph demo demo $(if $(DATA),--data $(DATA))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Two workers, each a file at a time and with one thread: the same on two cores as on many.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: lint
	$(PYTEST)

test-fast: setup
	$(PYTEST) -m "not slow"

# Requests made from the OpenAPI document, many of each operation.
test-api: setup
	SCHEMATHESIS_EXAMPLES=200 $(PYTEST) tests/promises/test_09_bad_input.py

# The proofs of the promises, each with ten times the cases of CI; writes docs/promises.md.
promises: setup
	PROMISES_SCALE=$(or $(SCALE),10) PROMISES_REPORT=docs/promises.md OMP_NUM_THREADS=1 \
		$(BIN)/pytest tests/promises

# A client that is generated from the OpenAPI document; the generator asks for an older typer than
# the command line does, so it has an environment of its own.
.venv-client/ready: Makefile
	$(PYTHON) -m venv .venv-client
	.venv-client/bin/pip install --quiet openapi-python-client==0.29.1
	touch $@

test-client: setup .venv-client/ready
	OPENAPI_PYTHON_CLIENT=.venv-client/bin/openapi-python-client $(BIN)/pytest tests/serving/test_document.py

# Packages, layers and the imports between them, as the code is now.
architecture:
	$(PYTHON) -m tests.support.architecture

# What the documentation takes from the code.
docs: setup
	$(BIN)/python -m typer tastegraph.cli.main utils docs --name tastegraph --output docs/commands.md
	$(BIN)/python -m tastegraph.core.config.documentation > docs/configuration.md
	$(BIN)/python -m tests.support.architecture --write
	$(BIN)/python -m tests.support.api_examples
	$(BIN)/python -m tests.support.http_page

# The shop of so many items is made once (100,000: minutes) and stays in the cache.
benchmark-serving: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks serving $(ITEMS)

# Lists of many users against implicit's, on the same factors: two minutes.
benchmark-batch: setup benchmarks/.venv-peers/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.serving.batch

# The language model that reads beside the patterns is a peer: it has an environment of its own.
benchmarks/.venv-llm/ready: Makefile
	$(PYTHON) -m venv benchmarks/.venv-llm
	benchmarks/.venv-llm/bin/pip install --quiet xllamacpp==2026.10.11549
	touch $@

# What a user would pick instead. torch-scatter is built from source; where that fails, two of
# RecBole's models are rows that say so.
PEERS := benchmarks/.venv-peers/bin
benchmarks/.venv-peers/ready: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv benchmarks/.venv-peers
	$(PEERS)/pip install --quiet torch==2.13.0
	$(PEERS)/pip install --quiet --requirement benchmarks/peers/requirements.txt
	-$(PEERS)/pip install --quiet --no-build-isolation torch-scatter==2.1.2
	touch $@

benchmark-knowledge: setup benchmarks/.venv-llm/ready
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks knowledge $(DATA) $(PART)

benchmark-language: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks language $(DATA) $(PART)

benchmark-growth: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks growth $(SIZES)

benchmark-ranking: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks published all --data $(DATA) --control-seeds 2 \
		--json benchmarks/results/ranking.json --markdown docs/ranking-results.md

# Hours to days: networks of other libraries until they end by themselves. What is done is kept.
benchmark-peers: setup benchmarks/.venv-peers/ready
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks peers $(DATA) $(SETS)

benchmark-details: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks details $(DATA) $(SETS)

benchmark-new-items: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks new_items $(DATA) $(SETS)

benchmark-row-order: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks row_order $(DATA)

# Over the workspace of the demo, and a shop that it makes.
benchmark-wishes: demo
	$(BIN)/python -m benchmarks wishes demo

# A known winner and ties, told day by day: seconds, without data.
benchmark-experiments: setup
	$(BIN)/python -m benchmarks experiments

benchmark-loop: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks loop $(DATA) $(PARTS) $(if $(JOBS),--jobs $(JOBS))
