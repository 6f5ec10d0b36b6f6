package rdstest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	namespace = "http://rds.amazonaws.com/doc/2014-10-31/"
	requestID = "00000000-0000-4000-8000-000000000000"
)

// apiError is written as the answer of a call.
type apiError struct {
	status  int
	code    string
	message string
}

func invalidAction(action string) *apiError {
	return &apiError{http.StatusBadRequest, "InvalidAction", "Could not find operation " + action + "."}
}

func instanceNotFound(id string) *apiError {
	return &apiError{http.StatusNotFound, "DBInstanceNotFound", "DBInstance " + id + " not found."}
}

func groupNotFound(name string) *apiError {
	return &apiError{http.StatusNotFound, "DBParameterGroupNotFound", "DBParameterGroup " + name + " not found."}
}

func fileNotFound(name string) *apiError {
	return &apiError{http.StatusNotFound, "DBLogFileNotFoundFault", "DBLog File: " + name + " is not found on the DB instance."}
}

func invalidParameter(format string, args ...any) *apiError {
	return &apiError{http.StatusBadRequest, "InvalidParameterValue", fmt.Sprintf(format, args...)}
}

func (e *apiError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(e.status)
	kind := "Sender"
	if e.status >= 500 {
		kind = "Receiver"
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Type      string   `xml:"Error>Type"`
		Code      string   `xml:"Error>Code"`
		Message   string   `xml:"Error>Message"`
		RequestID string   `xml:"RequestId"`
	}{Namespace: namespace, Type: kind, Code: e.code, Message: e.message, RequestID: requestID})
}

// writeResult wraps a result in the response of its action. If cut, the
// connection ends within it.
func writeResult(w http.ResponseWriter, action string, result any, cut bool) {
	var body bytes.Buffer
	fmt.Fprintf(&body, `<%sResponse xmlns="%s">`, action, namespace)
	_ = xml.NewEncoder(&body).EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
	fmt.Fprintf(&body, `<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>`, requestID, action)
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	if cut {
		_, _ = w.Write(body.Bytes()[:body.Len()/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body.Bytes())
}

type logFilesResult struct {
	Files  []fileDetails `xml:"DescribeDBLogFiles>DescribeDBLogFilesDetails"`
	Marker string        `xml:"Marker,omitempty"`
}

type fileDetails struct {
	LastWritten int64  // POSIX time, in milliseconds
	LogFileName string // with the directory
	Size        int64  // bytes
}

// portionResult has pointers because RDS may leave out any of the three.
type portionResult struct {
	LogFileData           *rawText `xml:",omitempty"`
	Marker                *string  `xml:",omitempty"`
	AdditionalDataPending *bool    `xml:",omitempty"`
}

// rawText is text that may hold what XML does not allow.
type rawText struct {
	XML string `xml:",innerxml"`
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")

type instancesResult struct {
	Instances []instanceDetails `xml:"DBInstances>DBInstance"`
	Marker    string            `xml:"Marker,omitempty"`
}

type instanceDetails struct {
	DBInstanceIdentifier string
	DbiResourceId        string
	DBInstanceStatus     string
	Engine               string
	InstanceCreateTime   string         `xml:",omitempty"`
	DBClusterIdentifier  string         `xml:",omitempty"`
	Groups               []groupDetails `xml:"DBParameterGroups>DBParameterGroup"`
	Tags                 []tagDetails   `xml:"TagList>Tag"`
}

type tagDetails struct{ Key, Value string }

type groupDetails struct {
	DBParameterGroupName string
	ParameterApplyStatus string
}

type parametersResult struct {
	Parameters []parameterDetails `xml:"Parameters>Parameter"`
}

type parameterDetails struct {
	ParameterName  string
	ParameterValue string
	Source         string // user, or engine-default
}

type groupResult struct {
	DBParameterGroupName string
}

type modifiedResult struct {
	DBInstance instanceDetails
}

type clustersResult struct {
	Clusters []clusterDetails `xml:"DBClusters>DBCluster"`
}

type clusterDetails struct {
	DBClusterIdentifier     string
	DBClusterParameterGroup string
}
