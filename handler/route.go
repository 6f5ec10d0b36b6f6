package handler

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"slowdigest/digest"
	"slowdigest/source"
)

// The tags by which an instance differs from the defaults. AWS allows letters,
// digits, spaces and _ . : / = + - @ in the value of a tag, so that a channel is
// written without its number sign, and a limit of 95%:20 as 95:20.
const (
	tagPrefix      = "slowdigest:" // and the name of the flag for all instances
	tagChannel     = tagPrefix + "channel"
	tagLimit       = tagPrefix + "limit"
	tagOrderBy     = tagPrefix + "order-by"
	tagMinTime     = tagPrefix + "min-time"
	tagPerInstance = tagPrefix + "per-instance"
)

// Route tells where the slow queries of some instances go, and how they are
// counted: one digest per hour.
type Route struct {
	Channel     string             `json:"channel"`
	Instances   []string           `json:"instances"` // DB instance identifiers
	Limit       digest.Limit       `json:"limit"`
	OrderBy     digest.OrderBy     `json:"order_by,omitempty"`
	MinTime     float64            `json:"min_time,omitempty"`     // least query time, in seconds
	MinTimes    map[string]float64 `json:"min_times,omitempty"`    // of the instances for which it is another
	PerInstance bool               `json:"per_instance,omitempty"` // a statement is a class of its own on each instance
	Notes       []string           `json:"notes,omitempty"`        // sentences that the digest is to tell
}

// Routes sorts instances by the channels that their tags name. What their tags
// do not set is as in defaults. A limit and an order are the whole channel's: one
// instance may set them for all; if two disagree the default holds. A tag that
// cannot be read, or is contradicted, is reported by the digest. Instances that have
// no channel, or of which nothing can be read in a channel with no others, are
// left out: for each there is a sentence in omitted. Only with withoutChannel do
// instances that have no channel get a route too, to none. The routes are sorted
// by their channels.
func Routes(found []source.Instance, defaults Route, withoutChannel bool) (routes []Route, omitted []string) {
	to := map[string]*routing{}
	for _, i := range found {
		channel := channelOf(i, defaults.Channel)
		if channel == "" && !withoutChannel {
			omitted = append(omitted, fmt.Sprintf("%s has no channel: set its tag %s, or a default.", i.ID, tagChannel))
			continue
		}
		if to[channel] == nil {
			to[channel] = &routing{Route: defaults}
			to[channel].Channel = channel
		}
		to[channel].add(i)
	}
	for _, channel := range slices.Sorted(maps.Keys(to)) {
		if r := to[channel].route(defaults); len(r.Instances) > 0 {
			routes = append(routes, r)
		} else {
			omitted = append(omitted, r.Notes...)
		}
	}
	return routes, omitted
}

// OneRoute returns the route of a single digest of all instances, whatever
// channels their tags name. A tag has no effect on what fixed names, such as "limit". The
// error is a *NoInstanceError if nothing can be read of any of them.
func OneRoute(found []source.Instance, defaults Route, fixed []string) (Route, error) {
	one := &routing{Route: defaults}
	for _, i := range found {
		i.Tags = maps.Clone(i.Tags)
		for _, name := range fixed {
			delete(i.Tags, tagPrefix+name)
		}
		one.add(i)
	}
	r := one.route(defaults)
	if len(r.Instances) == 0 {
		return Route{}, &NoInstanceError{Omitted: r.Notes}
	}
	return r, nil
}

var channelID = regexp.MustCompile(`^[CDG][A-Z0-9]{7,}$`)

// IsChannelID reports whether a text has the form of the ID of a channel, a private channel or
// a direct message in Slack, such as C0123456789.
func IsChannelID(s string) bool { return channelID.MatchString(s) }

// channelOf returns the ID of a channel, or its name with the number sign.
func channelOf(i source.Instance, byDefault string) string {
	name := cmp.Or(strings.TrimSpace(i.Tags[tagChannel]), byDefault)
	if name == "" || strings.HasPrefix(name, "#") || IsChannelID(name) {
		return name
	}
	return "#" + name
}

// routing is a Route in the making.
type routing struct {
	Route
	limits      map[digest.Limit]string // the first instance that has asked for each
	orders      map[digest.OrderBy]string
	perInstance map[bool]string
}

func (r *routing) add(i source.Instance) {
	if i.Unread != "" {
		r.Notes = append(r.Notes, i.Note())
		return
	}
	r.Instances = append(r.Instances, i.ID)
	if v, set := i.Tags[tagMinTime]; set {
		if least, err := digest.ParseMinTime(v); err != nil {
			r.ignore(i, tagMinTime, err)
		} else {
			add(&r.MinTimes, i.ID, least)
		}
	}
	if v, set := i.Tags[tagLimit]; set {
		if limit, err := parseTagLimit(v); err != nil {
			r.ignore(i, tagLimit, err)
		} else if r.limits[limit] == "" {
			add(&r.limits, limit, i.ID)
		}
	}
	if v, set := i.Tags[tagOrderBy]; set {
		if order, err := digest.ParseOrderBy(v); err != nil {
			r.ignore(i, tagOrderBy, err)
		} else if r.orders[order] == "" {
			add(&r.orders, order, i.ID)
		}
	}
	r.addPerInstance(i)
}

func (r *routing) addPerInstance(i source.Instance) {
	v, set := i.Tags[tagPerInstance]
	if !set {
		return
	}
	if each, err := strconv.ParseBool(v); err != nil {
		r.ignore(i, tagPerInstance, fmt.Errorf("%q is neither true nor false", v))
	} else if r.perInstance[each] == "" {
		add(&r.perInstance, each, i.ID)
	}
}

func add[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

func parseTagLimit(s string) (digest.Limit, error) {
	if percent, count, both := strings.Cut(s, ":"); both && !strings.Contains(s, "%") {
		s = percent + "%:" + count
	}
	return digest.ParseLimit(s)
}

func (r *routing) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

func (r *routing) ignore(i source.Instance, tag string, err error) {
	r.note("The tag %s of %s has no effect: %v.", tag, i.ID, err)
}

// route resolves what the whole channel has in common.
func (r *routing) route(defaults Route) Route {
	r.Limit = resolve(r, tagLimit, r.limits, defaults.Limit)
	r.OrderBy = resolve(r, tagOrderBy, r.orders, defaults.OrderBy)
	r.PerInstance = resolve(r, tagPerInstance, r.perInstance, defaults.PerInstance)
	return r.Route
}

func resolve[T comparable](r *routing, tag string, asked map[T]string, byDefault T) T {
	if len(asked) > 1 {
		r.note("The tag %s has no effect: %s disagree.", tag, strings.Join(slices.Sorted(maps.Values(asked)), " and "))
		return byDefault
	}
	for v := range asked {
		return v
	}
	return byDefault
}

// Apply makes h the handler of the route. Of the filter of h it sets the least
// query times.
func (r *Route) Apply(h *Handler) {
	h.Channel, h.Instances, h.Limit, h.OrderBy, h.PerInstance = r.Channel, r.Instances, r.Limit, r.OrderBy, r.PerInstance
	if r.MinTime > 0 || len(r.MinTimes) > 0 {
		var f digest.Filter
		if h.Filter != nil {
			f = *h.Filter
		}
		f.MinTime, f.MinTimes = r.MinTime, r.MinTimes
		h.Filter = &f
	}
	h.Notes = r.Notes
}
