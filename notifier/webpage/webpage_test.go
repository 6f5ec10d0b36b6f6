package webpage

import (
	"errors"
	"html"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// fill gives each text of a view a value of its own, which would end an attribute, a script
// and an element, and returns them all. Each list has one member.
func fill(v reflect.Value, path string) (texts []string) {
	switch {
	case v.Type() == reflect.TypeFor[HTML]():
		v.SetString("<svg></svg>")
	case v.Kind() == reflect.String:
		texts = []string{`"'></script><script>` + path + `<!-- &`}
		v.SetString(texts[0])
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		texts = fill(v.Index(0), path)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			texts = append(texts, fill(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Int:
		v.SetInt(1)
	}
	return texts
}

// Every text of a view stands on the page, and only escaped.
func TestTextIsEscaped(t *testing.T) {
	var v View
	texts := fill(reflect.ValueOf(&v).Elem(), "View")
	v.Data = "{}"
	var b strings.Builder
	if err := v.Write(&b); err != nil || len(texts) < 30 {
		t.Fatalf("%d texts, error %v", len(texts), err)
	}
	page := b.String()
	for _, text := range texts {
		if !strings.Contains(page, html.EscapeString(text)) || strings.Contains(page, text) {
			t.Errorf("%q is not on the page, or not escaped", text)
		}
	}
	if strings.Contains(page, `"'>`) || strings.Contains(page, "<!--") {
		t.Error("a text ends an attribute or begins a comment")
	}
	for _, name := range []string{"script", "style", "svg", "table", "details", "section"} {
		begun, ended := len(regexp.MustCompile("<"+name+`[ >]`).FindAllString(page, -1)), strings.Count(page, "</"+name+">")
		if begun != ended || begun == 0 {
			t.Errorf("%d %s are begun, and %d ended", begun, name, ended)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk is full") }

func TestWriteFails(t *testing.T) {
	if err := new(View).Write(full{}); err == nil || err.Error() != "disk is full" {
		t.Errorf("error %v", err)
	}
}
