# nines: one target per artefact. `make help` lists them. Needs Go, git and make; `make test` installs the rest.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# No artefact uses cgo, and none depends on where or when it was built.
export CGO_ENABLED       := 0
export SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
VERSION := $(shell tools/version)

PLATFORMS := linux/amd64 linux/arm64 linux/arm windows/amd64 darwin/arm64
DEB_ARCHS := amd64 arm64 arm

# Programs that are built once from their pinned modules, and what the tests need that Go cannot build (need:package).
TOOLS  := .cache/tools
DEBIAN := chromium:chromium /usr/share/fonts/truetype/liberation:fonts-liberation systemd-analyze:systemd \
          ip:iproute2 nft:nftables unshare:util-linux dpkg-deb:dpkg
export NINES_TOOLS := $(CURDIR)/$(TOOLS)

.PHONY: help run build dist packages soak test test-systemd test-deps systemd-deps lint fmt vuln bench bench-record clean
help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: build ## build and run `nines up`; ARGS=--demo adds demo targets and 60 days of data
	@exec bin/nines up $(ARGS)

build: ## build both programs for this machine into bin/
	@mkdir -p bin
	tools/build bin/ ./cmd/...

# ---- artefacts -------------------------------------------------------------------------------------------------

dist: ## build both programs for every platform into dist/, with SHA256SUMS
	@rm -rf dist && mkdir -p dist
	@for platform in $(PLATFORMS); do \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		arch=$$GOARCH ext=; \
		if [ $$arch = arm ]; then arch=armv7; fi; \
		if [ $$GOOS = windows ]; then ext=.exe; fi; \
		for cmd in cmd/*/; do \
			name=$$(basename $$cmd); \
			out=dist/$${name}_$(VERSION)_$${GOOS}_$$arch$$ext; \
			echo "$$out"; \
			tools/build $$out ./$$cmd; \
		done; \
	done
	@cd dist && sha256sum -- * >SHA256SUMS

packages: $(TOOLS)/nfpm ## build the Debian packages of both programs into dist/
	@mkdir -p dist
	@for arch in $(DEB_ARCHS); do packaging/deb nines $$arch dist; packaging/deb nines-agent $$arch dist; done
	@cd dist && rm -f SHA256SUMS && sha256sum -- * >SHA256SUMS

# ---- checks ----------------------------------------------------------------------------------------------------

# Where CI is set, the tests that boot a container run with the rest: they want root, which a person may not want to give.
test: test-deps $(if $(CI),systemd-deps) lint ## install what the tests need, lint, run every test; a skipped test is a failure
	go test -json -count=1 -shuffle=on -timeout 20m $(if $(CI),-tags systemd) ./... | go run ./tools/verdict

test-systemd: test-deps systemd-deps ## boot a Debian in a container and live a package's life there; root, two minutes
	go test -json -count=1 -tags systemd -run OnABootedSystem -timeout 20m ./packaging | go run ./tools/verdict

systemd-deps:
	@tools/install-debian debootstrap:debootstrap systemd-nspawn:systemd-container nsenter:util-linux

test-deps: $(TOOLS)/mailpit $(TOOLS)/nfpm $(TOOLS)/golangci-lint ## install what the tests need and nothing more
	@tools/install-debian $(DEBIAN)

soak: ## the proofs that take hours: ten thousand months, second by second
	go test ./slo -run BySecond -seconds 10000 -timeout 4h

lint: $(TOOLS)/golangci-lint ## run the linters, among them the rules on who may import whom
	$(TOOLS)/golangci-lint run --allow-serial-runners ./...

fmt: $(TOOLS)/golangci-lint ## format the code
	$(TOOLS)/golangci-lint fmt ./...

vuln: $(TOOLS)/govulncheck ## look for known vulnerabilities (asks the Go vulnerability database online)
	$(TOOLS)/govulncheck ./...

bench: ## run every benchmark and print one line a figure
	@go test -run '^$$' -bench . -timeout 60m ./... | go run ./tools/figures

bench-record: ## as bench, and keep the run in docs/benchmarks.md
	@go test -run '^$$' -bench . -timeout 60m ./... | go run ./tools/figures -record docs/benchmarks.md

# ---- tools -----------------------------------------------------------------------------------------------------

# Each tool has a module of its own, so that none bends another's dependencies, or ours.
$(TOOLS)/%: tools/%/go.mod tools/%/go.sum
	@mkdir -p $(TOOLS)
	@echo "building $*"
	@go -C tools/$* build -trimpath -buildvcs=false -ldflags '-s -w' -o '$(CURDIR)/$@' tool
	@touch $@

clean: ## remove what was built, but not the tools
	rm -rf bin dist
