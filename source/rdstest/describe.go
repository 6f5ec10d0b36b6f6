package rdstest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) instance(id string) (*Instance, *apiError) {
	db, found := s.instances[id]
	if !found {
		return nil, instanceNotFound(id)
	}
	if db.stopped {
		return nil, &apiError{http.StatusBadRequest, "DBInstanceNotReady", "DBInstance " + id + " is stopped."}
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
		if fault == Unlisted && (live || name == SlowLog) {
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

// describeInstances answers for one instance, or without an identifier for all.
func (s *Server) describeInstances(id string) (any, *apiError) {
	if _, found := s.instances[id]; !found && id != "" {
		return nil, instanceNotFound(id)
	}
	var result instancesResult
	for _, db := range s.instances {
		if id != "" && db.id != id {
			continue
		}
		d := instanceDetails{db.id, "available", []groupDetails{{db.group, "in-sync"}}}
		if db.stopped {
			d.DBInstanceStatus = "stopped"
		}
		result.Instances = append(result.Instances, d)
	}
	slices.SortFunc(result.Instances, func(a, b instanceDetails) int {
		return cmp.Compare(a.DBInstanceIdentifier, b.DBInstanceIdentifier)
	})
	return result, nil
}

func (s *Server) describeParameters(group string) (any, *apiError) {
	values, found := s.groups[group]
	if !found {
		return nil, &apiError{http.StatusNotFound, "DBParameterGroupNotFound", "DBParameterGroup " + group + " not found."}
	}
	var result parametersResult
	for name, value := range values {
		result.Parameters = append(result.Parameters, parameterDetails{name, value})
	}
	slices.SortFunc(result.Parameters, func(a, b parameterDetails) int { return cmp.Compare(a.ParameterName, b.ParameterName) })
	return result, nil
}
