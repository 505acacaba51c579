# The commands for people and CI. Every target does the set-up that it needs and skips what is already done.

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
SWIFT ?= swift
BINARY := .build/release/cultivar
# Tests look inside the modules, for which these are compiled otherwise than what is installed.
TESTING := -c release --scratch-path .build-testing
SOURCES := Sources Tests Benchmarks Fuzzing Package.swift

.PHONY: help setup build backbones demo run test test-power fuzz test-faults test-systemd soak bench lint format docs
.PHONY: install clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that are missing
	@scripts/setup

build: setup ## Build the release binary
	@$(SWIFT) build -c release --product cultivar

backbones: setup ## Download the backbones' weights and write them as ONNX files to backbones/
	@scripts/backbones

demo: ## Show the whole job on real pictures, in a temporary installation
	@scripts/setup demo
	@$(MAKE) --no-print-directory build
	@scripts/backbones mobilenetv2
	@scripts/demo

run: build backbones ## Run the daemon in the foreground on this folder's inbox/ and outbox/
	@$(BINARY) daemon --inbox inbox --outbox outbox --state state --backbones backbones

test: backbones ## Build and run all tests, with optimisation
	@python3 -m unittest discover scripts/tests
	@python3 -m unittest discover -s Benchmarks/tests -t Benchmarks
	@CULTIVAR_TESTING=1 $(SWIFT) build $(TESTING) --build-tests
	@CULTIVAR_TESTING=1 $(SWIFT) test $(TESTING) --skip-build --no-parallel
	@$(MAKE) --no-print-directory build
	@Tests/Faults/run --short

test-faults: ## Run the daemon into faults and check that nothing is lost (one part: make test-faults CASE=kill)
	@scripts/setup faults
	@$(MAKE) --no-print-directory build
	@Tests/Faults/run $(CASE)

fuzz: setup ## Look for inputs that break Cultivar (make fuzz TARGET=pictures SECONDS=600; or onnx, settings)
	@Fuzzing/fuzz $(TARGET) $(SECONDS)

test-power: ## Simulate power loss of the daemon's disk (needs root; one part: make test-power CASE=file_systems)
	@scripts/setup power
	@$(MAKE) --no-print-directory build
	@Tests/PowerLoss/run $(CASE)

test-systemd: ## Boot a real systemd and test the unit: watchdog, sandbox, stop (needs root)
	@scripts/setup systemd
	@$(MAKE) --no-print-directory build
	@scripts/try-unit

HOURS ?= 2
soak: ## Run with random drops, kills and clock changes for hours; memory must not grow (HOURS=2)
	@$(MAKE) --no-print-directory build
	@python3 Tests/Faults/soak --hours $(HOURS)

bench: ## Compare with other engines, side by side (one part: make bench WORK=mobilenetv2)
	@Benchmarks/bench --check $(WORK)
	@$(MAKE) --no-print-directory build
	@$(SWIFT) build -c release --product cultivar-bench
	@scripts/backbones
	@Benchmarks/bench $(WORK)

lint: ## Check the formatting, and what modules import
	@$(SWIFT) format lint --strict --recursive $(SOURCES)
	@scripts/modules --check --swift $(SWIFT)

format: ## Format the sources in place
	@$(SWIFT) format --in-place --recursive $(SOURCES)

docs: build ## Make a site from the comments of each module, in .build/docs
	@scripts/docs --swift $(SWIFT)

# Swift's runtime is copied beside the binary, so the service needs no toolchain and isn't affected by updates of one.
install: build ## Install binary, unit, account, folders and commented settings (DESTDIR, PREFIX)
	install -D -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/lib/cultivar/cultivar
	ldd $(BINARY) | awk '$$3 ~ "/swift/linux/" { print $$3 }' \
		| xargs -r install -m 0644 -t $(DESTDIR)$(PREFIX)/lib/cultivar
	patchelf --set-rpath '$$ORIGIN' $(DESTDIR)$(PREFIX)/lib/cultivar/cultivar
	install -d $(DESTDIR)$(PREFIX)/bin
	ln -sf ../lib/cultivar/cultivar $(DESTDIR)$(PREFIX)/bin/cultivar
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/local/bin|$(PREFIX)/bin|' systemd/cultivar.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/cultivar.service
	install -D -m 0644 systemd/cultivar.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/cultivar.conf
	install -D -m 0644 systemd/cultivar.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/cultivar.conf
	@test -e $(DESTDIR)$(SYSCONFDIR)/cultivar/cultivar.yaml \
		|| install -D -m 0644 systemd/cultivar.yaml $(DESTDIR)$(SYSCONFDIR)/cultivar/cultivar.yaml

clean: ## Delete everything that was built
	rm -rf .build .build-testing .build-fuzz
