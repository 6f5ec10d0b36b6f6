package notifier

import "testing"

func TestClauses(t *testing.T) {
	in := "select a from b left outer join c on x = y where d = ? group by e order by f limit ? union select ? from (select ? from g)"
	want := "select a\nfrom b\nleft outer join c on x = y\nwhere d = ?\ngroup by e\norder by f\nlimit ?\nunion select ?\nfrom (select ?\nfrom g)"
	if got := Clauses(in); got != want {
		t.Errorf("got %q", got)
	}
	if got := Clauses("delete from t where a = ?"); got != "delete from t\nwhere a = ?" {
		t.Errorf("got %q", got)
	}
}
