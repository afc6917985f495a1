# `make` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

node_modules/.package-lock.json: package-lock.json
	@npm ci --ignore-scripts --no-audit --no-fund

install: node_modules/.package-lock.json ## install from the lock file

build: install ## build the program into dist/
	@npm run --silent build

demo: build ## two workers of examples/from-scratch on the embedded cloud: build, stage, plan, apply, status, destroy
	@node scripts/demo.mjs

test: build ## type-check, lint and run every test that needs no server
	npm run --silent typecheck
	npm run --silent lint
	npm run --silent test

test-real: build ## run the slower checks against real programs, then on whole machines (root, QEMU)
	bash test/real/run.sh

golden: build ## renew the golden cases
	npm run --silent golden

docs: install ## renew the generated pages
	npm run --silent docs

bench: build ## print times, memory and sizes
	npm run --silent bench

.PHONY: help install build demo test test-real golden docs bench
