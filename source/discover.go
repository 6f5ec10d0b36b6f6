package source

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// Instance is a DB instance that Discover has found.
type Instance struct {
	ID      string            // the DB instance identifier
	Cluster string            // of the DB cluster that it is a member of; empty outside a cluster
	Tags    map[string]string // nil where it was only named, and not looked up

	// Unread says why there is never anything to be read of it, such as "runs postgres,
	// …"; empty if there may be something. One that is stopped may be read later.
	Unread string
}

// Note returns a sentence on why an instance that is Unread was not read.
func (i Instance) Note() string { return i.ID + " was not read: it " + i.Unread + "." }

// clusterPrefix marks a name as that of a DB cluster.
const clusterPrefix = "cluster:"

// maxInstanceID is the greatest length of an identifier.
const maxInstanceID = 63

var instanceID = regexp.MustCompile(`^[A-Za-z](?:-?[A-Za-z0-9])*$`)

// ValidInstance reports whether id may be a DB instance identifier or that of a DB
// cluster, in upper or lower case. AWS has one rule for both ("Quotas and constraints
// for Amazon RDS"): 1 to 63 letters, digits or hyphens, of which the first is a
// letter, the last is no hyphen, and no two hyphens follow each other.
func ValidInstance(id string) bool { return len(id) <= maxInstanceID && instanceID.MatchString(id) }

// ValidPattern reports whether a pattern matches any valid identifier: an asterisk
// stands for any characters, and a name is a pattern, too.
func ValidPattern(pattern string) bool { return ValidInstance(strings.ReplaceAll(pattern, "*", "x")) }

// Discover finds instances by their names and by a tag, sorted by their IDs. A
// name is that of an instance; a pattern, such as orders-*; that of a cluster, which
// stands for its members, such as cluster:orders or also just orders; or a pattern of
// clusters. The tag is KEY=VALUE, or KEY for any value; empty for none. What has
// one of the names or the tag is found.
//
// Instances of an engine that has no slow query log are found only if they are
// asked for by name or by tag, and are Unread then. A name without a pattern
// that RDS does not know is returned as it is, for whoever reads its log will
// tell more. If there are only such names RDS is not asked at all, and nothing
// is known of them; else Discover needs rds:DescribeDBInstances on all instances.
func (s *RDS) Discover(ctx context.Context, names []string, tag string) ([]Instance, error) {
	names = slices.Clone(names)
	lookUp := tag != ""
	for i, name := range names {
		names[i] = strings.ToLower(name)
		if strings.ContainsAny(name, "*:") {
			lookUp = true
			if !ValidPattern(strings.TrimPrefix(names[i], clusterPrefix)) {
				return nil, fmt.Errorf("find instances: %q is neither a name nor a pattern of names: want orders-1, orders-* or %sorders", name, clusterPrefix)
			}
		}
	}
	var found []Instance
	if lookUp {
		all, err := s.describe(ctx)
		if err != nil {
			return nil, callFailed("find instances: %w", err)
		}
		for _, db := range all {
			if i, wanted := find(db, names, tag); wanted {
				found = append(found, i)
			}
		}
	}
	for _, name := range names {
		if !strings.ContainsAny(name, "*:") && !slices.ContainsFunc(found, func(i Instance) bool { return i.ID == name || i.Cluster == name }) {
			found = append(found, Instance{ID: name})
		}
	}
	slices.SortFunc(found, func(a, b Instance) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(found, func(a, b Instance) bool { return a.ID == b.ID }), nil
}

// find reports whether a name or the tag is for the instance.
func find(db types.DBInstance, names []string, tag string) (Instance, bool) {
	i := Instance{ID: aws.ToString(db.DBInstanceIdentifier), Cluster: aws.ToString(db.DBClusterIdentifier), Tags: map[string]string{}}
	for _, t := range db.TagList {
		i.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	asked := slices.Contains(names, i.ID) || tagged(i.Tags, tag)
	matched := slices.ContainsFunc(names, i.matches)
	if engine := aws.ToString(db.Engine); !slices.Contains([]string{"mysql", "mariadb", "aurora-mysql", "aurora"}, engine) {
		i.Unread = fmt.Sprintf("runs %s, whose slow queries this tool cannot read", engine)
		return i, asked
	}
	return i, asked || matched
}

// matches reports whether a name, in lower case, stands for the instance.
func (i Instance) matches(name string) bool {
	of, isCluster := strings.CutPrefix(name, clusterPrefix)
	if isCluster {
		ok, _ := path.Match(of, i.Cluster) // Discover has checked the pattern
		return ok && i.Cluster != ""
	}
	ok, _ := path.Match(name, i.ID)
	return ok || name == i.Cluster && i.Cluster != ""
}

// Selects reports whether one of the names or the tag is for an instance, by the rules
// of Discover.
func Selects(names []string, tag string, i Instance) bool {
	return tagged(i.Tags, tag) || slices.ContainsFunc(names, func(name string) bool { return i.matches(strings.ToLower(name)) })
}

// Became says in sentences what has become of an instance that was still there at a time,
// and is not found any more, as far as the role may know.
func (s *RDS) Became(ctx context.Context, instance string, at time.Time) string {
	there := ", and was still there at " + at.UTC().Format("2006-01-02 15:04 UTC")
	switch _, err := s.Inspect(ctx, instance); {
	case err == nil:
		return instance + " is not selected for this channel any more: no name, pattern or tag stands for it here."
	case CauseOf(err) == Gone && strings.HasPrefix(instance, "application-autoscaling-"):
		return instance + " was removed, as autoscaling does with readers" + there + ". What it logged last is lost with it."
	case CauseOf(err) == Gone:
		return instance + " does not exist any more" + there + ": it was deleted or renamed. " + s.similar(ctx, instance) + "What it logged last was not read."
	}
	return instance + " is not found any more" + there + "; what has become of it could not be found out."
}

// Identity tells an instance from the others that have had its name.
type Identity struct {
	Name    string    // the DB instance identifier
	ID      string    // the DbiResourceId, which stays when it is renamed, and which no other gets
	Created time.Time // in UTC
}

// mostFiltered is how many values a filter is given in one call.
const mostFiltered = 100

// Identities returns those of some names that there are, and those of some IDs. It needs
// rds:DescribeDBInstances on all instances.
func (s *RDS) Identities(ctx context.Context, names, ids []string) ([]Identity, error) {
	var found []Identity
	for filter, values := range map[string][]string{"db-instance-id": names, "dbi-resource-id": ids} {
		for some := range slices.Chunk(values, mostFiltered) {
			all, err := s.describe(ctx, types.Filter{Name: &filter, Values: some})
			if err != nil {
				return nil, callFailed("identify instances: %w", err)
			}
			for _, db := range all {
				found = append(found, Identity{aws.ToString(db.DBInstanceIdentifier), aws.ToString(db.DbiResourceId), aws.ToTime(db.InstanceCreateTime).UTC()})
			}
		}
	}
	return found, nil
}

// similar returns a sentence and a space on the instances that have the most of their
// names in common with another, at least the half of it; empty if there are none, or the
// role may not ask.
func (s *RDS) similar(ctx context.Context, instance string) string {
	all, _ := s.describe(ctx)
	common := func(id string) (n int) {
		for n < min(len(id), len(instance)) && id[n] == instance[n] {
			n++
		}
		return n
	}
	var ids []string
	for _, db := range all {
		if id := aws.ToString(db.DBInstanceIdentifier); 2*common(id) >= len(instance) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	slices.SortStableFunc(ids, func(a, b string) int { return common(b) - common(a) })
	return "There is " + strings.Join(ids[:min(len(ids), 3)], ", ") + ". "
}

func tagged(tags map[string]string, tag string) bool {
	key, value, exact := strings.Cut(tag, "=")
	got, has := tags[key]
	return tag != "" && has && (!exact || got == value)
}

// members returns the instances of a cluster; none if there is no such cluster, or
// the role may not ask.
func members(ctx context.Context, a *api, cluster string) []string {
	all, err := a.describe(ctx, types.Filter{Name: aws.String("db-cluster-id"), Values: []string{cluster}})
	if err != nil {
		return nil
	}
	var ids []string
	for _, db := range all {
		ids = append(ids, aws.ToString(db.DBInstanceIdentifier))
	}
	slices.Sort(ids)
	return ids
}
