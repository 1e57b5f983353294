# What people and CI run. Everything else is in hack/; see CONTRIBUTING.md.

# Builds are static, and the same bytes for the same sources wherever they are
# made: the analysis of a layer is cached under the digest of the binary that
# did it.
VERSION ?= dev
# The platforms of `make frontend`.
ARCHS ?= amd64 arm64
# The packages of `make test`, and arguments for go test: TESTS="-run Gate ./plugin".
TESTS ?= ./...

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the plugin and, beside it, what runs inside a build, into bin/
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)" -o bin/docker-scan-build ./cmd/docker-scan-build
	GOOS=linux hack/build-frontend bin $(VERSION)
	@# The docker CLI takes no plugin whose name has a hyphen.
	ln -sf docker-scan-build bin/docker-scanbuild

.PHONY: frontend
frontend: $(ARCHS:%=frontend-%) ## build the frontend image's programs for every platform into bin/linux_ARCH/

.PHONY: $(ARCHS:%=frontend-%)
$(ARCHS:%=frontend-%): frontend-%:
	GOOS=linux GOARCH=$* hack/build-frontend bin/linux_$* $(VERSION)

.PHONY: test
test: build frontend-$(shell go env GOARCH) ## unit, integration and CLI tests against a real engine (as root)
	hack/test $(TESTS)

.PHONY: lint
lint: ## golangci-lint with .golangci.yml
	hack/lint

# What is written from code, and what tests expect, is held true by the tests of its
# package; with UPDATE_GOLDEN they write it. Tests of an engine write nothing.
.PHONY: generate
generate: ## rewrite tables, schemas and expected outputs that are made from code; look at the diff
	@packages=$$(grep -rl --include='*_test.go' 'Getenv("UPDATE_GOLDEN")' . | xargs -n 1 dirname | sort -u) && \
	env -u CI -u SCAN_BUILD_REGISTRY -u SCAN_BUILD_TEST_ENGINE CGO_ENABLED=0 UPDATE_GOLDEN=1 go test -count=1 $$packages

.PHONY: demo
demo: build ## a blocked build, the fix, and a signed and verified image
	hack/demo

.PHONY: bench
bench: build ## what a scan adds to a build, as Markdown (as root; under 10 minutes)
	@go run ./hack/bench

.PHONY: bench-secrets
bench-secrets: build ## the search for secrets beside that of others, as Markdown (20 minutes)
	@go run ./hack/bench secrets

.PHONY: clean
clean: ## remove bin/; hack/engine down --purge removes an engine's state
	rm -rf bin
