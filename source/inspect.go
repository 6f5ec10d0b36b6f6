package source

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Inspection holds what RDS tells of a DB instance in addition to its logs.
type Inspection struct {
	Status  string // such as available or stopped
	Engine  string // such as mysql, mariadb or aurora-mysql
	Version string
	Group   string // its DB parameter group
}

// Aurora reports whether the instance belongs to an Aurora cluster, whose
// parameter group may also hold what the instance's does not.
func (i Inspection) Aurora() bool { return strings.HasPrefix(i.Engine, "aurora") }

// Inspect describes an instance. It needs rds:DescribeDBInstances.
func (s *RDS) Inspect(ctx context.Context, instance string) (Inspection, error) {
	out, err := s.client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &instance})
	if err == nil && len(out.DBInstances) == 0 {
		err = &types.DBInstanceNotFoundFault{Message: aws.String("DBInstance " + instance + " not found.")}
	}
	if err != nil {
		return Inspection{}, callFailed("describe instance %s: %w", instance, err)
	}
	db := out.DBInstances[0]
	i := Inspection{
		Status:  aws.ToString(db.DBInstanceStatus),
		Engine:  aws.ToString(db.Engine),
		Version: aws.ToString(db.EngineVersion),
	}
	if len(db.DBParameterGroups) > 0 {
		i.Group = aws.ToString(db.DBParameterGroups[0].DBParameterGroupName)
	}
	return i, nil
}

// Newest returns the slow log of an instance that was written to last; a
// NoSlowLogError if there is none. It needs rds:DescribeDBLogFiles.
func (s *RDS) Newest(ctx context.Context, instance string) (File, error) {
	all, err := s.list(ctx, instance)
	if err != nil {
		return File{}, err
	}
	if len(all.files) == 0 {
		return File{}, &NoSlowLogError{Instance: instance}
	}
	newest := all.files[0]
	for _, f := range all.files {
		if f.LastWritten.After(newest.LastWritten) {
			newest = f
		}
	}
	return newest, nil
}

// Probe reads the beginning of a file, to see whether it may be read.
func (s *RDS) Probe(ctx context.Context, f File) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.opts.Download != Portions {
		body, _, err := s.download(ctx, f)
		if err == nil {
			return body.Close()
		}
		if s.opts.Download == Complete || !denied(err) {
			return err
		}
	}
	_, err := s.client.DownloadDBLogFilePortion(ctx, &rds.DownloadDBLogFilePortionInput{
		DBInstanceIdentifier: &f.Instance, LogFileName: &f.Name, Marker: aws.String("0"), NumberOfLines: aws.Int32(1),
	})
	if err != nil {
		return callFailed("read %s of %s: %w", f.Name, f.Instance, err)
	}
	return nil
}

// Parameters holds the values of a DB parameter group that decide what its
// instances log. Empty ones leave it to the engine.
type Parameters struct {
	Group         string
	SlowQueryLog  string // or log_slow_query, as MariaDB also calls it
	LogOutput     string
	LongQueryTime string // in seconds, as text; the engine's is 10
}

// Enabled reports whether the group turns the slow log on.
func (p Parameters) Enabled() bool {
	return p.SlowQueryLog == "1" || strings.EqualFold(p.SlowQueryLog, "on")
}

// Output returns where the log goes: FILE, TABLE, both or NONE. The default of RDS is
// TABLE, and that of Aurora FILE.
func (p Parameters) Output(aurora bool) string {
	switch {
	case p.LogOutput != "":
		return strings.ToUpper(p.LogOutput)
	case aurora:
		return "FILE"
	}
	return "TABLE"
}

// Parameters reads the values of a parameter group. It needs rds:DescribeDBParameters on the group.
func (s *RDS) Parameters(ctx context.Context, group string) (Parameters, error) {
	values := map[string]string{}
	pages := rds.NewDescribeDBParametersPaginator(s.client, &rds.DescribeDBParametersInput{DBParameterGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Parameters{}, callFailed("describe parameter group %s: %w", group, err)
		}
		for _, p := range page.Parameters {
			values[aws.ToString(p.ParameterName)] = aws.ToString(p.ParameterValue)
		}
	}
	return Parameters{
		Group:         group,
		SlowQueryLog:  cmp.Or(values["log_slow_query"], values["slow_query_log"]), // MariaDB's newer name first
		LogOutput:     values["log_output"],
		LongQueryTime: cmp.Or(values["log_slow_query_time"], values["long_query_time"]),
	}, nil
}

// logging says what in the parameter group of an instance keeps it from logging to a
// file; nothing where it does log, or where that is not known, as the group cannot be
// read or a cluster's may say otherwise. It needs rds:DescribeDBInstances and
// rds:DescribeDBParameters.
func logging(ctx context.Context, s *RDS, instance string) (whyNot string, known bool) {
	i, err := s.Inspect(ctx, instance)
	if err != nil || i.Group == "" {
		return "", false
	}
	p, err := s.Parameters(ctx, i.Group)
	switch output := p.Output(i.Aurora()); {
	case err != nil, !p.Enabled() && p.SlowQueryLog == "" && i.Aurora():
		return "", false
	case !p.Enabled():
		return fmt.Sprintf("parameter group %s does not enable slow_query_log", i.Group), true
	case !strings.Contains(output, "FILE"):
		return fmt.Sprintf("parameter group %s writes the slow log to log_output=%s", i.Group, output), true
	}
	return "", true
}
