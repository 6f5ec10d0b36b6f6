package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Inspection is what RDS tells of a DB instance beside its logs.
type Inspection struct {
	Status  string // as available, or stopped
	Engine  string // as mysql, mariadb or aurora-mysql
	Version string
	Group   string // its DB parameter group
}

// Aurora reports whether the instance belongs to an Aurora cluster, whose
// parameter group may also hold what the instance's does not.
func (i Inspection) Aurora() bool { return strings.HasPrefix(i.Engine, "aurora") }

// Inspect needs rds:DescribeDBInstances.
func (s *RDS) Inspect(ctx context.Context, instance string) (Inspection, error) {
	out, err := s.client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &instance})
	if err == nil && len(out.DBInstances) == 0 {
		err = &types.DBInstanceNotFoundFault{Message: aws.String("DBInstance " + instance + " not found.")}
	}
	if err != nil {
		return Inspection{}, fmt.Errorf("describe instance %s: %w", instance, err)
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
		return fmt.Errorf("read %s of %s: %w", f.Name, f.Instance, err)
	}
	return nil
}
