# Everything here needs only Go, make and Node; what else CI installs is in .ci/run.

STAGE     ?= dev
EVENT     ?= {"last":"15m","dry_run":true}
# A release next to the stage's own, such as next; and parameters, such as
# --param="instances=a,b".
NAME      ?=
# The region is that of the AWS command line, so that all of a stage is in one.
REGION    ?= $(or $(AWS_REGION),$(AWS_DEFAULT_REGION),$(shell aws configure get region 2>/dev/null))
PARAMS    ?=
PKG       ?= ./digest
BOOTSTRAP ?= bootstrap
VERSION   := $(or $(shell git describe --tags --always --dirty 2>/dev/null),unknown)

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GORELEASER    := github.com/goreleaser/goreleaser/v2@v2.16.0
GREMLINS      := github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0

# The deploy tools must package without prompts.
export SLS_TELEMETRY_DISABLED := 1
export SLS_INTERACTIVE_SETUP_ENABLE := 0

.PHONY: help
help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: invoke-local
invoke-local: ## Run the Lambda handler here on an hourly event, over the logs in testdata
	@SLOWDIGEST_INSTANCES=mysql-9-7,mysql-9-7-extra \
		go run ./cmd/slowdigest invoke --event testdata/events/schedule.json --logs testdata/slowlogs --channel C0SLOWLOGS

.PHONY: test
test: ## Vet and test every package; TESTFLAGS are passed to go test
	@for p in mariadbd pt-query-digest aws; do PATH=$$PATH:/usr/sbin command -v $$p >/dev/null || echo "skipped: the tests that need $$p, which is not installed"; done
	@test -d handler/mcptools/testdata/client/node_modules || echo "skipped: the test with the reference client of MCP (make mcp-client)"
	@test -d node_modules || echo "skipped: the test that packages, which needs node_modules (npm ci)"
	go vet ./...
	$(MAKE) --no-print-directory -j 2 test-others test-waiting

# Stories of many hours, in which the command waits as long as Slack, AWS and it itself ask for: minutes in
# which the others use the cores. Tests that call make are not to think themselves a part of this one.
WAITING := ^(TestNights|TestSilenceEnds|TestSilenceOfLambdaAndSTSEnds)$$
.PHONY: test-others test-waiting
test-others:
	MAKEFLAGS= go test -timeout 20m $(TESTFLAGS) -skip '$(WAITING)' ./...
test-waiting:
	MAKEFLAGS= go test -timeout 20m -run '$(WAITING)' -parallel 8 $(TESTFLAGS) ./cmd/slowdigest

# The packages that start goroutines. Tests of source that start other programs or
# compare speeds or sizes are skipped, as are the simulated worlds, days and weeks, where one run
# follows on another; TestSimulation and TestFleet are of the same runs. It needs a C compiler.
.PHONY: race
race: ## Test the packages that start goroutines under the race detector
	go test -race -timeout 20m -skip '^(TestSizes|TestMemoryOfAWindow|TestWorlds|TestWorldsOfDays|TestSimulationOfDays|TestStoppedForMoreThanTwoWeeks|TestGivenUpWhileNothingCanBeRead)$$' $(TESTFLAGS) ./handler/... ./notifier ./notifier/slack ./notifier/slacktest ./notifier/teams ./source/rdstest/...
	go test -race -short -skip 'TestAWSCommandLine|TestPredictionIsFaster' $(TESTFLAGS) ./source

.PHONY: bench
bench: ## Run every benchmark, without the tests, and write docs/performance.md (SLOWDIGEST_GO_MYSQL=a checkout of go-mysql, to compare with)
	go test -run '^$$' -bench . -skip BenchmarkPerformance -benchmem $(TESTFLAGS) ./...
	go test -run '^$$' -bench BenchmarkPerformance -benchtime 1x -timeout 1h ./cmd/slowdigest -update

# Gremlins changes operators one at a time, and runs the tests of the package on each
# change. It works on a copy in which the directory of package main is called main, as
# Gremlins requires; of the threshold, it ignores the flag and reads the file. GOFLAGS
# passes -short and TESTFLAGS to the tests.
.PHONY: mutants
mutants: ## Fail if tests notice less than 85 % of changes to a package; PKG=./digest TESTFLAGS=-run=X MUTANTFLAGS=
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && \
		git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$$copy" && \
		cd "$$copy" && mv cmd/slowdigest cmd/main && echo '{unleash: {threshold: {efficacy: 84.99}}}' >.gremlins.yaml && \
		GOFLAGS='$(strip $(shell go env GOFLAGS) -short $(TESTFLAGS))' go run $(GREMLINS) unleash \
		--timeout-coefficient 40 --output-statuses lt $(MUTANTFLAGS) $(PKG:./cmd/slowdigest=./cmd/main)

.PHONY: types
types: ## Check the Slack messages against published TypeScript types
	cd notifier/testdata/look && npm ci --no-audit --no-fund --silent && node types.mjs

.PHONY: mcp-client
mcp-client: ## Install the reference client of the Model Context Protocol, which a test uses
	cd handler/mcptools/testdata/client && npm ci --no-audit --no-fund --silent

.PHONY: screenshot
screenshot: ## Draw the Slack messages and the HTML report in Chromium, which must be installed
	cd notifier/testdata/look && npm ci --no-audit --no-fund --silent && node shoot.mjs

.PHONY: browser
browser: ## Use the HTML report, and that of changes, in Chromium, which must be installed
	cd notifier/testdata/look && npm ci --no-audit --no-fund --silent && node html.mjs && node slices.mjs && node diff.mjs

.PHONY: lint
lint: ## Run golangci-lint, built from source on first use (some minutes)
	go mod tidy -diff
	go run $(GOLANGCI_LINT) run --allow-parallel-runners

# An executable for Lambda depends on nothing but the source and its version:
# no path of the machine, no state of the checkout, no C library.
.PHONY: build
build: ## Build ./bootstrap, the executable for Lambda on arm64
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags lambda.norpc \
		-ldflags '-s -w -X main.version=$(VERSION)' -o $(BOOTSTRAP) ./cmd/slowdigest

# What goes into a release besides executables.
dist/extra: template
	rm -rf $@ && mkdir -p $@/completions
	go run ./cmd/slowdigest completion bash >$@/completions/slowdigest.bash
	go run ./cmd/slowdigest completion zsh >$@/completions/_slowdigest
	go run ./cmd/slowdigest completion fish >$@/completions/slowdigest.fish
	go run ./cmd/slowdigest man >$@/slowdigest.1
	cp dist/slowdigest.zip dist/slowdigest.template.json $@/

.PHONY: snapshot
snapshot: ## Build a release here, without a tag, into dist (goreleaser is built from source on first use)
	go run $(GORELEASER) check --config .github/goreleaser.yaml
	go run $(GORELEASER) release --config .github/goreleaser.yaml --snapshot --clean

.PHONY: notes
notes: ## Print what CHANGELOG.md says of a version; VERSION=v0.1.0
	@awk -v version=$(VERSION:v%=%) '/^## /{on = $$2 == version; n += on; next} on; END {exit !n}' CHANGELOG.md

.PHONY: release
release: ## Draft a release on GitHub of the tag that is checked out; it needs GITHUB_TOKEN
	mkdir -p dist && $(MAKE) -s notes >dist/notes.md
	@! grep -q '^## $(VERSION:v%=%) / unreleased$$' CHANGELOG.md || { echo 'error: CHANGELOG.md says of $(VERSION) that it is unreleased: put the date there' >&2; exit 1; }
	go run $(GORELEASER) release --config .github/goreleaser.yaml --clean --release-notes dist/notes.md

OPTIONS = --stage $(STAGE) $(if $(REGION),--region $(REGION)) $(if $(NAME),--param="name=$(NAME)") $(PARAMS)

.PHONY: package
package: template ## Write also a template of one stage to dist; STAGE=dev NAME= PARAMS='--param="instances=a,b"'
	npx --no-install osls package $(OPTIONS)
	node iam/deploy/template.js .serverless dist/slowdigest-$(STAGE)$(if $(NAME),-$(NAME)).template.json

.PHONY: template
template: build node_modules ## Write the zip and the CloudFormation template with parameters to dist
	npx --no-install osls package --stage prod --param="template=true"
	node iam/deploy/template.js .serverless dist/slowdigest.template.json
	cp .serverless/slowdigest.zip dist/

.PHONY: deploy
deploy: build node_modules ## Deploy to the AWS account and region of the environment; STAGE=dev NAME= PARAMS= REGION=
	@test -n '$(REGION)' || { echo 'error: no region is set: export AWS_REGION, or give REGION=eu-central-1' >&2; exit 1; }
	npx --no-install osls deploy $(OPTIONS)
	npx --no-install osls info --verbose $(OPTIONS)
	@echo 'Next: confirm the mail of SNS, if there is one, and see that nothing is wrong: make doctor STAGE=$(STAGE)$(if $(NAME), NAME=$(NAME))'

FUNCTION = slowdigest-$(STAGE)$(if $(NAME),-$(NAME))
# Version 1 of the AWS command line takes an event as it is, and does not know how to say so.
RAW = $(if $(findstring aws-cli/1.,$(shell aws --version 2>&1)),,--cli-binary-format raw-in-base64-out)

# The function returns the report, and also posts it unless the event says "dry_run".
.PHONY: invoke
invoke: ## Invoke the deployed function and print its report; STAGE=dev EVENT='{"last":"15m","dry_run":true}'
	@out=$$(mktemp) && trap 'rm -f "$$out"' EXIT && said=$$(aws lambda invoke --function-name $(FUNCTION) $(if $(REGION),--region $(REGION)) $(RAW) \
		--cli-read-timeout 900 --payload '$(EVENT)' "$$out") && cat "$$out" && \
		case $$said in *FunctionError*) echo "error: the function failed" >&2; exit 1 ;; esac

.PHONY: doctor
doctor: ## Have the deployed function check what it needs, with its own permissions; STAGE=dev
	@$(MAKE) --no-print-directory --silent invoke EVENT='{"doctor":true}' | node iam/deploy/doctor.js

.PHONY: remove
remove: node_modules ## Remove a stage, all but its state; STAGE=dev NAME= REGION=
	npx --no-install osls remove $(OPTIONS) --param="instances=any"

node_modules: package-lock.json
	npm ci --no-audit --no-fund
	@touch node_modules

.PHONY: clean
clean: ## Remove what the other targets made, including the deploy tool
	rm -rf bootstrap dist .serverless node_modules .ci/node_modules
