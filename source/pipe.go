package source

import (
	"context"
	"errors"
)

// piece is text on its way from the goroutine that fetches it to the Log, with
// what is known of the file by then. The last one has an error.
type piece struct {
	text []byte
	cov  Coverage
	err  error
}

// pipe holds no piece: while one waits to be taken, nothing more is fetched.
type pipe struct {
	pieces chan piece
	quit   chan struct{} // closed by close
	cancel context.CancelFunc
}

var errClosed = errors.New("the log was closed")

func (p *pipe) send(x piece) error {
	select {
	case p.pieces <- x:
		return nil
	case <-p.quit:
		return errClosed
	}
}

func (p *pipe) next(cov *Coverage) ([]byte, error) {
	select {
	case x := <-p.pieces:
		*cov = x.cov
		return x.text, x.err
	case <-p.quit:
		return nil, errClosed
	}
}

func (p *pipe) close() error {
	select {
	case <-p.quit:
	default:
		close(p.quit)
	}
	p.cancel()
	return nil
}
