package mcptools

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/events"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"slowdigest/notifier/slack"
)

// Path is that of the tools on the URL of the function.
const Path = "/mcp"

// URL serves the tools to requests of a Lambda function URL, by Streamable HTTP without sessions.
// Nothing is done for a request before it has proved who sends it.
type URL struct {
	Server *Server
	// Token reports whether verify is true of the bearer token. An error says that it is not known.
	Token func(ctx context.Context, verify func(secret string) bool) (bool, error)
	// Signed reports whether Slack has signed a request, likewise; nil is never.
	Signed func(ctx context.Context, r *slack.Signed) (bool, error)
	Users  []string // IDs of the users of Slack who may ask; empty is everybody

	once    sync.Once
	handler http.Handler
}

const (
	// maxRequest bounds the body of a request, in bytes.
	maxRequest = 256 << 10
	// MinToken is the least length of a bearer token, in characters.
	MinToken = 24
)

// Serve answers a request. An error is for the log; the response is valid all the same.
func (u *URL) Serve(ctx context.Context, e events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	header := http.Header{}
	for name, value := range e.Headers {
		header.Add(name, value)
	}
	if e.RequestContext.HTTP.Method != http.MethodPost {
		r := refuse(http.StatusMethodNotAllowed)
		r.Headers["Allow"] = http.MethodPost
		return r, nil
	}
	if origin := header.Get("Origin"); origin != "" && !strings.EqualFold(origin, "https://"+e.RequestContext.DomainName) {
		return refuse(http.StatusForbidden), errors.New("the request comes from a page of another origin")
	}
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return refuse(http.StatusBadRequest), fmt.Errorf("read request: %w", err)
		}
	}
	if len(body) > maxRequest {
		return refuse(http.StatusRequestEntityTooLarge), fmt.Errorf("the request has %d bytes", len(body))
	}
	who, status, err := u.caller(ctx, header, body)
	if who == "" {
		r := refuse(status)
		if status == http.StatusUnauthorized {
			r.Headers["Www-Authenticate"] = `Bearer realm="slowdigest"`
		}
		return r, err
	}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) { // its answers would have no bound
		r := refuse(http.StatusBadRequest)
		r.Headers["Content-Type"] = "application/json"
		r.Body = `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"A batch is not answered: send one request at a time."}}`
		return r, errors.New("the request is a batch")
	}
	return u.serve(WithCaller(ctx, who), header, body)
}

// caller returns who has proved to send a request, or with which status it is refused.
func (u *URL) caller(ctx context.Context, header http.Header, body []byte) (who string, status int, err error) {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		if len(token) < MinToken {
			return "", http.StatusUnauthorized, nil
		}
		ok, err := u.Token(ctx, func(secret string) bool { return isToken(token, secret) })
		switch {
		case err != nil:
			return "", http.StatusServiceUnavailable, err
		case !ok:
			return "", http.StatusUnauthorized, nil
		}
		return "token", 0, nil
	case u.Signed != nil && header.Get("X-Slack-Signature") != "":
		r, err := slack.ReadSigned(header, body, u.Server.Now())
		if err != nil {
			return "", http.StatusUnauthorized, nil
		}
		ok, err := u.Signed(ctx, r)
		switch {
		case err != nil:
			return "", http.StatusServiceUnavailable, err
		case !ok:
			return "", http.StatusUnauthorized, nil
		}
		user, reads, err := slackUser(body)
		switch {
		case err != nil:
			return "", http.StatusForbidden, fmt.Errorf("read the user of Slack: %w", err)
		case reads && len(u.Users) > 0 && !slices.Contains(u.Users, user):
			return "", http.StatusForbidden, fmt.Errorf("the user %q of Slack may not ask", user)
		}
		return strings.TrimSpace("Slack " + user), 0, nil
	}
	return "", http.StatusUnauthorized, nil
}

// isToken compares in a time that does not tell how much of the token is right.
func isToken(token, secret string) bool {
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

var slackUserID = regexp.MustCompile(`^[UW][A-Z0-9]{6,20}$`)

// unread are the methods that read no log. Slack calls them without a user, to list the tools.
var unread = []string{"initialize", "notifications/initialized", "ping", "server/discover", "tools/list"}

// slackUser returns the user for whom Slack calls, which the signed body holds as
// params._meta.slack.user_id and nowhere else, empty where it does not; and whether logs may be
// read for the call.
func slackUser(body []byte) (user string, reads bool, err error) {
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' {
		return "", true, nil // it is no request
	}
	raw, err := member(body, "method")
	if err != nil {
		return "", true, err
	}
	var method string
	reads = json.Unmarshal(raw, &method) != nil || !slices.Contains(unread, method)
	raw = body
	for _, name := range []string{"params", "_meta", "slack", "user_id"} {
		if raw, err = member(raw, name); err != nil || raw == nil {
			return "", reads, err
		}
	}
	if json.Unmarshal(raw, &user) != nil || !slackUserID.MatchString(user) {
		return "", reads, errors.New("its ID is none")
	}
	return user, reads, nil
}

// member returns the member of a JSON object that has a name; nil where there is none. It is an
// error if there are two, in whatever case: readers of JSON differ in which of them they take.
func member(object json.RawMessage, name string) (found json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, err
	}
	for n := 0; d.More(); {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if text, _ := key.(string); strings.EqualFold(text, name) {
			if n++; n > 1 {
				return nil, fmt.Errorf("%s is there twice", name)
			}
			if text == name {
				found = value
			}
		}
	}
	return found, nil
}

// serve hands a request to the handler of the protocol.
func (u *URL) serve(ctx context.Context, header http.Header, body []byte) (events.LambdaFunctionURLResponse, error) {
	u.once.Do(func() {
		u.handler = mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return u.Server.Server },
			&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxRequest, PropagateRequestCancellation: true})
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, Path, bytes.NewReader(body))
	if err != nil {
		return refuse(http.StatusBadRequest), fmt.Errorf("read request: %w", err)
	}
	r.Header = header
	r.Header.Del("Authorization")
	w := recorder{header: http.Header{}}
	u.handler.ServeHTTP(&w, r)
	out := refuse(cmp.Or(w.status, http.StatusOK))
	out.Body = w.body.String()
	for name := range w.header {
		out.Headers[name] = w.header.Get(name)
	}
	return out, nil
}

// recorder keeps the answer of a handler.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func refuse(status int) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{StatusCode: status, Headers: map[string]string{"Cache-Control": "no-store"}}
}
