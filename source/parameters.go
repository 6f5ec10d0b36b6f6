package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// whyNoLog says what the parameter groups of an instance have to do with its
// lack of a slow log; nothing if they cannot be read or are not the cause. It
// needs rds:DescribeDBInstances and rds:DescribeDBParameters.
func (s *RDS) whyNoLog(ctx context.Context, instance string) string {
	out, err := s.client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &instance})
	if err != nil || len(out.DBInstances) == 0 {
		return ""
	}
	for _, group := range out.DBInstances[0].DBParameterGroups {
		name := aws.ToString(group.DBParameterGroupName)
		values, err := s.parameters(ctx, name)
		if err != nil {
			return ""
		}
		enabled := values["slow_query_log"]
		if v, alias := values["log_slow_query"]; alias { // MariaDB's newer name
			enabled = v
		}
		switch output := values["log_output"]; {
		case enabled == "" || enabled == "0":
			return fmt.Sprintf("parameter group %s does not enable slow_query_log", name)
		case output != "" && !strings.Contains(output, "FILE"):
			return fmt.Sprintf("parameter group %s writes the slow log to log_output=%s", name, output)
		}
	}
	return ""
}

func (s *RDS) parameters(ctx context.Context, group string) (map[string]string, error) {
	values := map[string]string{}
	pages := rds.NewDescribeDBParametersPaginator(s.client, &rds.DescribeDBParametersInput{DBParameterGroupName: &group})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range page.Parameters {
			if p.ParameterValue != nil {
				values[aws.ToString(p.ParameterName)] = *p.ParameterValue
			}
		}
	}
	return values, nil
}
