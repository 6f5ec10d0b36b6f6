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
		user := slackUser(body)
		if len(u.Users) > 0 && !slices.Contains(u.Users, user) {
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

// slackUser returns the user for whom Slack calls, as the signed body names them among what MCP
// calls meta data; empty where it does not.
func slackUser(body []byte) string {
	var call struct {
		Params struct {
			Meta map[string]json.RawMessage `json:"_meta"`
		} `json:"params"`
	}
	if json.Unmarshal(body, &call) != nil {
		return ""
	}
	found := ""
	var look func(name string, raw json.RawMessage, depth int)
	look = func(name string, raw json.RawMessage, depth int) {
		var text string
		var in map[string]json.RawMessage
		switch {
		case json.Unmarshal(raw, &text) == nil:
			if found == "" && strings.HasSuffix(strings.ToLower(name), "user_id") && slackUserID.MatchString(text) {
				found = text
			}
		case depth < 3 && json.Unmarshal(raw, &in) == nil:
			for name, raw := range in {
				look(name, raw, depth+1)
			}
		}
	}
	for name, raw := range call.Params.Meta {
		if strings.Contains(strings.ToLower(name), "slack") {
			look(name, raw, 0)
		}
	}
	return found
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
