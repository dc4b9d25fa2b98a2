# Pult: `make demo` to see it, `make test` to prove it. Everything else serves these two.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

CACHE   ?= $(CURDIR)/.cache
NODE     = PATH="$$(scripts/parts path node):$$PATH"
NPM      = cd webapp && PATH="$$(../scripts/parts path node):$$PATH" npm
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFLAGS_BUILD = -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# Go packages are tested inside a network of their own: nothing leaves this machine, and media has an address to flow to.
NETNS    = scripts/netns
TESTFLAGS ?=

export PULT_CACHE := $(CACHE)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# ---- see it ----

.PHONY: demo
demo: ## a telephone exchange, a customer base and a customer who calls; ends with a page to open
	@scripts/parts asterisk node
	@$(MAKE) --no-print-directory build
	@exec bin/pult demo $(DEMOFLAGS)

.PHONY: build
build: web ## bin/pult with the web app inside
	@go build $(GOFLAGS_BUILD) -o bin/pult ./cmd/pult

.PHONY: web
web: webapp/dist/index.html ## the web app, into webapp/dist

WEB_SOURCES := $(shell find webapp/src webapp/public webapp/*.ts webapp/*.json webapp/*.html -type f 2>/dev/null)

webapp/node_modules/.stamp: webapp/package-lock.json
	@scripts/parts node
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

webapp/dist/index.html: webapp/node_modules/.stamp $(WEB_SOURCES)
	@$(NPM) run --silent build
	@touch $@

# ---- prove it ----

.PHONY: test
test: ## everything that has to hold: lint, generated code, unit, race, conformance, web, end to end
	@scripts/timed "parts" $(MAKE) --no-print-directory deps
	@scripts/timed "build" $(MAKE) --no-print-directory build
	@scripts/timed "lint" $(MAKE) --no-print-directory lint
	@scripts/timed "generated code" $(MAKE) --no-print-directory generate-check
	@scripts/timed "go tests" $(MAKE) --no-print-directory test-go
	@scripts/timed "web tests" $(MAKE) --no-print-directory test-web
	@scripts/timed "end to end" $(MAKE) --no-print-directory e2e
	@scripts/timed --summary

.PHONY: deps
deps: ## bring the real parts that tests run: Asterisk, SIPp, Chromium, PostgreSQL, Redis, Vault, Odoo, Node, gcc
	@scripts/parts all
	@go mod download

.PHONY: test-go
test-go: examples/plugins/node/node_modules/.stamp ## Go: unit, race, conformance on real parts
	@$(NETNS) go test -race $(TESTFLAGS) ./...
	@go test -count=1 ./internal/archtest

.PHONY: test-web
test-web: webapp/node_modules/.stamp ## web app: machines, view models, screens, both languages
	@$(NPM) run --silent test

.PHONY: e2e
e2e: build e2e/node_modules/.stamp ## the whole story in Chromium against a real Asterisk, with voice
	@cd e2e && PATH="$$(../scripts/parts path node):$$PATH" ../$(NETNS) npm run --silent test

e2e/node_modules/.stamp: e2e/package-lock.json
	@scripts/parts node
	@cd e2e && PATH="$$(../scripts/parts path node):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

examples/plugins/node/node_modules/.stamp: examples/plugins/node/package-lock.json
	@scripts/parts node
	@cd examples/plugins/node && PATH="$$(../../../scripts/parts path node):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: lint
lint: webapp/node_modules/.stamp ## gofmt, vet, staticcheck, the web app's linters
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	@go vet ./...
	@go tool staticcheck ./...
	@$(NPM) run --silent lint
	@$(NPM) run --silent typecheck

.PHONY: generate
generate: webapp/node_modules/.stamp ## regenerate ent, gqlgen, the plug-in protocol and the web app's documents
	@go generate ./ent ./graph ./connectors/plugin
	@$(NPM) run --silent codegen

.PHONY: generate-check
generate-check: ## fail if regenerating changes anything
	@before=$$(git status --porcelain | sha256sum; git diff | sha256sum); $(MAKE) --no-print-directory generate; \
	after=$$(git status --porcelain | sha256sum; git diff | sha256sum); \
	[ "$$before" = "$$after" ] || { echo "generated code is stale: run make generate and commit"; git status --short; exit 1; }

# ---- measure it ----

.PHONY: bench-pop
bench-pop: build ## how soon the card is at the browser, beside a bare ARI listener
	@scripts/parts asterisk sipp netns
	@$(NETNS) go run ./bench/pop

.PHONY: bench-phone
bench-phone: build e2e/node_modules/.stamp ## how soon an opened page has a registered phone
	@scripts/parts asterisk chromium netns
	@cd e2e && PATH="$$(../scripts/parts path node):$$PATH" ../$(NETNS) node bench/phone.ts

.PHONY: bench-rescue
bench-rescue: build e2e/node_modules/.stamp ## 50 browsers killed in a talk: customers lost, loss to music, phone back to talking; 9 minutes
	@scripts/parts asterisk sipp chromium netns
	@cd e2e && PATH="$$(../scripts/parts path node):$$PATH" ../$(NETNS) node bench/rescue.ts

.PHONY: bench-handover
bench-handover: build e2e/node_modules/.stamp ## a talk moved 30 times between two browsers: how long the customer hears nobody; 2 minutes
	@scripts/parts asterisk sipp chromium netns
	@cd e2e && PATH="$$(../scripts/parts path node):$$PATH" ../$(NETNS) node bench/handover.ts

.PHONY: bench-start
bench-start: build ## start to ready, idle memory
	@$(NETNS) go run ./bench/start

.PHONY: bench-match
bench-match: ## whether callers are linked rightly, and the phone index: speed, size
	@go run ./bench/match

.PHONY: bench-outbox
bench-outbox: ## an hour of a customer system's outage at 10 calls a second, on SQLite and PostgreSQL: lost, doubled, how soon caught up; 8 minutes
	@scripts/parts postgres netns
	@$(NETNS) go run ./bench/outbox

.PHONY: bench-size
bench-size: web ## JavaScript of the workspace
	@$(NPM) run --silent size

.PHONY: clean
clean: ## remove what was built; parts under .cache stay
	@rm -rf bin webapp/dist/assets webapp/dist/index.html .screenshots
