# Two commands are enough: `make run` and `make test`. Both install what is missing (as root, or by sudo without a prompt).
SHELL := /bin/bash
JOBS ?= $(shell nproc)
.DEFAULT_GOAL := help
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: help deps build dev run test vm-test test-quick bench fuzz lint format agents install gcc asan tsan tidy clean

help:              ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

deps:              ## install the packages of packages.txt that are missing
	@tools/deps.sh

build: deps        ## release programs in build/release/bin
	@cmake --preset release >/dev/null && cmake --build --preset release -j $(JOBS)

dev: deps          ## development build with tests in build/dev
	@cmake --preset dev >/dev/null && cmake --build --preset dev -j $(JOBS)

run: build         ## a governed session, for real: a scripted agent that does what agents do and what they must not
	@examples/scripted-agent/demo.sh

test: deps         ## build and run all tests, as root and as an ordinary user
	@tools/test.sh

vm-test: build     ## in qemu: Debian 12's kernel, a delegated cgroup (root; not part of test)
	@tests/vm/run.sh

test-quick: dev    ## unit tests only
	@ctest --test-dir build/dev -L unit --output-on-failure -j $(JOBS)

bench: build       ## ratios against bubblewrap and a bare spawn
	@bench/run.sh

fuzz: deps         ## every fuzzer for FUZZ_SECONDS (default 60) each
	@tools/fuzz.sh

lint: deps         ## clang-format, clang-tidy, shell and python checks, room arrows
	@tools/lint.sh

format:            ## rewrite sources in the house format
	@git ls-files -z '*.cc' '*.h' | xargs -0 clang-format-19 -i

agents: deps       ## real agents from npm, in a cache outside the tree (about 450 MB)
	@tests/e2e/agents/install.sh

gcc asan tsan: deps  ## build and test with g++ 12, or under a sanitizer
	@cmake --preset $@ >/dev/null && cmake --build --preset $@ -j $(JOBS) && \
	  without=$$(sed -nE 's/^$@ +([^ ]+) .*/\1/p' tests/left-out-under-sanitizers.txt | paste -sd'|') && \
	  ctest --test-dir build/$@ -L unit --output-on-failure -j $(JOBS) -E "^($${without:-none})"

install: build     ## install into $(DESTDIR)$(PREFIX)
	@DESTDIR="$(DESTDIR)" cmake --install build/release --prefix "$(PREFIX)"

clean:             ## remove build/
	@rm -rf build
