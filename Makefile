# Every task in one command. Needs Python 3.11 or newer, pip, git and make; the rest goes to .venv and .cache.

PYTHON ?= python3
export PYTHONUNBUFFERED := 1

VENV_PYTHON := .venv/bin/python
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help conformance demo test test-thorough test-all test-backends test-conformance test-faults test-stranger test-update \
	test-random-edits test-system lint format docs docs-serve reference bench bench-serving record clean

help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Preparing .venv …"
	@$(PYTHON) -m venv --clear .venv
	@$(VENV_PYTHON) -m pip install --quiet --upgrade "pip>=25.1"
	@$(VENV_PYTHON) -m pip install --quiet --group dev --group docs
	@touch $@

demo: $(READY) ## From the template to a prediction (PACKAGE_MANAGER=uv|poetry|pdm, KEEP=1)
	@$(VENV_PYTHON) -m tools.demo

PARALLEL := --numprocesses=2 --dist=loadfile --no-loadscope-reorder
MAIN_TESTS := $(VENV_PYTHON) -m pytest --ignore=tests/system --ignore=tests/faults $(PARALLEL)

test: $(READY) ## Run the tests of the template and of what it renders (ARGS: for pytest)
	$(MAIN_TESTS) -m "not long and not thorough and not backends" $(ARGS)

test-thorough: $(READY) ## Run the same for further managers, layouts, releases and sets of features
	$(MAIN_TESTS) -m "thorough and not long and not backends" $(ARGS)

test-backends: $(READY) ## Run the tests of services with a backend; ARGS="-m 'backends and not thorough'" in minutes
	$(MAIN_TESTS) -m backends $(ARGS)

# Everything, in hours; the system tests need .ci/install-system-packages.
test-all: test test-thorough test-backends test-conformance test-faults test-stranger test-update test-system ## Run all tests

test-faults: $(READY) ## Put the faults of tests/faults on a running service, print the numbers
	$(VENV_PYTHON) -m pytest tests/faults $(ARGS)

test-stranger: $(READY) ## Run every check of a render whose model is not ours and imports in 8 s
	$(VENV_PYTHON) -m pytest tests/stranger -m long --numprocesses=2 $(ARGS)

test-update: $(READY) ## Run the update tests that install, lock and start with each manager
	$(VENV_PYTHON) -m pytest tests/update -m long --numprocesses=2 $(ARGS)

test-random-edits: $(READY) ## Update 150 randomly edited projects; `make test-thorough` does 25
	$(VENV_PYTHON) -m pytest tests/update/test_random_edits.py --hypothesis-profile=nightly \
		--hypothesis-show-statistics $(ARGS)

test-system: $(READY) ## Run the tests that need system packages (browser, image, shell)
	$(VENV_PYTHON) -m pytest tests/system $(PARALLEL) $(ARGS)

conformance: $(READY) ## Check a server against the Open Inference Protocol (URL=…, MODEL=…)
	@$(VENV_PYTHON) -m tools.conformance $(if $(URL),--url="$(URL)") $(if $(MODEL),--model="$(MODEL)") \
		$(if $(VERSION),--model-version="$(VERSION)") $(if $(REQUEST),--request="$(REQUEST)") $(ARGS)

test-conformance: ## Run the tests of conformance/, in an environment of its own
	$(MAKE) -C conformance test

lint: $(READY) ## Check tools, tests and benchmarks; what is rendered is checked by the tests
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m mypy

format: $(READY) ## Format tools, tests and benchmarks
	$(VENV_PYTHON) -m ruff format .
	$(VENV_PYTHON) -m ruff check --fix .

docs: $(READY) ## Build the documentation, strictly
	$(VENV_PYTHON) -m docs.generate_reference --check
	$(VENV_PYTHON) -m mkdocs build --strict

docs-serve: $(READY) ## Show the documentation on this machine
	$(VENV_PYTHON) -m mkdocs serve

reference: $(READY) ## Write the generated pages of the documentation anew
	$(VENV_PYTHON) -m docs.generate_reference

bench: $(READY) ## Time from `copier copy` to the first prediction, per package manager
	$(VENV_PYTHON) -m benchmarks.first_prediction

bench-serving: $(READY) ## Measure the service against its peers (ARGS="--short" for a run of one minute)
	$(VENV_PYTHON) -m benchmarks.serving $(ARGS)

record: $(READY) ## Record docs/images/demo.svg anew
	$(VENV_PYTHON) -m tools.record

clean: ## Delete what was installed and rendered here
	rm -rf .venv .cache .demo site conformance/.venv
