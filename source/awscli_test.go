package source_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"slowdigest/source"
	"slowdigest/source/rdstest"
)

// TestAWSCommandLine lets a client that is not ours list and download from the
// fake, and compares with what the SDK gets.
func TestAWSCommandLine(t *testing.T) {
	aws, err := exec.LookPath("/usr/bin/aws") // Debian's, whatever else is in the path
	if err != nil {
		aws, err = exec.LookPath("aws")
	}
	if err != nil {
		if os.Getenv("SLOWDIGEST_REQUIRE_ALL") != "" {
			t.Fatalf("the AWS command line is required: %v", err)
		}
		t.Skip("no AWS command line here; apt-get install awscli provides it")
	}
	srv := rdstest.NewServer()
	defer srv.Close()
	if err := srv.ServeDir("../testdata/slowlogs"); err != nil {
		t.Fatal(err)
	}
	s := source.NewRDS(srv.Config(), source.Options{Sequential: true})
	run := func(args ...string) []byte {
		cmd := exec.Command(aws, append([]string{"--endpoint-url", srv.URL, "--region", rdstest.Region, "rds"}, args...)...)
		cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "AWS_ACCESS_KEY_ID=" + rdstest.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + rdstest.SecretAccessKey}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("aws %s: %v: %s", strings.Join(args, " "), err, stderr.Bytes())
		}
		return out
	}
	files := hourOf(t, s, "mysql-9-7")
	var listed struct {
		DescribeDBLogFiles []struct {
			LogFileName string
			LastWritten int64
			Size        int64
		}
	}
	if err := json.Unmarshal(run("describe-db-log-files", "--output", "json", "--db-instance-identifier", "mysql-9-7"), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.DescribeDBLogFiles) != 1 || len(files) != 1 {
		t.Fatalf("listed: %+v and %+v", listed, files)
	}
	if theirs, ours := listed.DescribeDBLogFiles[0], files[0]; theirs.LogFileName != ours.Name || theirs.Size != ours.Size || theirs.LastWritten != ours.LastWritten.UnixMilli() {
		t.Errorf("listed: %+v and %+v", theirs, ours)
	}
	var theirs []byte
	for marker := "0"; marker != ""; {
		var portion struct {
			LogFileData           string
			Marker                string
			AdditionalDataPending bool
		}
		out := run("download-db-log-file-portion", "--no-paginate", "--output", "json", "--db-instance-identifier", "mysql-9-7", "--log-file-name", files[0].Name,
			"--marker", marker, "--number-of-lines", "1500")
		if err := json.Unmarshal(out, &portion); err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, portion.LogFileData...)
		marker = portion.Marker
		if !portion.AdditionalDataPending {
			marker = ""
		}
	}
	if ours, cov := read(t, s, files[0]); !bytes.Equal(theirs, ours) || !cov.Complete {
		t.Errorf("the AWS command line downloads %d bytes, the SDK %d: %+v", len(theirs), len(ours), cov)
	}
}
