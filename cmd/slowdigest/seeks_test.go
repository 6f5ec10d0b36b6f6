package main

import (
	"testing"

	"slowdigest/digest"
)

// Where the database matters, a log is read from its beginning.
func TestSeeks(t *testing.T) {
	for _, c := range []struct {
		set  func(*Config) error
		want bool
	}{
		{func(*Config) error { return nil }, true},
		{func(c *Config) error { c.Users.items = []string{"app"}; return nil }, true},
		{func(c *Config) error { return c.Where.Set("rows_sent > 1") }, true},
		{func(c *Config) error { c.By = digest.ByUser; return nil }, true},
		{func(c *Config) error { c.Schemas.items = []string{"shop"}; return nil }, false},
		{func(c *Config) error { return c.Where.Set(`rows_sent > 1 and schema == "shop"`) }, false},
		{func(c *Config) error { return c.Where.Set("offset > 1") }, false},
		{func(c *Config) error { c.By = digest.BySchema; return nil }, false},
		{func(c *Config) error { c.By = digest.ByTable; return nil }, false},
	} {
		var config Config
		if err := c.set(&config); err != nil || config.seeks() != c.want {
			t.Errorf("error %v, %v, want %v: schemas %v, filter %s, by %s", err, config.seeks(), c.want, config.Schemas.items, &config.Where, config.By)
		}
	}
}
