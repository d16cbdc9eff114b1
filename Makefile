# Rung. `make` alone lists what can be asked for.
#
# Needs Python 3.11 or newer with pip, make, and for the tests a Java (17 or 21, for Spark) and Chromium (for the
# pages that Rung makes); everything else goes into .venv. A stamp file remembers each installation, so that it is
# redone only when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.stamp-core
DEV := $(VENV)/.stamp-dev
SPARK := $(VENV)/.stamp-spark
EXTRAS := .[test,lint,docs]
LINTS := lint-types lint-style lint-format lint-imports
# What is imported is compiled then; most of what is installed never is.
INSTALL := pip install --quiet --no-compile

PROTOCOL := protocols/septic_shock.rung
CHANGED := docs/examples/vasopressin_at_0.25/septic_shock.rung
SYNTHETIC := build/demo_cohort
DATA := $(SYNTHETIC)
STAY :=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
ifndef AT_ONCE
.NOTPARALLEL:
endif
.PHONY: help setup demo demo-cohort test tests fetched programs docs bench lint $(LINTS)

# $(call quietly,what is said,what is run): one line; the output is shown only when the step fails.
quietly = @echo "$(1)"; said=$$($(2) 2>&1) || { code=$$?; printf '%s\n' "$$said"; exit $$code; }

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: $(CORE) ## install Rung into .venv (the other targets do it when needed)

# ---------------------------------------------------------------- demo

demo: $(CORE) demo-cohort ## check, ask, document, run and compare the septic shock protocol; DATA=folder, STAY=id for yours
	$(BIN)/rung check $(PROTOCOL)
	$(BIN)/rung ask "when is hydrocortisone considered?" $(PROTOCOL)
	$(BIN)/rung document $(PROTOCOL) --format html -o build/septic_shock.html
	$(BIN)/rung compile $(PROTOCOL) -o build/septic_shock.rungc
	$(BIN)/rung run $(PROTOCOL) --data "$(DATA)" --all
	$(BIN)/rung run $(PROTOCOL) --data "$(DATA)" --stay "$(or $(STAY),$(first_stay))"
	$(BIN)/rung diff $(PROTOCOL) $(CHANGED) --format markdown || [ $$? -ge 20 ]
	@rm -rf build/cohort
	$(BIN)/rung cohort build/septic_shock.rungc --data "$(DATA)" -o build/cohort

demo-cohort: $(CORE)
	@mkdir -p build
ifeq ($(DATA),$(SYNTHETIC))
	$(BIN)/python -m rung_engine.sources.synthetic $(SYNTHETIC) --stays 24 --seed 7
endif

# Asked only when the recipe of `demo` begins, and so after the cohort is there.
first_stay = $(shell $(BIN)/python -c \
  'import sys, polars; print(polars.read_parquet(sys.argv[1] + "/stays.parquet")["stay_id"][0])' "$(DATA)")

# ---------------------------------------------------------------- checks

# What Spark needs is large and is fetched while the types are checked, beside which the tests begin.
test: $(DEV) ## lint and every test
	@$(MAKE) -s --no-print-directory -j3 AT_ONCE=1 $(LINTS) tests

tests: $(SPARK) programs
	@echo "test    pytest"
	@$(BIN)/pytest -n 2 --dist worksteal

# For those who have more to wait for before the tests.
fetched: $(DEV)
	@:

programs:
	@command -v java >/dev/null || echo "test    no java here: Spark's tests will fail (Debian: apt-get install openjdk-17-jre-headless)"
	@command -v "$${RUNG_CHROMIUM:-chromium}" >/dev/null \
	|| echo "test    no chromium here: tests of pages will fail (Debian: apt-get install chromium fonts-dejavu-core)"

lint: $(DEV) ## style, types and the direction of imports
	@$(MAKE) -s --no-print-directory -j3 AT_ONCE=1 $(LINTS)

lint-style: $(DEV)
	$(call quietly,lint    ruff check,$(BIN)/ruff check)

lint-format: $(DEV)
	$(call quietly,lint    ruff format,$(BIN)/ruff format --check)

lint-types: $(DEV)
	$(call quietly,lint    mypy,$(BIN)/mypy)

lint-imports: $(DEV)
	$(call quietly,lint    import contracts,$(BIN)/lint-imports)

docs: $(DEV) ## build the documentation site; a broken link is an error
	$(call quietly,docs    mkdocs build,$(BIN)/mkdocs build --strict -f docs/mkdocs/mkdocs.yml)

bench: $(DEV) ## measure; prints tables
	@$(BIN)/python tests/bench/run_all.py

# ---------------------------------------------------------------- .venv

# Some systems ship Python without ensurepip: there the pip outside fills the .venv.
define venv
@$(PYTHON) -c 'import sys; sys.exit("Rung needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
@test -x $(BIN)/pip || { \
  echo "setup   $(VENV)"; \
  $(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 \
  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }; }
endef

$(CORE): pyproject.toml
	$(venv)
	$(call quietly,setup   rung,$(BIN)/$(INSTALL) -e .)
	@touch $@

$(DEV): pyproject.toml
	$(venv)
	$(call quietly,setup   rung and what its tests need,$(BIN)/$(INSTALL) -e '$(EXTRAS)')
	@touch $(CORE) $@

# Without Rung itself, which others are using meanwhile.
WANTED_BY_SPARK = $(BIN)/python -c \
  'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")'

$(SPARK): $(DEV) pyproject.toml
	$(call quietly,setup   Spark,$(WANTED_BY_SPARK) >$@.txt && $(BIN)/$(INSTALL) -r $@.txt)
	@touch $@
