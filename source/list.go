package source

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

// listing is all that RDS listed for an instance at one time, oldest first.
type listing struct {
	files []File
}

// LogFiles names the files that may hold entries of [start, end), oldest first
// and the live file last. The window must be past: entries written after the
// call are not waited for.
func (s *RDS) LogFiles(ctx context.Context, instance string, start, end time.Time) ([]File, error) {
	all, err := s.list(ctx, instance)
	if err != nil {
		return nil, err
	}
	if len(all.files) == 0 {
		return nil, &NoSlowLogError{Instance: instance}
	}
	return choose(all, start, end), nil
}

func (s *RDS) list(ctx context.Context, instance string) (*listing, error) {
	pages := rds.NewDescribeDBLogFilesPaginator(s.client, &rds.DescribeDBLogFilesInput{
		DBInstanceIdentifier: &instance,
		FilenameContains:     aws.String("slowquery"),
	})
	byName := map[string]File{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list slow logs of %s: %w", instance, err)
		}
		for _, d := range page.DescribeDBLogFiles {
			f := File{
				Instance:    instance,
				Name:        aws.ToString(d.LogFileName),
				Size:        aws.ToInt64(d.Size),
				LastWritten: utc(aws.ToInt64(d.LastWritten)),
			}
			if _, ok := parseName(f.Name); ok {
				byName[f.Name] = f
			}
		}
	}
	l := &listing{}
	for _, f := range byName {
		l.files = append(l.files, f)
	}
	slices.SortFunc(l.files, older)
	return l, nil
}

// older orders files by their last write, the live file behind all others.
func older(a, b File) int {
	nameA, _ := parseName(a.Name)
	nameB, _ := parseName(b.Name)
	switch {
	case nameA.live() && !nameB.live():
		return 1
	case nameB.live() && !nameA.live():
		return -1
	}
	return cmp.Or(a.LastWritten.Compare(b.LastWritten),
		nameA.rotated(a.LastWritten).Compare(nameB.rotated(b.LastWritten)),
		cmp.Compare(a.Name, b.Name))
}

// choose picks the files that may hold entries of the window. A file cannot hold
// what happened after its last write. Nor can it hold what happened before the
// last write to the file before it, but that is less sure, since a write of a
// mere header counts too: so two files that were last written to after the window
// are taken, not one, and besides whatever is named by an hour of the window.
func choose(all *listing, start, end time.Time) []File {
	var chosen []File
	after := 0
	for _, f := range all.files {
		if f.LastWritten.Before(start) {
			continue
		}
		name, _ := parseName(f.Name)
		named := !name.live() && overlaps(name.rotated(f.LastWritten), start, end)
		if !f.LastWritten.Before(end) {
			after++
			if after > 2 && !named {
				continue
			}
		}
		f.listing = all
		chosen = append(chosen, f)
	}
	return chosen
}

// overlaps tells whether the file that was rotated at the given hour, or a few
// minutes after it, may hold entries of the window.
func overlaps(rotated, start, end time.Time) bool {
	return rotated.After(start.Add(-time.Hour)) && !rotated.After(end.Add(time.Hour))
}
