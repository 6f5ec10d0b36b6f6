package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The deploy tools, by the command that installs them.
var tools = map[string]string{
	"npm ci":              "../../node_modules/osls/bin/serverless.js",
	"npm ci --prefix .ci": "../../.ci/node_modules/serverless/bin/serverless.js",
}

// The tool of the tests that need just one.
const osls = "npm ci"

// deployment is a stage with parameters, as NAME=VALUE.
type deployment struct {
	stage  string
	params []string
}

func (d deployment) String() string { return strings.Join(append([]string{d.stage}, d.params...), " ") }

// one is the least that a stage needs to be deployed.
var one = with()

// with adds parameters to the least.
func with(params ...string) []string { return append([]string{"instances=orders-1"}, params...) }

// key is the ARN of a KMS key.
const key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// everything has all switches on.
var everything = deployment{"prod", []string{
	"instances=orders-*, Billing,cluster:shop", "tag=slowdigest=on", "download=auto", "channel=C0123456789", "fanout=true", "workers=7", "interactive=true", "askChannels=C0987654321,C0876543210", "askConcurrency=none", "mcp=true", "minTime=500ms", "perInstance=true", "queryTagKeys=team,squad",
	"tracing=true", "email=dba@example.com", "stateKey=" + key, "tokenKey=" + key, "boundary=arn:aws:iam::123456789012:policy/boundary", "keep=35", "name=next",
}}

const canary = "xoxb-111111111111-canary"

// packaging is the output of a tool for a deployment.
type packaging struct {
	raw      string // the template that it would deploy, without the time
	plain    string // that of make package
	state    []byte // internal to the tool
	template template
}

var (
	packagings    sync.Map // of *lazyPackaging, by the tool and the deployment: they take a while
	makeBootstrap = sync.OnceValues(func() (string, error) {
		path := filepath.Join(binDir, "arm64", "bootstrap")
		build := exec.Command("make", "-C", "../..", "build", "BOOTSTRAP="+path)
		build.Env = append(os.Environ(), "MAKEFLAGS=") // of a make that runs this test
		out, err := build.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("make build: %w\n%s", err, out)
		}
		return path, err
	})
)

// packaged runs the tool on a copy of the service, with secrets in its
// environment and no access to AWS. Only what has everything gets a real
// executable, for it is large.
func packaged(t *testing.T, install string, d deployment) packaging {
	t.Helper()
	if _, err := os.Stat(tools[install]); err != nil {
		missing(t, "a deploy tool is not installed; "+install+" does it")
	}
	program(t, "node")
	kept, _ := packagings.LoadOrStore(install+" "+d.String(), new(lazyPackaging))
	lazy := kept.(*lazyPackaging)
	lazy.once.Do(func() { lazy.packaging = runTool(t, install, d) })
	if lazy.raw == "" {
		t.Fatalf("%v was not packaged, as another test shows", d)
	}
	return lazy.packaging
}

type lazyPackaging struct {
	once sync.Once
	packaging
}

func runTool(t *testing.T, install string, d deployment) (p packaging) {
	t.Helper()
	script, err := filepath.Abs(tools[install])
	if err != nil {
		t.Fatal(err)
	}
	dir := serviceCopy(t, reflect.DeepEqual(d, everything))
	args := []string{script, "package", "--stage", d.stage, "--region", "eu-central-1"}
	for _, param := range d.params {
		args = append(args, "--param", param)
	}
	cmd := exec.Command(program(t, "node"), args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "CI=true", "SLS_TELEMETRY_DISABLED=1",
		"GOCACHE=" + goEnv(t, "GOCACHE"), "GOMODCACHE=" + goEnv(t, "GOMODCACHE"),
		"SLACK_TOKEN=" + canary, "AWS_SECRET_ACCESS_KEY=" + canary,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("package %v: %v\n%s", d, err, out)
	}
	dir = filepath.Join(dir, ".serverless")
	checkNoSecret(t, dir)
	plain := filepath.Join(t.TempDir(), "new", "template.json")
	if out, err := exec.Command(program(t, "node"), "../../iam/deploy/template.js", dir, plain).CombinedOutput(); err != nil {
		t.Fatalf("make plain template: %v\n%s", err, out)
	}
	if reflect.DeepEqual(d, everything) {
		checkZip(t, filepath.Join(dir, "slowdigest.zip"))
	}
	p.state = read(t, filepath.Join(dir, "serverless-state.json"))
	p.plain = string(read(t, plain))
	raw := read(t, filepath.Join(dir, "cloudformation-template-update-stack.json"))
	unmarshal(t, raw, &p.template)
	p.raw = regexp.MustCompile(`"S3Key":.*`).ReplaceAllString(string(raw), "") // it holds the time
	return p
}

// serviceCopy is a directory with what packaging reads.
func serviceCopy(t *testing.T, executable bool) string {
	t.Helper()
	dir := t.TempDir()
	bootstrap := os.DevNull
	if executable {
		var err error
		if bootstrap, err = makeBootstrap(); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"../../serverless.yml": "serverless.yml", bootstrap: "bootstrap"} {
		if err := os.WriteFile(filepath.Join(dir, to), read(t, from), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Node reads these, of which go test knows only so: else it would tell of a change what it
	// remembers of before.
	deployed, err := filepath.Glob("../../iam/deploy/*")
	if err != nil || len(deployed) < 10 {
		t.Fatalf("files %q, error %v", deployed, err)
	}
	for _, name := range append(deployed, "../../iam/policy.json") {
		read(t, name)
	}
	// A link, for the policy is made by the source that is next to it.
	source, err := filepath.Abs("../../iam")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(source, filepath.Join(dir, "iam")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPackage packages with each tool: what they would deploy is the same, and
// so is the plain template made of it, which has nothing of theirs.
func TestPackage(t *testing.T) {
	t.Parallel()
	for _, d := range []deployment{{"dev", one}, everything} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			want := packaged(t, osls, d)
			for install := range tools {
				if got := packaged(t, install, d); got.raw != want.raw || got.plain != want.plain {
					t.Errorf("the templates of %q and %q differ", install, osls)
				}
			}
			checkPlain(t, want)
		})
	}
}

// checkPlain checks that the plain template deploys what the compiled one does.
func checkPlain(t *testing.T, p packaging) {
	t.Helper()
	if found := regexp.MustCompile(`(?i)serverless|sls`).FindString(p.plain); found != "" {
		t.Errorf("the plain template contains %q", found)
	}
	var want, got template
	unmarshal(t, []byte(regexp.MustCompile(`,\s*}`).ReplaceAllString(p.raw, "}")), &want)
	unmarshal(t, []byte(p.plain), &got)
	var codes []any
	for _, r := range got.Resources {
		if r.Type == "AWS::Lambda::Function" {
			codes = append(codes, r.Properties["Code"])
		}
	}
	code := map[string]any{"S3Bucket": map[string]any{"Ref": "CodeBucket"}, "S3Key": map[string]any{"Ref": "CodeKey"}}
	if !reflect.DeepEqual(codes, slices.Repeat([]any{code}, len(codes))) || len(codes) == 0 ||
		len(got.Parameters) != 2 || got.Parameters["CodeBucket"] == nil || got.Parameters["CodeKey"] == nil {
		t.Errorf("code: %v, parameters %v", codes, got.Parameters)
	}
	for _, both := range []template{want, got} {
		for _, r := range both.Resources {
			if r.Type == "AWS::Lambda::Function" {
				delete(r.Properties, "Code")
			}
		}
		delete(both.Resources, "ServerlessDeploymentBucket")
		delete(both.Resources, "ServerlessDeploymentBucketPolicy")
		delete(both.Outputs, "ServerlessDeploymentBucketName")
	}
	if len(want.Outputs) == 0 {
		want.Outputs = got.Outputs
	}
	if !reflect.DeepEqual(got.Resources, want.Resources) || !reflect.DeepEqual(got.Outputs, want.Outputs) {
		t.Errorf("plain template: %v\ncompiled: %v", got, want)
	}
}

// checkNoSecret looks into everything that the framework would upload.
func checkNoSecret(t *testing.T, dir string) {
	t.Helper()
	secret := regexp.MustCompile(`xox[a-z]-|hooks\.slack\.com|AKIA|` + canary)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".json" {
			continue // the executable is built without the environment that holds them
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if found := secret.Find(text); found != nil {
			t.Errorf("%s holds %q", f.Name(), found)
		}
	}
}

// checkZip checks that the zip holds one executable that Lambda can start, and
// that nothing of the machine that built it is in there.
func checkZip(t *testing.T, name string) {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 1 || z.File[0].Name != "bootstrap" || z.File[0].Mode().Perm()&0o555 != 0o555 {
		for _, f := range z.File {
			t.Errorf("zip holds %s, %v", f.Name, f.Mode())
		}
		t.FailNow()
	}
	r, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	executable, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	e, err := elf.NewFile(bytes.NewReader(executable))
	if err != nil {
		t.Fatal(err)
	}
	linked, _ := e.ImportedLibraries()
	// What calls a method by its name, as html/template does and reflection over Protocol Buffers, makes the
	// linker keep every method of every client: then it has 35 MB. go build -ldflags=-dumpdep
	// names such a function with <ReflectMethod>.
	const maxSize, maxZipped = 20 << 20, 8 << 20
	if info := z.File[0]; info.UncompressedSize64 > maxSize || info.CompressedSize64 > maxZipped {
		t.Errorf("bootstrap has %d bytes, zipped %d; at most are to be %d and %d", info.UncompressedSize64, info.CompressedSize64, maxSize, maxZipped)
	}
	if e.Machine != elf.EM_AARCH64 || len(linked) > 0 {
		t.Errorf("bootstrap is for %v and needs %v", e.Machine, linked)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(executable, []byte(here)) {
		t.Errorf("bootstrap holds the path %s", here)
	}
}

func unmarshal(t *testing.T, raw []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(raw, to); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
}
