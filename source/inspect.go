package source

import (
	"context"
	"fmt"
	"strconv"
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
	Cluster string // the DB cluster that it is a member of; empty outside a cluster
}

// Aurora reports whether the instance belongs to an Aurora cluster.
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
		Cluster: aws.ToString(db.DBClusterIdentifier),
	}
	if len(db.DBParameterGroups) > 0 {
		i.Group = aws.ToString(db.DBParameterGroups[0].DBParameterGroupName)
	}
	return i, nil
}

// Listed returns the slow log of an instance that was written to last, and those that are written
// to no more; a NoSlowLogError if there is none. It needs rds:DescribeDBLogFiles.
func (s *RDS) Listed(ctx context.Context, instance string) (newest File, rotated []File, err error) {
	all, err := s.list(ctx, instance)
	if err != nil {
		return File{}, nil, err
	}
	if len(all.files) == 0 {
		return File{}, nil, &NoSlowLogError{Instance: instance}
	}
	newest = all.files[0]
	for _, f := range all.files {
		if f.LastWritten.After(newest.LastWritten) {
			newest = f
		}
		if !f.live() {
			rotated = append(rotated, f)
		}
	}
	return newest, rotated, nil
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

// Parameters holds what decides what an instance logs. An empty value leaves it to the
// engine.
type Parameters struct {
	SlowQueryLog  Parameter // or log_slow_query, as MariaDB also calls it
	LogOutput     Parameter
	LongQueryTime Parameter // in seconds; the engine's is 10

	all   []Parameter // those of the instance's own group first
	group string      // the instance's own
}

// Parameter is a value in a parameter group.
type Parameter struct {
	Value string
	Group string // that has it; the instance's own where none does
	Name  string // by which the group has it; empty where none does

	set bool // by somebody, not by default
}

// Enabled reports whether the slow log is on.
func (p Parameters) Enabled() bool {
	return p.SlowQueryLog.Value == "1" || strings.EqualFold(p.SlowQueryLog.Value, "on")
}

// Output returns where the log goes: FILE, TABLE, both or NONE. The default of RDS is
// TABLE, and that of Aurora FILE.
func (p Parameters) Output(aurora bool) string {
	switch {
	case p.LogOutput.Value != "":
		return strings.ToUpper(p.LogOutput.Value)
	case aurora:
		return "FILE"
	}
	return "TABLE"
}

// Parameters reads the values that hold for an instance. Those that were set in its own
// group come before those of its cluster's, and these before defaults ("DB cluster
// parameter groups for Amazon Aurora DB clusters" in the Aurora User Guide). It needs
// rds:DescribeDBParameters, and of a member of a cluster also rds:DescribeDBClusters
// and rds:DescribeDBClusterParameters.
func (s *RDS) Parameters(ctx context.Context, i Inspection) (Parameters, error) {
	all, err := s.ownParameters(ctx, i.Group)
	if err == nil && i.Cluster != "" {
		var more []Parameter
		more, err = s.clusterParameters(ctx, i.Cluster)
		all = append(all, more...)
	}
	if err != nil {
		return Parameters{}, err
	}
	p := Parameters{all: all, group: i.Group}
	p.SlowQueryLog = p.Get("log_slow_query", "slow_query_log") // MariaDB's newer name first
	p.LogOutput = p.Get("log_output")
	p.LongQueryTime = p.Get("log_slow_query_time", "long_query_time")
	return p, nil
}

// Get returns the value that holds of a parameter which has one of the names, which are all of the
// same.
func (p Parameters) Get(names ...string) Parameter {
	byDefault := Parameter{Group: p.group}
	for _, name := range names {
		for _, q := range p.all {
			switch {
			case q.Name != name:
			case q.set && q.Value != "":
				return q
			case byDefault.Value == "" && q.Value != "":
				byDefault = q
			case byDefault.Name == "":
				byDefault.Name = name
			}
		}
	}
	return byDefault
}

// ownParameters reads a DB parameter group.
func (s *RDS) ownParameters(ctx context.Context, group string) (all []Parameter, err error) {
	pages := rds.NewDescribeDBParametersPaginator(s.client, &rds.DescribeDBParametersInput{DBParameterGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, callFailed("describe parameter group %s: %w", group, err)
		}
		all = append(all, parametersOf(group, page.Parameters)...)
	}
	return all, nil
}

// clusterParameters reads the DB cluster parameter group of a cluster.
func (s *RDS) clusterParameters(ctx context.Context, cluster string) (all []Parameter, err error) {
	out, err := s.client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: &cluster})
	if err == nil && len(out.DBClusters) == 0 {
		err = &types.DBClusterNotFoundFault{Message: aws.String("DBCluster " + cluster + " not found.")}
	}
	if err != nil {
		return nil, callFailed("describe cluster %s: %w", cluster, err)
	}
	group := aws.ToString(out.DBClusters[0].DBClusterParameterGroup)
	pages := rds.NewDescribeDBClusterParametersPaginator(s.client, &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, callFailed("describe cluster parameter group %s: %w", group, err)
		}
		all = append(all, parametersOf(group, page.Parameters)...)
	}
	return all, nil
}

func parametersOf(group string, page []types.Parameter) (all []Parameter) {
	for _, p := range page {
		all = append(all, Parameter{aws.ToString(p.ParameterValue), group, aws.ToString(p.ParameterName), aws.ToString(p.Source) == "user"})
	}
	return all
}

// never is the long_query_time, in seconds, from which on an hour can hold nothing to be
// logged: an hour.
const never = 3600

// logging says what in the parameters of an instance keeps it from logging to a file;
// nothing where it does log. The error says why that is not known. It needs
// rds:DescribeDBInstances and what Parameters needs.
func logging(ctx context.Context, s *RDS, instance string) (whyNot string, err error) {
	i, err := s.Inspect(ctx, instance)
	if err != nil {
		return "", err
	}
	p, err := s.Parameters(ctx, i)
	if err != nil {
		return "", err
	}
	seconds, _ := strconv.ParseFloat(p.LongQueryTime.Value, 64) // what is no number is not judged
	switch output := p.Output(i.Aurora()); {
	case !p.Enabled():
		return fmt.Sprintf("parameter group %s does not enable slow_query_log", p.SlowQueryLog.Group), nil
	case !strings.Contains(output, "FILE"):
		return fmt.Sprintf("parameter group %s writes the slow log to log_output=%s", p.LogOutput.Group, output), nil
	case seconds >= never:
		return fmt.Sprintf("parameter group %s has nothing logged of an hour, by long_query_time=%s", p.LongQueryTime.Group, p.LongQueryTime.Value), nil
	}
	return "", nil
}
