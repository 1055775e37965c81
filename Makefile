# What can be done with a clone of Postern. Everything works as root and, where sudo exists, as a user.

# smtp-sink, postfix and unbound are in /usr/sbin, which Debian leaves out of a user's PATH.
export PATH := $(PATH):/usr/sbin:/sbin

CONFIGURATION ?= topology/quickstart/postern.yaml
# Seconds that each fuzz target runs.
FUZZ_SECONDS ?= 60
# The same as a part of `make test`.
TEST_FUZZ_SECONDS ?= 15

# With the Swift runtime inside, so that what is built here runs on a machine without Swift. LLVM's linker knows that nobody calls mktemp.
RELEASE = --configuration release --static-swift-stdlib -Xswiftc -use-ld=lld

# For `make install`: see scripts/install.
export DESTDIR PREFIX TOPOLOGY PARTS

.PHONY: help up office lab lab-down lab-test build install uninstall install-test test bench soak fuzz format format-check swift

help:
	@echo 'make up            build, and run a mail server here with $(CONFIGURATION)'
	@echo 'make office        the same with submission, IMAP and POP3 (Dovecot): see topology/office'
	@echo 'make lab           the whole system in containers, with DNS, IMAP, POP3 and an Internet: see containers'
	@echo 'make lab-test      send mail along every path of it, print a table, take it down; make lab-down takes it down'
	@echo 'make build         build release into .build/release'
	@echo 'make install       install it, with units, manual pages, completions: DESTDIR= PREFIX=/usr/local TOPOLOGY=single-host PARTS=all'
	@echo 'make uninstall     remove that again, but for configuration and mail'
	@echo 'make install-test  install it into a container, and look there at what the units promise (root, podman)'
	@echo 'make test          build and run all tests, and each fuzz target for $(TEST_FUZZ_SECONDS) s'
	@echo 'make bench         measure against Postfix on this machine'
	@echo 'make soak          ten minutes of load, reloads, kills and bad next hops; SOAK="--seconds 60" for less'
	@echo 'make fuzz          fuzz the parsers, FUZZ_SECONDS=$(FUZZ_SECONDS) for each'
	@echo 'make format        format the Swift files; make format-check only looks'

swift:
	@scripts/check-swift

up: swift
	@scripts/install-packages build up
	@scripts/swiftpm build $(RELEASE)
	@.build/release/postern up --config $(CONFIGURATION)

office: swift
	@scripts/install-packages build office
	@scripts/swiftpm build $(RELEASE)
	@topology/office/up

lab: swift
	@scripts/install-packages build
	@containers/engine
	@scripts/swiftpm build $(RELEASE)
	@scripts/lab up

lab-down:
	@scripts/lab down

lab-test: swift
	@scripts/install-packages build
	@containers/engine
	@scripts/swiftpm build $(RELEASE)
	@scripts/lab test

build: swift
	@scripts/install-packages build
	scripts/swiftpm build $(RELEASE)

# What is there is installed: `sudo make install` must not build as root.
install:
	@[ -x .build/release/postern ] || $(MAKE) build
	@scripts/install

uninstall:
	@scripts/install --uninstall

# In a container with a systemd of its own; as root.
install-test: swift
	@scripts/install-packages build
	scripts/swiftpm build $(RELEASE)
	scripts/install-test

# The integration tests start the executables of the release build. One test at a time: many of them have processes, sockets and deadlines
# of their own, and a crash model on the other core would make these late. The lab says itself why it cannot be tested, where it cannot.
test: swift
	@scripts/install-packages build test
	scripts/swiftpm build --build-tests
	scripts/swiftpm build $(RELEASE)
	FUZZ_SECONDS=$(TEST_FUZZ_SECONDS) Fuzz/run
	scripts/swiftpm test --skip-build --disable-xctest --no-parallel
	scripts/install-test || [ $$? -eq 77 ]
	@[ "$$(id -u)" -ne 0 ] || containers/engine || true
	scripts/lab test --if-possible

bench: swift
	@scripts/install-packages build bench
	scripts/swiftpm build $(RELEASE)
	scripts/bench $(BENCH)

soak: swift
	@scripts/install-packages build
	scripts/swiftpm build $(RELEASE)
	scripts/soak $(SOAK)

fuzz: swift
	@scripts/install-packages build
	FUZZ_SECONDS=$(FUZZ_SECONDS) Fuzz/run

format: swift
	scripts/format

format-check: swift
	scripts/format --check
