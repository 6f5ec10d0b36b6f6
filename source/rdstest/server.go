package rdstest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Region and Account are those of every resource of a Server.
const (
	Region  = "eu-central-1"
	Account = "123456789012"
)

// The only key that a Server accepts in a signature. Calls of the query protocol
// are answered whatever their signature.
const (
	AccessKeyID     = "AKIDEXAMPLE"
	SecretAccessKey = "rdstest-secret"
)

// Server is a fake RDS. Its fields may be set before the first call.
type Server struct {
	URL string // of the endpoint, without a path

	PortionBytes int           // the most text in a portion; 1 MB if zero
	PageSize     int           // the most files in an answer of DescribeDBLogFiles; 1000 if zero
	Markers      Markers       // their form
	Text         Text          // what becomes of bytes that are not text
	Latency      time.Duration // of every download

	// CallsPerSecond is the rate above which calls are throttled; none if zero.
	CallsPerSecond int
	Now            func() time.Time // the clock of CallsPerSecond; time.Now if nil

	http *httptest.Server

	mu        sync.Mutex // guards what follows, and the instances
	instances map[string]*Instance
	groups    map[string]map[string]string
	clusters  map[string]string // the DB cluster parameter groups of clusters that have one
	added     int               // instances so far
	calls     []Call
	faults    []*Fault
	second    time.Time // the one that is counted for CallsPerSecond
	inSecond  int
	files     int // made so far

	clusterGroups map[string]map[string]string
}

// Call is a call that a Server has received.
type Call struct {
	Action   string // as IAM knows it, for example rds:DescribeDBLogFiles
	Resource string // the ARN the permission must be for
	Params   url.Values
}

// NewServer starts a Server on the loopback interface. It is to be closed.
func NewServer() *Server {
	s := &Server{instances: map[string]*Instance{}, groups: map[string]map[string]string{}, clusters: map[string]string{},
		clusterGroups: map[string]map[string]string{defaultClusterGroup: {}}}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	return s
}

// Close ends all connections.
func (s *Server) Close() { s.http.Close() }

// Config returns a configuration for clients of this server: its endpoint, its region
// and credentials that it accepts.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
	}
}

// Calls returns the calls received so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// AddInstance adds an instance without log files.
func (s *Server) AddInstance(id string) *Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.added++
	db := &Instance{id: id, resource: fmt.Sprintf("db-%026d", s.added), server: s, files: map[string]*logFile{}, rotated: map[string]*logFile{}, hidden: map[string]bool{}, group: "default.mysql8.4"}
	s.instances[id] = db
	return db
}

// RemoveInstance removes an instance with its logs, as autoscaling does with a reader.
func (s *Server) RemoveInstance(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.instances, id)
}

// RenameInstance gives an instance, with its logs, the identifier of another that
// may be there and is then no more. A blue/green switchover renames twice: NAME to
// NAME-old1, and the green instance to NAME.
func (s *Server) RenameInstance(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if db, found := s.instances[from]; found {
		delete(s.instances, from)
		db.id = to
		s.instances[to] = db
	}
}

// SetClusterParameters gives a DB cluster, which is there as long as it has members,
// another DB cluster parameter group. What that sets holds for instances whose own
// group does not.
func (s *Server) SetClusterParameters(cluster, group string, values map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clusters[cluster] = group
	s.clusterGroups[group] = values
}

// ServeDir serves the log files of a directory. Each directory in it is an instance
// that holds its files under the same names (orders-1/slowquery/mysql-slowquery.log),
// and each file NAME.log next to those is the live slow log of an instance NAME.
// Hidden files and all others are not served.
//
// A file's last write is the time of its last entry, times without a zone taken
// for UTC, so that it survives copying and version control; a file in which no
// time is found keeps the time of its own.
func (s *Server) ServeDir(dir string) error { return serveDir(s, dir) }

// InstanceIDs returns the identifiers of the instances that the server has, sorted.
func (s *Server) InstanceIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.instances))
}

// Inject adds faults. Of those that are due for a call, the first counts.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		s.faults = append(s.faults, &f)
	}
}

// Heal takes back all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// ServeHTTP makes a Server usable with a listener or a transport of one's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, completePath) {
		s.serveComplete(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	action := r.PostForm.Get("Action")
	if action == "DownloadDBLogFilePortion" && s.Latency > 0 {
		time.Sleep(s.Latency)
	}
	s.mu.Lock()
	result, fault, err := s.answer(action, r.PostForm)
	s.mu.Unlock()
	if fault == Silence {
		<-r.Context().Done()
		return
	}
	if err != nil {
		err.write(w)
		return
	}
	writeResult(w, action, result, fault == CutConnection)
}

func (s *Server) answer(action string, params url.Values) (any, Kind, *apiError) {
	id := params.Get("DBInstanceIdentifier")
	resource := "db:" + cmp.Or(id, "*")
	switch action {
	case "DescribeDBParameters":
		resource = "pg:" + params.Get("DBParameterGroupName")
	case "CreateDBParameterGroup", "ModifyDBParameterGroup":
		resource = "pg:" + params.Get("DBParameterGroupName")
	case "DescribeDBClusters":
		resource = "cluster:" + cmp.Or(params.Get("DBClusterIdentifier"), "*")
	case "DescribeDBClusterParameters":
		resource = "cluster-pg:" + params.Get("DBClusterParameterGroupName")
	}
	call := Call{"rds:" + action, arn(resource), params}
	fault, err := s.receive(call)
	if err != nil {
		return nil, "", err
	}
	var result any
	switch action {
	case "DescribeDBLogFiles":
		result, err = s.describeLogFiles(params, fault)
	case "DownloadDBLogFilePortion":
		result, err = s.downloadPortion(params, fault)
	case "DescribeDBInstances":
		result, err = s.describeInstances(params)
	case "DescribeDBParameters":
		result, err = s.describeParameters(s.groups, params.Get("DBParameterGroupName"))
	case "DescribeDBClusters":
		result, err = s.describeClusters(params.Get("DBClusterIdentifier"))
	case "DescribeDBClusterParameters":
		result, err = s.describeParameters(s.clusterGroups, params.Get("DBClusterParameterGroupName"))
	case "CreateDBParameterGroup":
		result, err = s.createGroup(params)
	case "ModifyDBParameterGroup":
		result, err = s.modifyGroup(params)
	case "ModifyDBInstance":
		result, err = s.modifyInstance(params)
	case "RebootDBInstance":
		result, err = s.reboot(id)
	case "StartDBInstance":
		result, err = s.start(id)
	default:
		err = invalidAction(action)
	}
	return result, fault, err
}

// receive records a call and returns the fault that it is to meet.
func (s *Server) receive(call Call) (Kind, *apiError) {
	s.calls = append(s.calls, call)
	if s.tooFast() {
		return "", apiErrors[Throttling](call)
	}
	kind := takeFault(s.faults, call)
	if fail, isError := apiErrors[kind]; isError {
		return kind, fail(call)
	}
	return kind, nil
}

func (s *Server) tooFast() bool {
	if s.CallsPerSecond == 0 {
		return false
	}
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	if second := now().Truncate(time.Second); !second.Equal(s.second) {
		s.second, s.inSecond = second, 0
	}
	s.inSecond++
	return s.inSecond > s.CallsPerSecond
}

func arn(resource string) string { return "arn:aws:rds:" + Region + ":" + Account + ":" + resource }
