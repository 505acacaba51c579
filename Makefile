# What people and CI type. Every target does the set-up that it needs; nothing is done twice.

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
SWIFT ?= swift
BINARY := .build/release/cultivar
SOURCES := Sources Tests Benchmarks Fuzzing Package.swift

.PHONY: help setup build backbones demo run test test-power fuzz test-faults test-systemd soak bench lint format install
.PHONY: clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that are missing
	@scripts/setup

build: setup ## Build the release binary
	@$(SWIFT) build -c release --product cultivar

backbones: setup ## Fetch the backbones' weights and write them as ONNX files to backbones/
	@scripts/backbones

demo: ## The whole job on real pictures, in a throw-away installation
	@scripts/setup demo
	@$(MAKE) --no-print-directory build
	@scripts/backbones mobilenetv2
	@scripts/demo

run: build backbones ## Run the daemon in the foreground on this folder's inbox/ and outbox/
	@$(BINARY) daemon --inbox inbox --outbox outbox --state state --backbones backbones

test: backbones ## Build and run all tests, optimised
	@python3 -m unittest discover scripts/tests
	@python3 -m unittest discover -s Benchmarks/tests -t Benchmarks
	@$(SWIFT) build -c release --build-tests
	@$(SWIFT) test -c release --skip-build --no-parallel
	@Tests/Faults/run --short

test-faults: ## Kill, starve and deceive the daemon, and check what is left (a part: make test-faults CASE=kill)
	@scripts/setup faults
	@$(MAKE) --no-print-directory build
	@Tests/Faults/run $(CASE)

fuzz: setup ## Look for inputs that break it (make fuzz TARGET=pictures SECONDS=600; onnx, settings)
	@Fuzzing/fuzz $(TARGET) $(SECONDS)

test-power: ## Take the power from the daemon's disk at every moment (root; a part: make test-power CASE=file_systems)
	@scripts/setup power
	@$(MAKE) --no-print-directory build
	@Tests/PowerLoss/run $(CASE)

test-systemd: ## Boot a real systemd and try the unit out: watchdog, sandbox, stop (needs root)
	@scripts/setup systemd
	@$(MAKE) --no-print-directory build
	@scripts/try-unit

HOURS ?= 2
soak: ## Random drops, kills and clock changes for hours; memory must stay flat (HOURS=2)
	@$(MAKE) --no-print-directory build
	@python3 Tests/Faults/soak --hours $(HOURS)

bench: ## Compare with other engines, side by side (a part: make bench WORK=mobilenetv2)
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

# Swift's runtime is copied beside the binary: the service needs no toolchain, and survives another one's coming.
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

clean: ## Delete what was built
	rm -rf .build .build-fuzz
