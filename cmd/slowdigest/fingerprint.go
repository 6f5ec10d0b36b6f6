package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"slowdigest/parser/fingerprint"
)

// maxStatement bounds a statement of `fingerprint`: MySQL's largest
// max_allowed_packet is 1 GiB, and one of a slow log is cut long before.
const maxStatement = 1 << 30

func declareFingerprint(f *flags, p *process) func(context.Context, []string) error {
	var zero bool
	f.boolean(&zero, "0", "", "statements end with a NUL byte, and may span lines")
	return func(_ context.Context, args []string) error {
		in := p.stdin
		switch {
		case len(args) > 1:
			return usageError{errors.New("fingerprint: more than one file is given"), "concatenate them into the standard input"}
		case len(args) == 1 && args[0] != "-":
			file, err := os.Open(args[0])
			if err != nil {
				return fmt.Errorf("open statements: %w", err)
			}
			defer file.Close()
			in = file
		}
		end := byte('\n')
		if zero {
			end = 0
		}
		return printFingerprints(p.stdout, in, end, isTerminal(p.stdout))
	}
}

// printFingerprints writes to a terminal nothing that it would obey, and to others all.
func printFingerprints(w io.Writer, r io.Reader, end byte, terminal bool) error {
	out := bufio.NewWriter(w)
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxStatement)
	in.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, end); i >= 0 {
			return i + 1, data[:i], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	for in.Scan() {
		fp := fingerprint.Of(in.Text())
		line := fmt.Sprintf("%s\t%s\n", fingerprint.ID(fp), fp)
		if terminal {
			line = harmless(line)
		}
		_, _ = out.WriteString(line) // Flush tells the error
	}
	if err := in.Err(); err != nil {
		return errors.Join(fmt.Errorf("read statements: %w", err), out.Flush())
	}
	return out.Flush()
}
