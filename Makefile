# `make` alone tells what there is. Everything that a goal needs it sets up itself.

VENV := .venv
BIN := $(VENV)/bin
OUTPUT := out
# What `make image` builds; a comma list makes several targets in one build.
TARGETS := qcow2
# More words for pytest, as in: make test ARGS='-m "not slow" tests/test_series.py'
ARGS :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help image test bench lint format bundle options lock venv clean

help:
	@printf 'make image   a cloud image of Debian stable in ./$(OUTPUT), shown to boot\n'
	@printf 'make test    every test; says what could not run here, and why\n'
	@printf '\nand for those who change the project:\n\n'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | \
	  while IFS='|' read -r goal text; do printf '%-12s %s\n' "$$goal" "$$text"; done
	@printf '\nThe first two install what they need (system packages as root, by apt;\n'
	@printf 'Python packages in $(VENV)). All else is the command: $(BIN)/livecd-rootfs --help\n'

image: $(VENV)/stamp
	@scripts/setup-system image
	$(BIN)/livecd-rootfs build $(TARGETS) --output $(OUTPUT)
	@scripts/boot-made $(BIN)/livecd-rootfs $(OUTPUT) $(TARGETS)

test: $(VENV)/stamp
	@scripts/setup-system test
	@scripts/run-tests $(BIN)/pytest $(ARGS)

bench: $(VENV)/stamp ## the benchmarks: ratios against doing it another way, on this machine
	@scripts/setup-system test
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/stamp ## style, types (also for the oldest Python that hooks run with), and hooks.d
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --python-version 3.10 $$($(BIN)/python -m tests.imports)
	$(BIN)/python ./series-lint

format: $(VENV)/stamp ## lay out the Python files as `make lint` wants them
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bundle: $(VENV)/stamp ## hooks.d/livecd_rootfs.zip, the modules that travel with a copied hooks.d
	$(BIN)/python -m livecd_rootfs.bundle

options: $(VENV)/stamp ## docs/image-options.md, from the table of settings
	$(BIN)/python -m tests.test_image_options

lock: ## requirements.lock anew, with the newest packages that pyproject.toml allows
	scripts/lock --upgrade

venv: $(VENV)/stamp ## the Python packages in ./.venv

# The system's packages come first: on a new machine python3-venv is one of them.
$(VENV)/stamp: requirements.lock pyproject.toml hatch_build.py scripts/setup-venv scripts/find-python
	@scripts/setup-system image
	@scripts/setup-venv $(VENV)
	@touch $@

clean: ## remove what these goals made here, never through a mount
	@scripts/clean
