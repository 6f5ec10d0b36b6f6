package notifier

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"slowdigest/digest"
)

type jsonWriter struct{ w io.Writer }

// NewJSON writes a report to w as indented JSON, exactly the struct.
func NewJSON(w io.Writer) Notifier { return jsonWriter{w} }

func (j jsonWriter) Notify(_ context.Context, r *digest.Report) error {
	out := *r
	if out.Classes == nil {
		out.Classes = []digest.Class{}
	}
	if out.Coverage.Notes == nil {
		out.Coverage.Notes = []string{}
	}
	b, err := IndentedJSON(out)
	if err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	_, err = j.w.Write(b)
	return err
}

// IndentedJSON leaves < and > as they are, since SQL is full of them and
// this JSON is not embedded in HTML.
func IndentedJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}
