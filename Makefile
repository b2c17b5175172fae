# make check is what CI runs. It needs Go, make, git and a C compiler (for the
# race detector), and gets the rest by itself.

GO       ?= go
FUZZTIME ?= 2s
TOOL      = $(GO) tool -modfile=internal/tools/go.mod

.PHONY: check fmt vet lint tidy test fuzz bench build install

check: fmt vet lint tidy test fuzz ## all that must be green at every commit

fmt:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted (gofmt -w):"; echo "$$out"; exit 1; }

vet:
	$(GO) vet ./...

lint:
	$(TOOL) staticcheck ./...

tidy:
	$(GO) mod tidy -diff
	cd internal/tools && $(GO) mod tidy -diff

test: ## race tests; the programs they need are got on first use
	$(GO) test -race -timeout 20m ./...

fuzz: ## every fuzz target for FUZZTIME
	@GO="$(GO)" FUZZTIME="$(FUZZTIME)" ./internal/tools/fuzz.sh

bench: ## the benchmarks of docs/benchmarks.md
	$(GO) test -run '^$$' -bench . -benchtime 1s ./...

build: ## one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o curtaild ./cmd/curtaild

install: build ## the binary and the systemd unit, below DESTDIR
	install -D -m 0755 curtaild $(DESTDIR)/usr/bin/curtaild
	install -D -m 0644 deploy/systemd/curtaild.service $(DESTDIR)/usr/lib/systemd/system/curtaild.service
	test -e $(DESTDIR)/etc/curtaild/config.yaml || install -D -m 0640 config.example.yaml $(DESTDIR)/etc/curtaild/config.yaml
