package source

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// Parameters are those values of a DB parameter group that decide what its
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

// Output is where the log goes: FILE, TABLE, both or NONE. The default of RDS is
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

// Parameters needs rds:DescribeDBParameters on the group.
func (s *RDS) Parameters(ctx context.Context, group string) (Parameters, error) {
	values := map[string]string{}
	pages := rds.NewDescribeDBParametersPaginator(s.client, &rds.DescribeDBParametersInput{DBParameterGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Parameters{}, fmt.Errorf("describe parameter group %s: %w", group, err)
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

// whyNoLog says what the parameter group of an instance has to do with its lack
// of a slow log; nothing if it cannot be read or is not the cause. It needs
// rds:DescribeDBInstances and rds:DescribeDBParameters.
func (s *RDS) whyNoLog(ctx context.Context, instance string) string {
	i, err := s.Inspect(ctx, instance)
	if err != nil || i.Group == "" {
		return ""
	}
	p, err := s.Parameters(ctx, i.Group)
	switch {
	case err != nil:
		return ""
	case !p.Enabled():
		return fmt.Sprintf("parameter group %s does not enable slow_query_log", i.Group)
	case !strings.Contains(p.Output(i.Aurora()), "FILE"):
		return fmt.Sprintf("parameter group %s writes the slow log to log_output=%s", i.Group, p.Output(i.Aurora()))
	}
	return ""
}
