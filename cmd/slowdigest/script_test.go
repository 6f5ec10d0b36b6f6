package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write anew what the scripts of testdata/script compare with")

// TestScripts runs the calls of each command in testdata/script. A script has a
// world of its own: fakes of AWS and of Slack with the logs that newWorld
// describes, for which the environment has addresses and credentials. $LOGS and
// $EXAMPLES are directories in testdata, and $EVENTS has the examples as of $DAY, on
// which the logs of the world are, as are the JSON files of the script. Besides the commands of testscript there are
//
//	fails CODE ARG...     slowdigest ARG... ends with the exit code
//	posted N [REGEXP]     Slack has N messages, and the last matches
func TestScripts(t *testing.T) {
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			w := newWorld(t, time.Now())
			e.Values["world"] = w
			for name, value := range w.env {
				if strings.HasPrefix(name, "AWS_") || name == "SLACK_API_URL" {
					e.Setenv(name, value)
				}
			}
			e.Vars = append(e.Vars, environment(nil)...)
			e.Setenv("AWS_ENDPOINT_URL_STS", newSTS(t))
			e.Setenv("QUEUE", w.queue.QueueURL())
			e.Setenv("LOGS", filepath.Join(testdata, "slowlogs"))
			e.Setenv("EXAMPLES", filepath.Join(testdata, "events"))
			e.Setenv("EVENTS", t.TempDir())
			recentFiles(t, e.Getenv("EXAMPLES"), e.Getenv("EVENTS"), "*.json")
			recentFiles(t, e.WorkDir, e.WorkDir, "*.json")
			e.Setenv("DAY", recentDay.Format(time.DateOnly))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"fails": fails, "posted": posted},
	})
}

func fails(ts *testscript.TestScript, _ bool, args []string) {
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	var exit *exec.ExitError
	if err := ts.Exec("slowdigest", args[1:]...); !errors.As(err, &exit) || exit.ExitCode() != code {
		ts.Fatalf("want exit code %d: %v", code, err)
	}
}

func posted(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	messages := ts.Value("world").(*world).slack.Messages()
	if len(messages) != want {
		ts.Fatalf("%d messages, want %d", len(messages), want)
	}
	if len(args) > 1 && !regexp.MustCompile(args[1]).MatchString(messages[want-1].Text+"\n"+string(messages[want-1].Blocks)) {
		ts.Fatalf("the last message is %s\n%s", messages[want-1].Text, messages[want-1].Blocks)
	}
}

// Each command has a right and a wrong call in the scripts. Those that serve until they are
// stopped, or need a whole world to be content, have their right calls in other tests.
func TestScriptsOfEveryCommand(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(err)
	}
	elsewhere := map[string]string{"demo": "TestDemo", "doctor": "TestDoctorsAdvice"}
	right, wrong := map[string]int{}, map[string]int{}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range scriptCall.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "" {
				right[m[2]]++
			} else {
				wrong[m[2]]++
			}
		}
	}
	for _, c := range commands() {
		if right[c.name] == 0 && elsewhere[c.name] == "" || wrong[c.name] == 0 {
			t.Errorf("%s: %d right and %d wrong calls", c.name, right[c.name], wrong[c.name])
		}
	}
}

var scriptCall = regexp.MustCompile(`(?m)^(?:exec )?(?:slowdigest|(fails) \d+) ([a-z]+)`)
