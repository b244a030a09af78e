# GNU make and Python 3.11 or newer are all that a machine needs.

PYTHON ?= python3
PORT ?= 8000
TEST_POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/postgres
TEST_MARIADB_URL ?= mysql://root@127.0.0.1:3306/test
# The suites empty the Redis databases 9 and 10, one each, so that they can run side by side.
TEST_REDIS_URL ?= redis://127.0.0.1:6379

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_BROWSER := $(VENV)/.installed-browser
# What the benchmark compares with is no part of the project, so it is installed beside it.
VENV_BENCH := .venv-bench
INSTALLED_BENCH := $(VENV_BENCH)/.installed
CHROMIUM ?= /usr/bin/chromium
PACKAGES := miniprogram/node_modules/.package-lock.json
BUILDS := miniprogram/dist/build/mp-weixin/app.json miniprogram/dist/build/h5/index.html
# A database, cache or .env of the developer must not decide how a test ends.
ALONE := env -u DATABASE_URL -u REDIS_URL ENV_FILE=/dev/null
STAGE = $(ALONE) CHROMIUM=$(CHROMIUM) $(BIN)/python -m tests.miniprogram.stage
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-header

.DEFAULT_GOAL := help
.PHONY: help run miniprogram test test-all test-services test-postgresql test-mariadb test-browser test-miniprogram test-e2e test-bundle test-h5 screenshots test-production bench lint lock messages

help:
	@echo "make run        install, create .env and a demo, serve http://127.0.0.1:$(PORT) (PORT=…)"
	@echo "make miniprogram  build the mini-program: for WeChat's developer tools, and for the browser at /app/ of make run"
	@echo "make test       the test suite on SQLite, with its coverage; needs no service and no network"
	@echo "make test-all   the same, and everything below that tests; needs PostgreSQL, MariaDB, Redis, nginx, Chromium and node"
	@echo "make test-services  the suite on PostgreSQL with Redis and on MariaDB with Redis"
	@echo "make test-browser  the admin in Chromium"
	@echo "make test-miniprogram  style, types, unit tests, both builds and the weight of the mini-program"
	@echo "make test-e2e   the built mini-program against a live server: in WeChat's place under node, and in Chromium"
	@echo "make test-production  gunicorn under load while WeChat, PostgreSQL, Redis and its own processes hang or are killed"
	@echo "make screenshots  every page of the admin and the start page, in both languages and themes, wide and narrow"
	@echo "make bench  what a login costs, beside other ways to write one, into benchmarks/results; takes 10 minutes and a quiet machine"
	@echo "make lint       style, types, import layers, migrations, the checks of a production start"
	@echo "make lock       compile requirements*.in into requirements*.txt"
	@echo "make messages   collect the sentences to translate into locale/, and compile them; needs GNU gettext"

run: $(INSTALLED) .env
	@echo "Migrating the database"
	@$(BIN)/python manage.py migrate --verbosity 0
	@echo "Creating what the demo needs"
	@$(BIN)/python manage.py demo
	@echo "Serving on port $(PORT)"
	@PORT=$(PORT) $(BIN)/python manage.py runserver $(PORT)

miniprogram: $(BUILDS)

$(PACKAGES): miniprogram/package-lock.json
	@command -v npm > /dev/null || { echo "No npm: install node 20 or newer." >&2; exit 1; }
	@echo "Installing the mini-program's packages"
	@cd miniprogram && npm ci --loglevel=error
	@touch $@

miniprogram/dist/build/%: $(PACKAGES) $(wildcard miniprogram/.env* miniprogram/*.ts miniprogram/index.html) $(shell find miniprogram/src -type f)
	@echo "Building the mini-program: $(*D)"
	@mkdir -p miniprogram/dist
	@cd miniprogram && npm run --silent build:$(*D) > dist/$(*D).log 2>&1 || { cat dist/$(*D).log; exit 1; }
	@touch $@

.env:
	@echo "Creating .env from .env.example"
	@cp .env.example .env

test: $(INSTALLED)
	@echo "Testing on SQLite"
	@$(ALONE) $(BIN)/python -m pytest -q --cov -m "not services"

test-all: test test-services test-browser test-miniprogram test-e2e test-production

test-services: $(INSTALLED)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-postgresql test-mariadb

test-postgresql: $(INSTALLED)
	$(call suite,PostgreSQL,TEST_POSTGRES_URL,$(TEST_REDIS_URL)/9)

test-mariadb: $(INSTALLED)
	$(call suite,MariaDB,TEST_MARIADB_URL,$(TEST_REDIS_URL)/10)

test-browser: $(INSTALLED_BROWSER)
	@test -x "$(CHROMIUM)" || { echo "No Chromium at $(CHROMIUM): install one, or set CHROMIUM." >&2; exit 1; }
	@echo "Testing in Chromium"
	@$(ALONE) CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -q --timeout=120 tests/browser

test-miniprogram: $(BUILDS)
	@command -v npm > /dev/null || { echo "No npm: install node 20 or newer." >&2; exit 1; }
	@echo "Looking for mistakes in the mini-program"
	@cd miniprogram && npm run --silent lint
	@echo "Checking its types"
	@cd miniprogram && npm run --silent typecheck
	@echo "Testing its parts"
	@cd miniprogram && npm run --silent test
	@echo "Weighing it"
	@cd miniprogram && npm run --silent size

test-e2e: $(INSTALLED_BROWSER) $(BUILDS)
	@command -v node > /dev/null || { echo "No node: install node 20 or newer." >&2; exit 1; }
	@test -x "$(CHROMIUM)" || { echo "No Chromium at $(CHROMIUM): install one, or set CHROMIUM." >&2; exit 1; }
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-bundle test-h5

test-bundle: $(INSTALLED) $(BUILDS)
	@echo "Walking through the mini-program in WeChat's place"
	@$(STAGE) node --test --test-concurrency=1 --test-reporter=spec miniprogram/e2e/

test-h5: $(INSTALLED_BROWSER) $(BUILDS)
	@echo "Walking through the mini-program in Chromium"
	@$(STAGE) $(BIN)/python -m pytest -q --timeout=120 tests/miniprogram

test-production: $(INSTALLED)
	@echo "Testing a production server"
	@$(ALONE) $(BIN)/python -m pytest -q --timeout=300 tests/production

screenshots: $(INSTALLED_BROWSER)
	@echo "Taking pictures into screenshots/"
	@$(ALONE) CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -q --timeout=600 tests/browser/screenshots.py

bench: $(INSTALLED_BENCH)
	@command -v redis-server > /dev/null || { echo "No redis-server: install one." >&2; exit 1; }
	@$(ALONE) $(VENV_BENCH)/bin/python -m benchmarks.login

# suite(name of the database, variable with its address, address of a Redis)
define suite
	@$(ALONE) $(BIN)/python -c "import redis; redis.from_url('$3').ping()" 2>/dev/null \
		|| { echo "No Redis at $3: start one, or set TEST_REDIS_URL." >&2; exit 1; }
	@$(ALONE) DATABASE_URL='$($2)' DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -c \
		"import django; django.setup(); from django.db import connection; connection.ensure_connection()" 2>/dev/null \
		|| { echo "No $1 at $($2): start one, or set $2." >&2; exit 1; }
	@echo "Testing on $1 with Redis"
	@$(ALONE) DATABASE_URL='$($2)' REDIS_URL='$3' $(BIN)/python -m pytest -q
endef

lint: $(INSTALLED_DEV)
	@echo "Looking for mistakes"
	@$(BIN)/ruff check --quiet .
	@echo "Comparing the formatting"
	@$(BIN)/ruff format --quiet --check .
	@echo "Checking the types"
	@$(BIN)/mypy --no-error-summary
	@echo "Checking the layers"
	@$(BIN)/lint-imports > $(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }
	@echo "Comparing the models with the migrations"
	@$(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "Checking a production start"
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# What an operator has to set, and nothing else.
random = $$($(BIN)/python -c "import secrets; print(secrets.$1)")
PRODUCTION = env -i PATH="$$PATH" ENV_FILE=/dev/null ALLOWED_HOSTS=login.example.com \
	SECRET_KEY=$(call random,token_urlsafe(48)) JWT_SIGNING_KEY=$(call random,token_urlsafe(48)) \
	WECHAT_APPID=wx$(call random,token_hex(8)) WECHAT_SECRET=$(call random,token_hex(16))

lock: $(INSTALLED_DEV)
	@echo "Compiling the requirements"
	@$(foreach name,requirements-prod requirements requirements-dev requirements-browser benchmarks/requirements,$(COMPILE) $(name).in -o $(name).txt;)

messages: $(INSTALLED)
	@echo "Collecting the sentences"
	@$(ALONE) DEBUG=1 $(BIN)/python manage.py makemessages -l zh_Hans --ignore $(VENV) --ignore tests --ignore miniprogram --no-obsolete --no-location
	@echo "Compiling the translations"
	@$(ALONE) DEBUG=1 $(BIN)/python manage.py compilemessages -l zh_Hans --ignore $(VENV) --ignore miniprogram --verbosity 0

$(BIN)/python:
	@echo "Creating $(VENV)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt | $(BIN)/python
	@echo "Installing requirements.txt"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt | $(INSTALLED)
	@echo "Installing requirements-dev.txt"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(INSTALLED_BENCH): benchmarks/requirements.txt requirements-prod.txt
	@$(PYTHON) -m venv $(VENV_BENCH)
	@echo "Installing benchmarks/requirements.txt"
	@$(VENV_BENCH)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r benchmarks/requirements.txt
	@touch $@

$(INSTALLED_BROWSER): requirements-browser.txt | $(INSTALLED)
	@echo "Installing requirements-browser.txt"
	@$(PIP) install --require-hashes -r requirements-browser.txt
	@touch $@
