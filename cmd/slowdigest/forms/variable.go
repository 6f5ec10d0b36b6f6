package forms

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
)

// variable is what Lambda takes as the name of one.
var variable = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]+$`)

// ofLambda are the variables that Lambda sets itself, and lets nobody set.
var ofLambda = []string{
	"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
	"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

// Variable takes the name of an environment variable that may be set for a Lambda function.
func Variable(name string) error {
	switch {
	case slices.Contains(ofLambda, name):
		return mistaken{errors.New("is a variable that Lambda sets itself, and refuses"), "take it out"}
	case !variable.MatchString(name):
		return mistaken{errors.New("is not the name of a variable that Lambda takes"), "want letters, digits and underscores, two or more, of which the first is a letter"}
	}
	return nil
}

// ShownName is the name of a variable for people, who may have it from a file of others.
func ShownName(name string) string {
	if variable.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}
