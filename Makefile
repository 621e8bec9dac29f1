# Every target works in a fresh clone and needs nothing but Python 3.11 or newer. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help run test check bench chaos
SHELL := /bin/sh
# Python finds itself by PATH, and installers keep their cache in HOME; an empty environment has neither.
export PATH := $(or $(PATH),/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
export HOME := $(or $(HOME),/tmp)

VENV := .venv
PYTHON := $(VENV)/bin/python
BIN := $(VENV)/bin
CODE := pinconnect audiences invites
# For example: make test ARGS="tests/queue -k lease"
ARGS ?=
# Three files at once, since many tests wait more than they work. A file's tests stay together, since they share what
# they set up, and files come in their order: those with few tests are often the longest, and must not all be left to the
# end. PARALLEL= runs one after the other.
PARALLEL ?= -n 3 --dist loadfile --no-loadscope-reorder
# Tests that are part of the checks; GUARDS= leaves them to `make test`, which runs them as well.
GUARDS ?= tests/guards

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'
	@echo
	@echo "  PORT, SIMULATOR_PORT and DATA_DIR choose where: PORT=8010 make run"

# exec: make's child is then the program itself, and Ctrl-C leaves nothing in between.
run: $(VENV)/installed ## Set everything up and run it: a demo, unless there is a .env file or a SECRET_KEY
	@if [ ! -f .env ] && [ -z "$${SECRET_KEY-}$${SECRET_KEY_FILE-}" ]; then DEMO="$${DEMO:-true}"; export DEMO; fi; \
	exec $(PYTHON) manage.py up

test: $(VENV)/installed-dev ## Set up what tests need and run all of them (ARGS="..." for some)
	@$(need_services)
	$(PYTHON) -m pytest $(PARALLEL) $(ARGS)

check: $(VENV)/installed-dev ## Lint, types, import order, guards, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --lint --quiet templates
	@# Ruff judges SQL and mark_safe line by line, with reasons; bandit cannot, so it leaves these two to it.
	$(BIN)/bandit --quiet --recursive --severity-level medium --skip B608,B703 $(CODE)
	@folder=$$(mktemp -d) && DEMO=true DATA_DIR="$$folder" $(PYTHON) manage.py makemigrations --check --dry-run; \
	status=$$?; rm -rf "$$folder"; exit $$status
	$(if $(GUARDS),$(PYTHON) -m pytest $(GUARDS) --quiet)

SECONDS ?= 60
SEED ?=
ON ?=

chaos: $(VENV)/installed-dev ## Let everything go wrong at random while deliveries run (SECONDS=600, SEED=1 to repeat, ON=postgres)
	CHAOS_SECONDS=$(SECONDS) CHAOS_SEED=$(SEED) CHAOS_ON="$(ON)" $(PYTHON) -m pytest tests/chaos -s $(ARGS)

# Sizes that are measured beside each one's own.
SIZES := prepare:--rows=10000000 prepare:--rows=50000000,--only=product deliver:--rows=10000000,--rounds=1

bench: $(VENV)/installed-bench ## Measure what README and docs claim about speed, which takes long
	@for one in $$(cd bench && grep -l __main__ *.py) $(SIZES); do \
		name=$${one%%[.:]*}; \
		options=$$(echo "$${one#*[.:]}" | sed 's/^py$$//; s/,/ /g'); \
		echo "== $$name $$options"; $(PYTHON) -m "bench.$$name" $$options || exit 1; \
	done

# --- Setting up: done once, and again when a lock file changes ---------------------------------------------------------

$(VENV)/installed: requirements.txt requirements-installer.txt
	@$(make_venv)
	@$(call install,requirements.txt)
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements-installer.txt
	@$(make_venv)
	@$(call install,requirements-dev.txt)
	@touch $@

# What the product is compared with (pandas, Polars, chDB: a gigabyte); nothing but the benchmarks imports it.
$(VENV)/installed-bench: requirements-bench.txt $(VENV)/installed-dev
	@$(call install,requirements-bench.txt)
	@touch $@

# The first of these that is new enough.
find_python = for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$name"; break; fi; \
	done

define make_venv
if ! $(PYTHON) -c 'import pip' 2>/dev/null; then \
	python=$$($(find_python)); \
	if [ -z "$$python" ]; then \
		echo "PinConnect needs Python 3.11 or newer, and none was found."; \
		echo "Debian, Ubuntu: apt-get install python3 python3-venv    macOS: brew install python@3.13"; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			$(call apt_get,python3-venv) || exit 1; \
		else \
			echo "Python's venv module is missing. Install it: sudo apt-get install python3-venv"; \
			exit 1; \
		fi; \
	fi; \
	echo "Making a virtual environment in $(VENV)."; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
fi
endef

# uv installs in a sixth of the time; where it has no wheel or cannot work, pip installs the same hashed files.
define install
echo "Installing $(1). This takes less than a minute, once."; \
pip="$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes"; \
if ! { $$pip -r requirements-installer.txt && UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true \
	$(BIN)/uv pip install --quiet --python $(PYTHON) --require-hashes -r $(1); }; then \
	echo "The fast installer does not work here; pip does it, in a few minutes."; \
	$$pip -r $(1); \
fi
endef

apt_get = { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1); } >/dev/null

define need_services
missing=; \
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$$missing postgresql"; \
command -v redis-server >/dev/null || missing="$$missing redis-server"; \
if [ -n "$$missing" ]; then \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing$$missing, which the tests use."; \
		$(call apt_get,$$missing) || exit 1; \
	else \
		echo "The tests use programs that are missing here:$$missing. Install them: sudo apt-get install$$missing"; \
		exit 1; \
	fi; \
fi
endef
