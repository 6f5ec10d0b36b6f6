package rdstest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (s *Server) instance(id string) (*Instance, *apiError) {
	db, found := s.instances[id]
	if !found {
		return nil, instanceNotFound(id)
	}
	if db.asleep != "" {
		return nil, &apiError{http.StatusBadRequest, cmp.Or(db.AsleepCode, "DBInstanceNotReady"), "DBInstance " + id + " is " + db.asleep + "."}
	}
	return db, nil
}

// describeLogFiles lists the newest file first, as RDS does.
func (s *Server) describeLogFiles(params url.Values, fault Kind) (any, *apiError) {
	db, err := s.instance(params.Get("DBInstanceIdentifier"))
	if err != nil {
		return nil, err
	}
	since, _ := strconv.ParseInt(params.Get("FileLastWritten"), 10, 64)
	larger, _ := strconv.ParseInt(params.Get("FileSize"), 10, 64)
	var all []fileDetails
	for name, f := range db.files {
		d := fileDetails{f.written.UnixMilli(), name, f.content.Size()}
		_, live := db.rotated[name]
		if fault == Unlisted && (live || name == SlowLog) || db.hidden[name] {
			continue
		}
		if strings.Contains(name, params.Get("FilenameContains")) && d.LastWritten >= since && d.Size >= larger {
			all = append(all, d)
		}
	}
	if fault == ListedTwice {
		all = append(all, all...)
	}
	slices.SortFunc(all, func(a, b fileDetails) int {
		return cmp.Or(cmp.Compare(b.LastWritten, a.LastWritten), cmp.Compare(a.LogFileName, b.LogFileName))
	})
	limit := cmp.Or(s.PageSize, 1000)
	if n, err := strconv.Atoi(params.Get("MaxRecords")); err == nil && n > 0 {
		limit = min(limit, n)
	}
	from, _ := strconv.Atoi(params.Get("Marker"))
	if from > len(all) {
		return nil, invalidParameter("Invalid marker %d", from)
	}
	result := logFilesResult{Files: all[from:]}
	if len(result.Files) > limit {
		result.Files = result.Files[:limit]
		result.Marker = strconv.Itoa(from + limit)
	}
	return result, nil
}

// describeInstances answers for one instance, or without an identifier for all
// that pass the filters, by their identifiers and in pages.
func (s *Server) describeInstances(params url.Values) (any, *apiError) {
	id := params.Get("DBInstanceIdentifier")
	if _, found := s.instances[id]; !found && id != "" {
		return nil, instanceNotFound(id)
	}
	filters, err := parseFilters(params)
	if err != nil {
		return nil, err
	}
	limit, convErr := strconv.Atoi(cmp.Or(params.Get("MaxRecords"), "100"))
	if convErr != nil || limit < 20 || limit > 100 {
		return nil, invalidParameter("Invalid value %s for MaxRecords. Must be between 20 and 100", params.Get("MaxRecords"))
	}
	var result instancesResult
	for _, at := range slices.Sorted(maps.Keys(s.instances)) {
		db := s.instances[at]
		if id != "" && at != id || at <= params.Get("Marker") || !filters.pass(db) {
			continue
		}
		if len(result.Instances) == limit {
			result.Marker = result.Instances[limit-1].DBInstanceIdentifier
			break
		}
		result.Instances = append(result.Instances, details(db))
	}
	return result, nil
}

func details(db *Instance) instanceDetails {
	d := instanceDetails{
		DBInstanceIdentifier: db.id,
		DbiResourceId:        db.resource,
		DBInstanceStatus:     cmp.Or(db.Status, "available"),
		Engine:               cmp.Or(db.Engine, "mysql"),
		DBClusterIdentifier:  db.Cluster,
		Groups:               []groupDetails{{db.group, "in-sync"}},
	}
	if !db.Created.IsZero() {
		d.InstanceCreateTime = db.Created.UTC().Format(time.RFC3339Nano)
	}
	if db.asleep == stopped {
		d.DBInstanceStatus = stopped
	}
	for _, key := range slices.Sorted(maps.Keys(db.Tags)) {
		d.Tags = append(d.Tags, tagDetails{key, db.Tags[key]})
	}
	return d
}

// filters hold the values that are let through, by what is filtered.
type filters map[string][]string

func parseFilters(params url.Values) (filters, *apiError) {
	f := filters{}
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("Filters.Filter.%d.", i)
		name := params.Get(prefix + "Name")
		switch name {
		case "":
			return f, nil
		case "db-cluster-id", "db-instance-id", "dbi-resource-id", "engine":
		default:
			return nil, invalidParameter("Unrecognized filter name: %s", name)
		}
		for n := 1; params.Has(fmt.Sprintf("%sValues.Value.%d", prefix, n)); n++ {
			f[name] = append(f[name], params.Get(fmt.Sprintf("%sValues.Value.%d", prefix, n)))
		}
	}
}

func (f filters) pass(db *Instance) bool {
	for name, value := range map[string]string{
		"db-cluster-id": db.Cluster, "db-instance-id": db.id, "dbi-resource-id": db.resource, "engine": cmp.Or(db.Engine, "mysql"),
	} {
		if wanted, filtered := f[name]; filtered && !slices.Contains(wanted, value) {
			return false
		}
	}
	return true
}

// describeClusters answers for one cluster.
func (s *Server) describeClusters(id string) (any, *apiError) {
	for _, db := range s.instances {
		if db.Cluster == id && id != "" {
			return clustersResult{[]clusterDetails{{id, cmp.Or(s.clusters[id], defaultClusterGroup)}}}, nil
		}
	}
	return nil, &apiError{http.StatusNotFound, "DBClusterNotFoundFault", "DBCluster " + id + " not found."}
}

// defaultClusterGroup is the group of a cluster that has no other, and sets nothing.
const defaultClusterGroup = "default.aurora-mysql8.0"

// describeParameters answers for a DB parameter group, or for that of a cluster.
func (s *Server) describeParameters(groups map[string]map[string]string, group string) (any, *apiError) {
	values, found := groups[group]
	if !found {
		return nil, groupNotFound(group)
	}
	var result parametersResult
	for name, value := range values {
		p := parameterDetails{name, value, "user"}
		if byDefault, found := strings.CutPrefix(name, Default); found {
			p = parameterDetails{byDefault, value, "engine-default"}
		}
		result.Parameters = append(result.Parameters, p)
	}
	slices.SortFunc(result.Parameters, func(a, b parameterDetails) int { return cmp.Compare(a.ParameterName, b.ParameterName) })
	return result, nil
}

// createGroup makes a DB parameter group that sets nothing.
func (s *Server) createGroup(params url.Values) (any, *apiError) {
	name := params.Get("DBParameterGroupName")
	switch {
	case params.Get("DBParameterGroupFamily") == "" || params.Get("Description") == "":
		return nil, &apiError{http.StatusBadRequest, "MissingParameter", "The request must contain the parameters DBParameterGroupFamily and Description"}
	case s.groups[name] != nil:
		return nil, &apiError{http.StatusBadRequest, "DBParameterGroupAlreadyExists", "Parameter group " + name + " already exists"}
	}
	s.groups[name] = map[string]string{}
	return groupResult{name}, nil
}

// modifyGroup sets parameters. Those of a default group cannot be set.
func (s *Server) modifyGroup(params url.Values) (any, *apiError) {
	name := params.Get("DBParameterGroupName")
	values, found := s.groups[name]
	switch {
	case !found:
		return nil, groupNotFound(name)
	case strings.HasPrefix(name, "default."):
		return nil, invalidParameter("Cannot modify a default parameter group")
	}
	values = maps.Clone(values)
	for n := 1; params.Has(fmt.Sprintf("Parameters.Parameter.%d.ParameterName", n)); n++ {
		of := func(field string) string { return params.Get(fmt.Sprintf("Parameters.Parameter.%d.%s", n, field)) }
		if method := of("ApplyMethod"); method != "immediate" && method != "pending-reboot" {
			return nil, invalidParameter("Invalid apply method: %s", method)
		}
		delete(values, Default+of("ParameterName"))
		values[of("ParameterName")] = of("ParameterValue")
	}
	s.groups[name] = values
	return groupResult{name}, nil
}

// modifyInstance puts an instance into another DB parameter group, in which it is when it has
// been rebooted.
func (s *Server) modifyInstance(params url.Values) (any, *apiError) {
	db, found := s.instances[params.Get("DBInstanceIdentifier")]
	if !found {
		return nil, instanceNotFound(params.Get("DBInstanceIdentifier"))
	}
	group := params.Get("DBParameterGroupName")
	if _, found := s.groups[group]; !found {
		return nil, groupNotFound(group)
	}
	db.nextGroup = group
	return modifiedResult{details(db)}, nil
}

func (s *Server) reboot(id string) (any, *apiError) {
	db, found := s.instances[id]
	if !found {
		return nil, instanceNotFound(id)
	}
	if db.nextGroup != "" {
		db.group, db.nextGroup = db.nextGroup, ""
	}
	return modifiedResult{details(db)}, nil
}

// start wakes an instance that was stopped.
func (s *Server) start(id string) (any, *apiError) {
	db, found := s.instances[id]
	switch {
	case !found:
		return nil, instanceNotFound(id)
	case db.asleep != stopped:
		return nil, &apiError{http.StatusBadRequest, "InvalidDBInstanceState", "Instance " + id + " is not stopped."}
	}
	db.asleep = ""
	return modifiedResult{details(db)}, nil
}
