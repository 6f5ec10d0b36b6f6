package source

import (
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// maxSilence is how long RDS may send nothing within an answer. The SDK would
// wait forever, as it would for a connection that a NAT gateway has forgotten.
const maxSilence = time.Minute

// httpClient makes a client of the SDK fit for us. One that was configured keeps
// the limits it has.
func httpClient(c aws.HTTPClient) aws.HTTPClient {
	if b, ok := c.(*awshttp.BuildableClient); ok {
		if _, limited := b.GetReadTimeout(); !limited {
			c = b.WithReadTimeout(maxSilence)
		}
	}
	return plainBodies{c}
}

// plainBodies hides that the SDK's request bodies are io.WriterTo. The SDK closes
// a body when the answer begins, while net/http may still be looking whether the
// body really ends where it should. WriteTo of a closed body then says io.EOF, as
// Read would, but from WriteTo that is an error, for which net/http closes the
// connection in the midst of the answer. It happens where RDS is near and there
// is little CPU, as in a small Lambda function.
type plainBodies struct{ aws.HTTPClient }

func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.HTTPClient.Do(r)
}
