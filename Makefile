# make check is what CI runs. It needs Go, make, git and a C compiler (for the
# race detector), and gets the rest by itself.

GO       ?= go
FUZZTIME ?= 20000x
TOOL      = $(GO) tool -modfile=internal/tools/go.mod

.PHONY: check fmt vet lint tidy asm generate test fuzz bench build install

check: fmt vet lint tidy asm test fuzz ## all that must be green at every commit

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted (gofmt -w):"; echo "$$out"; exit 1; }

vet:
	$(GO) vet ./...
	cd internal/tools && $(GO) vet ./...

lint:
	$(TOOL) staticcheck ./...
	cd internal/tools && $(GO) tool staticcheck ./...
	@out=$$($(TOOL) deadcode -test ./...); test -z "$$out" || { echo "$$out"; exit 1; }

tidy:
	$(GO) mod tidy -diff
	cd internal/tools && $(GO) mod tidy -diff

asm: ## the assembly is what its generator writes
	cd internal/tools && $(GO) run ./asm -check

generate: ## write the assembly of hasher/kernel
	cd internal/tools && $(GO) run ./asm

test: ## race tests; the programs they need are got on first use
	$(GO) test -race -timeout 20m ./...

fuzz: ## every fuzz target for FUZZTIME
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" ./internal/tools/fuzz.sh

bench: ## the benchmarks of docs/benchmarks.md
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

build: ## one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o curtaild ./cmd/curtaild

install: ## what make build has built, the systemd unit and the config's folders, below DESTDIR
	@test -x curtaild || { echo "run make build first (not as root)"; exit 1; }
	install -D -m 0755 curtaild $(DESTDIR)/usr/bin/curtaild
	install -D -m 0644 deploy/systemd/curtaild.service $(DESTDIR)/usr/lib/systemd/system/curtaild.service
	install -D -m 0644 config.example.yaml $(DESTDIR)/usr/share/doc/curtaild/config.example.yaml
	install -D -m 0644 -t $(DESTDIR)/usr/share/doc/curtaild/policies/samples policies/samples/*.yaml
	install -d -m 0755 $(DESTDIR)/etc/curtaild/policies
	install -d -m 0700 $(DESTDIR)/etc/curtaild/secrets
